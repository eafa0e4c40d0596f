"""A stranger's voice file on its way in: quarantine, check in a throwaway child, and only then a stored voice."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, Union

from django.conf import settings
from django.core.files import File
from django.utils.translation import gettext as _

from rvc import sandbox
from rvc.errors import RVCError, VoiceFileError
from rvc.voicefile.archive import HEAD_BYTES, may_be_archive
from voiceproject.files import clean_label, quarantine

Upload: TypeAlias = Union[Path, "File[Any]"]

CHECKPOINT_DIED = ("too_complex", "Reading this voice took too much time or memory, so it was refused.")
INDEX_DIED = ("too_complex", "Reading this index took too much time or memory, so it was refused.")
CHUNK = 1 << 20


Refusal: TypeAlias = Callable[[str, str], None]
"""Is told the SHA-256 of the uploaded voice and index ("" without one) before they are read; may raise."""


class Movable(File):  # type: ignore[type-arg]
    """A file of the quarantine on its way into storage: renamed, where both are on one disk, and not copied.

    The rows are locked meanwhile, and nobody else can write.
    """

    def temporary_file_path(self) -> str:
        return str(self.name)


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
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def voice(self) -> Path:
        return Path(self.folder.name) / "voice.safetensors"

    @property
    def index(self) -> Path | None:
        return Path(self.folder.name) / "index.safetensors" if self.index_facts else None

    @property
    def upload(self) -> Path | None:
        """The voice, or the zip, as it was uploaded; only where the site keeps it."""
        return self._kept("checkpoint.upload")

    @property
    def index_upload(self) -> Path | None:
        return self._kept("index.upload")

    def _kept(self, name: str) -> Path | None:
        path = Path(self.folder.name) / name
        return path if path.exists() else None

    def close(self) -> None:
        self.folder.cleanup()


@dataclass(frozen=True)
class CheckedIndex:
    """An index for a voice that is kept already, as inert data in the quarantine folder. See CheckedVoice."""

    folder: tempfile.TemporaryDirectory[str]
    facts: dict[str, Any]
    sha256: str
    line: dict[str, Any]

    @property
    def path(self) -> Path:
        return Path(self.folder.name) / "index.safetensors"

    @property
    def upload(self) -> Path | None:
        path = Path(self.folder.name) / "index.upload"
        return path if path.exists() else None


@dataclass(frozen=True)
class Received:
    """An uploaded file as it lies in the quarantine."""

    path: Path
    name: str
    sha256: str

    def to_json(self, kind: str, why: str) -> dict[str, Any]:
        """Its line in the report."""
        facts = {"name": self.name, "bytes": self.path.stat().st_size, "kind": kind}
        return {**facts, "taken": True, "why": why, "sha256": self.sha256}


@dataclass(frozen=True)
class Found:
    """The voice file of an upload, what the report says of each file in it, and the index that was in it."""

    voice: Path
    files: list[dict[str, Any]]
    index: Path | None = None


def check(checkpoint: Upload, index: Upload | None = None, *, refuse: Refusal | None = None) -> CheckedVoice:
    """Turn uploaded files into inert data, or raise the VoiceFileError whose `field` says which file is wrong.

    checkpoint: a voice, or a zip that holds one and perhaps its index. An index given beside it is the one used.
    """
    folder = quarantine("voice-")
    try:
        return _check(folder, checkpoint, index, refuse)
    except BaseException:
        folder.cleanup()
        raise


def check_index(upload: Upload, width: int) -> CheckedIndex:
    """Turn an uploaded index into inert data; its vectors must be `width` wide. Raises VoiceFileError."""
    folder = quarantine("index-")
    home = Path(folder.name)
    try:
        with _blaming("index"):
            sent = _receive(upload, home / "index.upload")
            facts = _convert("index", sent.path, home / "index.safetensors", died=INDEX_DIED, width=width)
        line = sent.to_json("index", "it was given later, on its own")
        _drop_uploads(home)
        return CheckedIndex(folder, facts, sent.sha256, line)
    except BaseException:
        folder.cleanup()
        raise


def _check(
    folder: tempfile.TemporaryDirectory[str], checkpoint: Upload, index: Upload | None, refuse: Refusal | None
) -> CheckedVoice:
    home = Path(folder.name)
    with _blaming("checkpoint"):
        sent = _receive(checkpoint, home / "checkpoint.upload")
    with _blaming("index"):
        given = None if index is None else _receive(index, home / "index.upload")
    with _blaming("checkpoint"):
        if refuse is not None:
            refuse(sent.sha256, given.sha256 if given else "")
        found = _look_into(home, sent, index_given=given is not None)
        facts = _convert("voice", found.voice, home / "voice.safetensors", died=CHECKPOINT_DIED)
    lying, index_facts = given.path if given else found.index, {}
    if given is not None:
        found.files.append(given.to_json("index", "it was given beside the voice"))
    if lying is not None:
        with _blaming("index" if given else "checkpoint"):
            width = facts["feature_width"]
            index_facts = _convert("index", lying, home / "index.safetensors", died=INDEX_DIED, width=width)
    report = {"zip": found.voice != sent.path, "sha256": sent.sha256, "files": found.files}
    _drop_uploads(home)
    return CheckedVoice(folder, facts, sent.sha256, index_facts, given.sha256 if given else "", report)


def _look_into(home: Path, sent: Received, *, index_given: bool) -> Found:
    """Where the voice lies: in the file itself, or copied from the zip that it is."""
    itself = Found(sent.path, [sent.to_json("voice", "it was sent as the voice")])
    with sent.path.open("rb") as file:
        if not may_be_archive(file.read(HEAD_BYTES)):
            return itself
    longest = settings.MAX_VOICE_MB << 20
    limits = sandbox.Limits(memory_bytes=sandbox.Limits.memory_bytes + longest)  # what is unpacked is mapped
    zipped = {"source": str(sent.path), "longest": longest}
    voice, index = home / "voice.packed", home / "index.packed"
    arguments = {**zipped, "target": str(voice), "index_given": index_given}
    report = sandbox.run("rvc.voicefile.choosing:unpack", arguments, limits=limits, died=CHECKPOINT_DIED)
    if report is None:
        return itself
    if report["index"] is None:
        return Found(voice, report["files"])
    arguments = {**zipped, "target": str(index), "number": report["index"]}
    sandbox.run("rvc.voicefile.choosing:take", arguments, limits=limits, died=CHECKPOINT_DIED)
    return Found(voice, report["files"], index)


def _drop_uploads(home: Path) -> None:
    """What a stranger sent is needed no more, unless the operator wants to keep it as it came."""
    kept = {".safetensors", ".upload"} if settings.KEEP_UPLOADS else {".safetensors"}
    for path in home.iterdir():
        if path.suffix not in kept:
            path.unlink()


def _convert(kind: str, source: Path, target: Path, *, died: tuple[str, str], **arguments: Any) -> dict[str, Any]:
    """Have a file turned into one of ours by a throwaway child."""
    arguments |= {"source": str(source), "target": str(target)}
    facts: dict[str, Any] = sandbox.run(f"rvc.voicefile.ingest:convert_{kind}", arguments, died=died)
    return facts


@contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Name the form field that an error of the library belongs to."""
    try:
        yield
    except RVCError as error:
        error.field = name
        raise


def _receive(upload: Upload, target: Path) -> Received:
    """Copy into the quarantine, never past the size limit."""
    digest, size, limit = hashlib.sha256(), 0, settings.MAX_VOICE_MB << 20
    with target.open("wb") as copy:
        for chunk in _chunks(upload):
            size += len(chunk)
            if size > limit:
                message = _("The file is larger than {most} MB.").format(most=settings.MAX_VOICE_MB)
                raise VoiceFileError("too_large", message)
            digest.update(chunk)
            copy.write(chunk)
    if size == 0:
        raise VoiceFileError("empty_file", _("The file is empty. Choose it again, or export the voice once more."))
    return Received(target, clean_label(Path(upload.name or "").name, fallback="the file"), digest.hexdigest())


def _chunks(upload: Upload) -> Iterator[bytes]:
    if not isinstance(upload, Path):
        yield from upload.chunks(CHUNK)
        return
    with upload.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
