"""A stranger's zip of recordings: which there are, and each of them on its own. For a throwaway child.

What programs leave in a zip besides what a person put there (`__MACOSX`, names that start with a dot) counts as not
there. Everything else does count: whether it is a recording is found out when it is read.
"""

import zipfile
from pathlib import Path

from rvc.errors import VoiceFileError
from rvc.voicefile.archive import EMPTY_ZIP, Archive, Bounds, Entry, damaged, shown
from rvc.voicefile.container import ZIP_MAGIC

MAX_RATIO = 200
"""Silence packs well; what packs better than this is made to."""
NAMES_PER_FILE = 4
"""Folders have names of their own, and macOS adds a twin to every file."""
UTF8_FLAG = 0x800
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini"})


def begins_zip(head: bytes) -> bool:
    """Whether a file that starts with these bytes says that it is a zip."""
    return head.startswith((ZIP_MAGIC, EMPTY_ZIP))


def look(source: str, longest: int, most: int) -> list[tuple[int, str, int]]:
    """Number, name and bytes of every file in the zip at `source`.

    longest: bytes that they may have together; most: files. Nothing but their first bytes is unpacked.
    Raises VoiceFileError: bad_container, duplicate_entry, too_large, too_many_files, no_recordings.
    """
    with Path(source).open("rb") as file:
        if file.read(len(EMPTY_ZIP)) == EMPTY_ZIP:
            raise _nothing()
    with _opened(source, longest, most) as archive:
        entries = _files(archive)
        if not entries:
            raise _nothing()
        if len(entries) > most:
            message = f"A batch may have {most} files, and this zip holds {len(entries)}."
            raise VoiceFileError("too_many_files", message)
        for entry in entries:
            if begins_zip(archive.head(entry)):
                raise damaged(f"{entry.name!r} is a zip as well; unpack that one first, or leave it out")
        return [(entry.number, _name(entry), entry.size) for entry in entries]


def take(source: str, target: str, number: int, longest: int, most: int) -> None:
    """Put one file of the zip at `source` into `target`. Raises VoiceFileError: bad_container."""
    with _opened(source, longest, most) as archive:
        archive.copy(next(entry for entry in archive.entries if entry.number == number), Path(target))


def _opened(source: str, longest: int, most: int) -> Archive:
    bounds = Bounds(entries=NAMES_PER_FILE * most, ratio=MAX_RATIO, things="recordings")
    return Archive(Path(source), longest=longest, bounds=bounds)


def _files(archive: Archive) -> list[Entry]:
    return [entry for entry in archive.entries if not _is_left_over(_name(entry))]


def _is_left_over(name: str) -> bool:
    parts = name.split("/")
    return parts[-1].lower() in LEFTOVERS or any(part.startswith((".", "__MACOSX")) for part in parts)


def _name(entry: Entry) -> str:
    """As its packer meant it: macOS writes UTF-8 without saying so."""
    return shown(_meant(entry.info))


def _meant(info: zipfile.ZipInfo) -> str:
    name = info.orig_filename
    if info.flag_bits & UTF8_FLAG:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _nothing() -> VoiceFileError:
    return VoiceFileError("no_recordings", "The zip holds no files.")
