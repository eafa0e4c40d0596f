"""What somebody sent for a batch, looked at before anything is kept: zips by content, anything else a recording."""

import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext as _

from conversions import recordings
from conversions.batches.models import Entry
from conversions.methods import check_method
from rvc import sandbox
from rvc.errors import RVCError
from rvc.voicefile.bundle import begins_zip
from voiceproject.files import clean_label

if TYPE_CHECKING:
    from django.core.files import File

    from models_app.models import VoiceModel
    from rvc.options import ConversionOptions

DIED = ("bad_container", "The zip cannot be taken: reading it took too much time or memory.")
BLOCK = 1 << 20


@dataclass(frozen=True)
class Wish:
    """What every recording of a batch is to become."""

    voice: "VoiceModel"
    options: "ConversionOptions"
    keeping: dict[str, Any] = field(default_factory=dict)
    """`keep_days` and `delete_after_download`, where they are said."""

    def columns(self) -> dict[str, Any]:
        """Raises RVCError when the voice or the pitch method cannot be used."""
        self.voice.check_usable()
        check_method(self.voice, self.options)
        return {"voice": self.voice, "voice_name": self.voice.name, "options": asdict(self.options), **self.keeping}


@dataclass(frozen=True)
class Parcel:
    """A zip as it will be stored, and what is in it."""

    file: "File[Any]"
    entries: list[Entry]
    name: str = ""


def is_batch(files: "Sequence[File[Any]]") -> bool:
    """Whether this is more than one recording. A zip is, whatever is in it."""
    return len(files) > 1 or any(is_zip(file) for file in files)


def is_zip(file: "File[Any]") -> bool:
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return begins_zip(head)


def look(files: "Sequence[File[Any]]", *, field: str = "recording") -> list[Parcel]:
    """What lies in these files; recordings that came loose are put together in a zip of our own.

    Raises RVCError for `field`: bad_container, duplicate_entry, too_large, too_many_files, no_recordings.
    """
    try:
        loose = [file for file in files if not is_zip(file)]
        parcels = [_unfolded(file) for file in files if is_zip(file)]
        count = len(loose) + sum(len(parcel.entries) for parcel in parcels)
        _check(count, sum(file.size for file in loose))
        if loose:
            parcels.append(_bound(loose))
    except RVCError as error:
        error.field = field
        raise
    return parcels


def _check(count: int, size: int) -> None:
    if count > settings.BATCH_FILES:
        message = _("A batch may have {most} files, and these are {count}.").format(
            most=settings.BATCH_FILES, count=count
        )
        raise RVCError("too_many_files", message)
    if size > settings.BATCH_MB << 20:
        message = _("Together these are more than the {most} MB of a batch.").format(most=settings.BATCH_MB)
        raise RVCError("too_large", message)


def limits() -> dict[str, int]:
    return {"longest": settings.BATCH_MB << 20, "most": settings.BATCH_FILES}


def _unfolded(file: "File[Any]") -> Parcel:
    with recordings.on_disk(file) as path:
        listed = sandbox.run("rvc.voicefile.bundle:look", {"source": str(path), **limits()}, died=DIED)
    label = clean_label(file.name or "", fallback="Batch")
    return Parcel(file, [Entry(*entry) for entry in listed], PurePosixPath(label).stem)


def _bound(files: "Sequence[File[Any]]") -> Parcel:
    """One file of all these. It goes by itself once nobody holds it."""
    bundle = TemporaryUploadedFile("bundle.zip", "application/zip", 0, None)
    with zipfile.ZipFile(cast("IO[bytes]", bundle.file), "w") as archive:
        for number, file in enumerate(files):
            with archive.open(str(number), "w", force_zip64=True) as copy:
                for block in file.chunks(BLOCK):
                    copy.write(block)
    entries = [Entry(number, Path(file.name or "").name, file.size or 0) for number, file in enumerate(files)]
    bundle.size = bundle.tell()
    bundle.seek(0)
    return Parcel(bundle, entries)
