"""The two containers torch.save has used: a zip of uncompressed entries, and the stream of torch before 1.6."""

import io
import mmap
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rvc.errors import VoiceFileError
from rvc.voicefile.limits import ReaderLimits
from rvc.voicefile.pickles import Machine, malformed
from rvc.voicefile.storages import Storage, Storages

ZIP_MAGIC = b"PK\x03\x04"
STREAM_MAGIC = b"\x80\x02\x8a\x0a"
STREAM_NUMBER, STREAM_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
LOCAL_HEADER = struct.Struct("<4s2xHH16xHH")  # signature, flags, method, length of the name, length of the extra field
ENTRY = re.compile(
    r"([^/\\\0]{1,255})/"
    r"(data\.pkl|byteorder|version|\.format_version|\.storage_alignment|\.data/serialization_id|data/\d{1,20})"
)
ENCRYPTED = 1
ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError, EOFError, OSError)


class Place(NamedTuple):
    """Where an entry's bytes lie in the file."""

    start: int
    length: int


def map_file(path: Path, *, longest: int) -> mmap.mmap:
    """The file mapped read-only; its pages are read when touched. Refuses an empty and an oversized one."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise VoiceFileError("empty_file", "The file is empty.")
        if size > longest:
            raise VoiceFileError("too_large", f"The file is larger than {longest >> 20} MiB.")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _BoundedFile(io.FileIO):
    """zipfile reads the whole central directory at once, as long as the file says it is; this puts an end to that."""

    longest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.longest:
            raise zipfile.BadZipFile("central directory")
        data = super().read(-1 if size is None else size)
        return b"" if data is None else data


def zip_entries(path: Path, data: mmap.mmap, limits: ReaderLimits) -> Mapping[str, Place]:
    """The entries of a torch zip by their name without the root folder.

    Raises VoiceFileError for anything torch does not write: compressed, encrypted, repeated or overlapping entries,
    foreign names, two roots, a wrong checksum.
    """
    infos, directory = central_directory(path, limits)
    places: dict[str, Place] = {}
    roots: set[str] = set()
    end = 0
    for info in sorted(infos, key=lambda entry: entry.header_offset):
        root, name = _entry_name(info.filename)
        _check_entry(info)
        if name in places:
            raise VoiceFileError("duplicate_entry", f"The file holds the entry {name!r} twice.")
        place = _locate(data, info)
        if info.header_offset < end or place.start + place.length > directory:
            raise _broken("overlapping entries")
        end = place.start + place.length
        places[name] = place
        roots.add(root)
    if len(roots) != 1 or min(info.header_offset for info in infos) != 0:
        raise _broken("more than one root")
    for info in infos:
        _check_sum(data, places[_entry_name(info.filename)[1]], info.CRC)
    return places


def central_directory(path: Path, limits: ReaderLimits) -> tuple[list[zipfile.ZipInfo], int]:
    """The entries of a zip, and the byte at which its directory begins. Raises VoiceFileError where that is damaged."""
    try:
        with _BoundedFile(path) as file:
            file.longest = limits.directory_bytes
            archive = zipfile.ZipFile(file)
            infos, directory = archive.infolist(), archive.start_dir
    except ZIP_ERRORS as error:
        raise _broken("no readable directory; it may be incomplete") from error
    if not 0 < len(infos) <= limits.entries:
        raise _broken("too many entries" if infos else "no entries")
    return infos, directory


def _entry_name(name: str) -> tuple[str, str]:
    if "/code/" in name or name.endswith("/constants.pkl"):
        raise VoiceFileError("forbidden_content", "The file is a TorchScript program, not a voice.")
    match = ENTRY.fullmatch(name)
    if match is None:
        raise _broken(f"an entry that torch does not write ({name[:60]!r})")
    return match[1], match[2]


def _check_entry(info: zipfile.ZipInfo) -> None:
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise VoiceFileError("compressed_entry", "The file is a compressed zip; torch writes its files uncompressed.")
    if info.flag_bits & ENCRYPTED:
        raise _broken("an encrypted entry")


def _locate(data: mmap.mmap, info: zipfile.ZipInfo) -> Place:
    """Where the entry's bytes lie. Its local header must agree with the directory, so that no two readers differ."""
    header = data[info.header_offset : info.header_offset + LOCAL_HEADER.size]
    if len(header) < LOCAL_HEADER.size:
        raise _broken("an entry outside the file")
    signature, flags, method, name_length, extra_length = LOCAL_HEADER.unpack(header)
    name_start = info.header_offset + LOCAL_HEADER.size
    name = data[name_start : name_start + name_length]
    if signature != ZIP_MAGIC or method != zipfile.ZIP_STORED or flags & ENCRYPTED:
        raise _broken("an entry that does not fit its header")
    if name != info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"):
        raise _broken("an entry with two names")
    return Place(name_start + name_length + extra_length, info.file_size)


def _check_sum(data: mmap.mmap, place: Place, expected: int) -> None:
    view = memoryview(data)[place.start : place.start + place.length]
    found = zlib.crc32(view)
    view.release()
    if found != expected:
        raise _broken("a wrong checksum")


def _broken(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_container", f"The file is damaged or was not written by torch: {detail}.")


def read_zip(path: Path, data: mmap.mmap, inert: frozenset[str], limits: ReaderLimits) -> Any:
    """The object a torch zip holds."""
    entries = zip_entries(path, data, limits)
    table = entries.get("data.pkl")
    if table is None:
        raise _broken("no data.pkl")
    if table.length > limits.pickle_bytes:
        raise VoiceFileError("too_complex", "The file's table of contents is far longer than a voice needs.")
    order = entries.get("byteorder")
    if order is not None and data[order.start : order.start + order.length] != b"little":
        raise _broken("big-endian numbers")
    places = {name[5:]: place for name, place in entries.items() if name.startswith("data/")}
    stream = data[table.start : table.start + table.length]
    return Machine(stream, Storages(data, limits, places), inert=inert, limits=limits).run()


def read_stream(data: mmap.mmap, inert: frozenset[str], limits: ReaderLimits) -> Any:
    """The object a pre-1.6 file holds. Its tensor data follows the pickles, so the object is read twice."""
    storages = Storages(data, limits)
    machine = Machine(data, storages, inert=inert, limits=limits)
    for wanted in (STREAM_NUMBER, STREAM_PROTOCOL):
        found = machine.run()
        if type(found) is not int or found != wanted:
            raise malformed("an unknown version")
    system = machine.run()
    if type(system) is not dict or system.get("little_endian") is not True:
        raise _broken("big-endian numbers")
    start = machine.position
    machine.run()
    keys = machine.run()
    if type(keys) is not list or len(keys) > limits.entries:
        raise malformed("no list of its tensor data")
    places = _stream_places(machine, keys, storages.declared)
    return Machine(data, Storages(data, limits, places), inert=inert, limits=limits, position=start).run()


def _stream_places(machine: Machine, keys: list[Any], declared: Mapping[str, Storage]) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for key in keys:
        storage = declared.get(key) if type(key) is str else None
        if storage is None or key in places:
            raise malformed("tensor data that nothing refers to")
        numel = machine.number("<q")
        length = numel * storage.itemsize
        if numel < 0 or length > len(machine.source):
            raise _broken("tensor data longer than the file")
        places[key] = Place(machine.position, length)
        machine.position += length
    if machine.position > len(machine.source):
        raise _broken("it ends too early")
    return places
