"""A recording on its way in: a cheap look in a throwaway child, so that the person hears at once what is wrong."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext as _

from rvc.codec import DecodeLimits, RecordingFacts
from rvc.codec import probe as probe_file
from rvc.errors import AudioError, RVCError
from voiceproject.files import quarantine

UNKNOWN = "application/octet-stream"


def limits() -> DecodeLimits:
    return DecodeLimits(max_bytes=settings.MAX_RECORDING_MB << 20, max_seconds=float(settings.MAX_RECORDING_SECONDS))


def probe(upload: "File[Any]", *, field: str = "recording") -> RecordingFacts:
    """What the header of an uploaded recording says; an AudioError that names the field when it cannot be used."""
    try:
        if upload.size > settings.MAX_RECORDING_MB << 20:
            message = _("The recording is larger than {most} MB.").format(most=settings.MAX_RECORDING_MB)
            raise AudioError("too_large", message)
        with on_disk(upload) as path:
            return probe_file(path, limits())
    except RVCError as error:
        error.field = field
        raise


@contextmanager
def on_disk(upload: "File[Any]") -> Iterator[Path]:
    """A path for an upload alone in a private folder, so that a playlist in disguise finds no neighbours."""
    with quarantine("recording-") as folder:
        path = Path(folder) / "recording"
        if isinstance(upload, TemporaryUploadedFile):
            _link(Path(upload.temporary_file_path()), path)
        else:
            with path.open("wb") as copy:
                shutil.copyfileobj(upload, copy, 1 << 20)
            upload.seek(0)
        yield path


def _link(source: Path, target: Path) -> None:
    """A second name for a file; a copy where the disk has no hard links, or lies on another one."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def media_type(upload: "File[Any]") -> str:
    """The type to serve a recording with, from its first bytes and our own table, never from what was claimed."""
    upload.seek(0)
    head = upload.read(12)
    upload.seek(0)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "audio/wav"
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return "audio/mpeg"
    if head[4:8] == b"ftyp":
        return "audio/mp4"
    return {b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"\x1aE\xdf\xa3": "audio/webm"}.get(head[:4], UNKNOWN)
