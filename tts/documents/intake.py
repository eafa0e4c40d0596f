"""What somebody sent as a document, looked at before anything is kept, and submitted as a batch of speeches."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from conversions.batches.models import LONGEST_PATH, Batch
from conversions.recordings import on_disk
from rvc import sandbox
from rvc.errors import RVCError
from rvc.voicefile.bundle import begins_zip
from tts.documents.parts import Part, parts
from tts.engines.children import in_child
from tts.engines.errors import SpeechError
from tts.models import Speech
from voiceproject.files import clean_label, quarantine

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files import File

    from models_app.models import VoiceModel
    from rvc.options import ConversionOptions
    from tts.wishes import Wish

ENDINGS = {
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown", ".epub": "epub",
}  # fmt: skip
LARGEST = 64 << 20
LIMITS = sandbox.Limits(memory_bytes=1 << 30, cpu_seconds=30, wall_seconds=60.0, file_bytes=64 << 20)
SECONDS = 60.0


@dataclass(frozen=True)
class Document:
    name: str
    parts: list[Part]

    def called(self, name: str) -> "Document":
        """The same under another name, unless that is empty."""
        return replace(self, name=clean_label(name, fallback=self.name))


def look(upload: "File[Any]") -> Document:
    """The parts of a document. Raises RVCError for `document`.

    empty_file, too_large, unsupported_document (by its ending, and a zip that says to be text), not_text,
    text_too_long, text_says_nothing, bad_container, duplicate_entry.
    """
    try:
        kind = _kind(upload)
        sections = _sections(upload, kind)
    except RVCError as error:
        error.field = "document"
        raise
    found = parts(sections, settings.SPEECH_CHARACTERS)
    if not found:
        raise SpeechError("text_says_nothing", "There is nothing in this document that can be said.", field="document")
    return Document(PurePosixPath(clean_label(upload.name or "", fallback="Document")).stem, found)


def _kind(upload: "File[Any]") -> str:
    ending = PurePosixPath(upload.name or "").suffix.lower()
    head = upload.read(4)
    upload.seek(0)
    if not head:
        raise SpeechError("empty_file", "The document is empty.")
    if (upload.size or 0) > LARGEST:
        raise SpeechError("too_large", f"The document is larger than {LARGEST >> 20} MB.")
    if ending not in ENDINGS or begins_zip(head) != (ending == ".epub"):
        sentence = "A document is plain text (.txt), Markdown (.md) or an EPUB: save it as one of these."
        raise SpeechError("unsupported_document", sentence)
    return ENDINGS[ending]


def _sections(upload: "File[Any]", kind: str) -> Any:
    with on_disk(upload) as path, quarantine("document-") as folder:
        target = Path(folder) / "sections"
        arguments = {"source": str(path), "target": str(target), "kind": kind, "most": settings.DOCUMENT_CHARACTERS}
        try:
            in_child("tts.documents.reading:read", arguments, timeout=SECONDS, limits=LIMITS)
        except SpeechError as error:
            if error.code not in ("engine_failed", "engine_timeout"):
                raise
            raise SpeechError("not_text", "The document took too much time or memory to read.") from error
        return json.loads(target.read_text(encoding="utf-8"))


def submit(
    user: "User", voice: "VoiceModel", wish: "Wish", options: "ConversionOptions", document: Document, **keeping: Any
) -> Batch:
    """Keep every part as a speech of one batch, all or nothing, and tell the queue.

    Raises SpeechError for a part that cannot be spoken, and what `Conversion.objects.submit` raises.
    """
    with transaction.atomic():
        batch = Batch.objects.create(
            owner=user,
            name=document.name[:120],
            voice=voice,
            voice_name=voice.name,
            options=asdict(options),
            size=len(document.parts),
            **keeping,
        )
        for position, part in enumerate(document.parts):
            path = f"{clean_label(part.name, fallback='part')[: LONGEST_PATH - 4]}.txt"
            place = {"batch": batch, "batch_position": position, "batch_path": path}
            Speech.objects.submit(user, voice, replace(wish, text=part.text), options, **place, **keeping)
    return batch
