"""A stranger's voice file on its way in: quarantine, check in a throwaway child, and only then a stored voice."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, Union

from django.conf import settings
from django.core.files import File

from rvc import sandbox
from rvc.errors import RVCError, VoiceFileError
from voiceproject.files import quarantine

Upload: TypeAlias = Union[Path, "File[Any]"]

CHECKPOINT_DIED = ("too_complex", "Reading this voice took too much time or memory, so it was refused.")
INDEX_DIED = ("too_complex", "Reading this index took too much time or memory, so it was refused.")
CHUNK = 1 << 20


@dataclass(frozen=True)
class CheckedVoice:
    """A voice, and its index if it has one, as inert data in the quarantine folder, with what was read from them.

    The folder goes when `close` is called, or with the last reference to this object.
    """

    folder: tempfile.TemporaryDirectory[str]
    facts: dict[str, Any]
    sha256: str
    index_facts: dict[str, Any] = field(default_factory=dict)
    index_sha256: str = ""

    @property
    def voice(self) -> Path:
        return Path(self.folder.name) / "voice.safetensors"

    @property
    def index(self) -> Path | None:
        return Path(self.folder.name) / "index.safetensors" if self.index_facts else None

    def close(self) -> None:
        self.folder.cleanup()


def check(checkpoint: Upload, index: Upload | None = None) -> CheckedVoice:
    """Turn uploaded files into inert data, or raise the VoiceFileError whose `field` says which file is wrong."""
    folder = quarantine("voice-")
    try:
        return _check(folder, checkpoint, index)
    except BaseException:
        folder.cleanup()
        raise


def _check(folder: tempfile.TemporaryDirectory[str], checkpoint: Upload, index: Upload | None) -> CheckedVoice:
    facts, sha256 = _check_checkpoint(Path(folder.name), checkpoint)
    if index is None:
        return CheckedVoice(folder, facts, sha256)
    index_facts, index_sha256 = _check_index(Path(folder.name), index, width=facts["feature_width"])
    return CheckedVoice(folder, facts, sha256, index_facts, index_sha256)


def _check_checkpoint(folder: Path, upload: Upload) -> tuple[dict[str, Any], str]:
    source, target = folder / "checkpoint.upload", folder / "voice.safetensors"
    with _blaming("checkpoint"):
        sha256 = _copy(upload, source)
        arguments = {"source": str(source), "target": str(target)}
        facts = sandbox.run("rvc.voicefile.ingest:convert_voice", arguments, died=CHECKPOINT_DIED)
    source.unlink()
    return facts, sha256


def _check_index(folder: Path, upload: Upload, *, width: int) -> tuple[dict[str, Any], str]:
    source, target = folder / "index.upload", folder / "index.safetensors"
    with _blaming("index"):
        sha256 = _copy(upload, source)
        arguments = {"source": str(source), "target": str(target), "width": width}
        facts = sandbox.run("rvc.voicefile.ingest:convert_index", arguments, died=INDEX_DIED)
    source.unlink()
    return facts, sha256


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Name the form field that an error of the library belongs to."""
    try:
        yield
    except RVCError as error:
        error.field = name
        raise


def _copy(upload: Upload, target: Path) -> str:
    """Copy into the quarantine, never past the size limit; the SHA-256 of what was uploaded."""
    digest, size, limit = hashlib.sha256(), 0, settings.MAX_VOICE_MB << 20
    with target.open("wb") as copy:
        for chunk in _chunks(upload):
            size += len(chunk)
            if size > limit:
                raise VoiceFileError("too_large", f"The file is larger than {settings.MAX_VOICE_MB} MB.")
            digest.update(chunk)
            copy.write(chunk)
    if size == 0:
        raise VoiceFileError("empty_file", "The file is empty. Choose it again, or export the voice once more.")
    return digest.hexdigest()


def _chunks(upload: Upload) -> Iterator[bytes]:
    if not isinstance(upload, Path):
        yield from upload.chunks(CHUNK)
        return
    with upload.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
