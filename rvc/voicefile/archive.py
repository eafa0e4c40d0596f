"""A stranger's zip, walked as hostile data: it is never extracted, and what is copied from it is counted.

A checkpoint of torch is a zip as well. The two are told apart by names that only torch writes.
"""

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from rvc.errors import VoiceFileError
from rvc.voicefile.container import LOCAL_HEADER, ZIP_ERRORS, ZIP_MAGIC, central_directory
from rvc.voicefile.limits import UPLOAD

SMALL = 1 << 20
"""Bytes up to which an entry alone may be packed more tightly: a text full of repetitions is harmless."""

EMPTY_ZIP = b"PK\x05\x06"
TORCH_NAME = re.compile(r"[^/]+/(data\.pkl|constants\.pkl|archive_format|byteorder|\.format_version|\.data/.+)")
DRIVE = re.compile(r"[A-Za-z]:")
ENCRYPTED = 0x1 | 0x40 | 0x2000  # the entry, strongly, or its names
CHUNK = 1 << 20
HEAD_BYTES = 512
SHOWN_NAME = 100


@dataclass(frozen=True)
class Bounds:
    """What a zip of these things may be like: names in its directory, and how tightly it may be packed."""

    entries: int = 64
    ratio: int = 20
    things: str = "voices"


@dataclass(frozen=True)
class Entry:
    """One file of the archive. `name` is fit to be shown, and nothing is ever opened by it."""

    number: int
    name: str
    size: int
    info: zipfile.ZipInfo


class Archive:
    """An open zip that holds only plain files, side by side, in all at most `longest` bytes.

    Raises VoiceFileError: bad_container, duplicate_entry, too_large.
    """

    def __init__(self, path: Path, *, longest: int, bounds: Bounds = Bounds()) -> None:
        infos, end = _directory(path)
        self._file = path.open("rb")
        try:
            _check_together(infos, longest, path.stat().st_size, bounds)
            _check_places(self._file, infos, end)
            self._zip = zipfile.ZipFile(self._file)
        except BaseException:
            self._file.close()
            raise
        self.entries = [
            Entry(number, shown(info.orig_filename), info.file_size, info)
            for number, info in enumerate(infos)
            if not info.is_dir()
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def head(self, entry: Entry) -> bytes:
        """Its first bytes, for recognising it."""
        return next(self._pieces(entry, HEAD_BYTES), b"")

    def copy(self, entry: Entry, target: Path) -> str:
        """Copy its bytes, as many as it declared, to a file of ours. Returns their SHA-256."""
        digest, left = hashlib.sha256(), entry.size
        with target.open("wb") as copy:
            for piece in self._pieces(entry, CHUNK):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                copy.write(piece)
        if left:
            raise damaged("an entry of another length than declared")
        return digest.hexdigest()

    def read(self, entry: Entry) -> bytes:
        """All of its bytes, as many as it declared."""
        data = b"".join(self._pieces(entry, CHUNK))
        if len(data) != entry.size:
            raise damaged("an entry of another length than declared")
        return data

    def _pieces(self, entry: Entry, size: int) -> Iterator[bytes]:
        try:
            with self._zip.open(entry.info) as packed:
                while piece := packed.read(size):
                    yield piece
        except (*ZIP_ERRORS, zlib.error, RuntimeError) as error:
            raise damaged(f"{entry.name!r} cannot be unpacked") from error


def is_torch_file(path: Path) -> bool:
    """Whether a zip is what torch writes, or pretends to be, by the names in its directory."""
    infos, _ = central_directory(path, UPLOAD)
    return any(TORCH_NAME.fullmatch(info.orig_filename) for info in infos)


def may_be_archive(head: bytes) -> bool:
    """Whether a file that starts with these bytes is a zip that torch did not begin."""
    return head.startswith((ZIP_MAGIC, EMPTY_ZIP)) and not torch_began(head)


def torch_began(head: bytes) -> bool:
    """Whether the first entry of a zip that starts with these bytes has a name that only torch writes."""
    if not head.startswith(ZIP_MAGIC) or len(head) < LOCAL_HEADER.size:
        return False
    length = LOCAL_HEADER.unpack_from(head)[3]
    name = head[LOCAL_HEADER.size : LOCAL_HEADER.size + length].decode("utf-8", "replace")
    return TORCH_NAME.fullmatch(name) is not None


def shown(name: str) -> str:
    """A name from the archive as it may be shown: one line, not too long."""
    return "".join(letter for letter in name if letter.isprintable())[-SHOWN_NAME:]


def damaged(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_container", f"The zip cannot be taken: {detail}.")


def _directory(path: Path) -> tuple[list[zipfile.ZipInfo], int]:
    try:
        return central_directory(path, UPLOAD)
    except VoiceFileError as error:  # it speaks of torch, which writes zips as well
        raise damaged("its table of contents is missing, far too long, or damaged") from error


def _check_together(infos: list[zipfile.ZipInfo], longest: int, size: int, bounds: Bounds) -> None:
    if len(infos) > bounds.entries:
        raise damaged(f"it holds more than {bounds.entries} files")
    names = [info.orig_filename for info in infos]
    if len(set(names)) != len(names):
        raise VoiceFileError("duplicate_entry", "The zip holds two files of the same name.")
    for info in infos:
        _check_name(info.orig_filename)
        _check_entry(info, bounds)
    total = sum(info.file_size for info in infos)
    if total > bounds.ratio * size:
        raise damaged(f"it is packed far more tightly than {bounds.things} can be")
    if total > longest:
        raise VoiceFileError("too_large", f"The zip would unfold to more than {longest >> 20} MB.")


def _check_name(name: str) -> None:
    if name.startswith("/") or DRIVE.match(name) or "\\" in name or "\0" in name or ".." in name.split("/"):
        raise damaged(f"the name {shown(name)!r} leads out of it")


def _check_entry(info: zipfile.ZipInfo, bounds: Bounds) -> None:
    name = shown(info.orig_filename)
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise damaged(f"{name!r} is a link or a device, not a file")
    if info.flag_bits & ENCRYPTED:
        raise damaged("it asks for a password; pack it without one")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged(f"{name!r} is packed in an unusual way")
    if info.file_size > max(SMALL, bounds.ratio * info.compress_size):
        raise damaged(f"{name!r} is packed far more tightly than {bounds.things} can be")
    if info.is_dir() and info.file_size:
        raise damaged(f"{name!r} is a folder with bytes of its own")


def _check_places(file: BinaryIO, infos: Iterable[zipfile.ZipInfo], directory: int) -> None:
    """The entries lie one behind the other before the directory, so that no byte is unpacked twice."""
    end = 0
    for info in sorted(infos, key=lambda entry: entry.header_offset):
        if info.header_offset < end:
            raise damaged("its entries overlap")
        file.seek(info.header_offset)
        try:
            signature, _, _, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        except struct.error as error:
            raise damaged("an entry lies outside of it") from error
        end = info.header_offset + LOCAL_HEADER.size + name + extra + info.compress_size
        if signature != ZIP_MAGIC or end > directory:
            raise damaged("its entries overlap")
