"""Another index for a voice that is kept, or none: the voice stays as it is."""

from typing import TYPE_CHECKING, Any

from django.db.models.fields.files import FieldFile

from jobs.quotas import admit_bytes
from models_app import ingest
from models_app.models import Action, VoiceCheck, VoiceModel
from rvc.assets.record import sha256_of
from rvc.errors import VoiceFileError
from voiceproject.files import delete_after_commit, kept_together

if TYPE_CHECKING:
    from pathlib import Path

    from django.contrib.auth.models import User

COLUMNS = ("index_file", "index_upload", "index_facts", "index_sha256", "index_file_sha256", "report", "size_bytes")


def replace_index(voice: VoiceModel, upload: ingest.Upload, by: "User | None") -> None:
    """Check an index and use it from now on.

    Raises VoiceFileError, and RVCError("quota_exceeded") when its owner would keep too much; the voice is as it was.
    """
    checked = check_index(voice, upload)
    try:
        _swap(voice, checked, by, limited=True)
    finally:
        checked.folder.cleanup()


def check_index(voice: VoiceModel, upload: ingest.Upload) -> ingest.CheckedIndex:
    """An index that this voice can use, in the quarantine. Raises VoiceFileError, whose field is `index`."""
    checked = ingest.check_index(upload, voice.header.feature_width)
    try:
        VoiceModel.objects.refuse_known(voice.owner, voice.checkpoint_sha256, checked.sha256)
    except VoiceFileError as error:
        checked.folder.cleanup()
        error.field = "index"
        raise
    return checked


def use_index(voice: VoiceModel, checked: ingest.CheckedIndex, by: "User | None") -> None:
    """What staff choose for a voice is not held against the share of its owner."""
    _swap(voice, checked, by)


def remove_index(voice: VoiceModel, by: "User | None") -> bool:
    """Leave the voice without an index; False when it had none."""
    if not voice.has_index:
        return False
    _swap(voice, None, by)
    return True


def _swap(voice: VoiceModel, checked: ingest.CheckedIndex | None, by: "User | None", *, limited: bool = False) -> None:
    """New files under new names, one row, and the old files gone once it is committed."""
    voice.index_file = voice.index_upload = None
    voice.index_facts, voice.index_sha256 = (checked.facts, checked.sha256) if checked else ({}, "")
    voice.index_file_sha256 = sha256_of(checked.path) if checked else ""
    with kept_together(voice.index_file, voice.index_upload):
        stored = voice.held()  # another index may have come while this one was checked
        voice.report = _report(stored, checked)
        if checked is not None:
            _save(voice.index_file, checked.path)
            _save(voice.index_upload, checked.upload)
        voice.measure()
        if limited:
            admit_bytes(voice.owner, voice.size_bytes - stored.size_bytes)
        voice.save(update_fields=COLUMNS)
        voice.record(Action.INDEXED, by, checked.line["name"] if checked else "removed")
        delete_after_commit(stored.index_file, stored.index_upload)
        VoiceCheck.objects.submit(voice, by=by)


def _report(voice: VoiceModel, checked: ingest.CheckedIndex | None) -> dict[str, Any]:
    files = [line for line in voice.report.get("files", ()) if not (line["taken"] and line["kind"] == "index")]
    return {**voice.report, "files": [*files, *([checked.line] if checked else ())]}


def _save(field: FieldFile, path: "Path | None") -> None:
    if path is not None:
        with path.open("rb") as handle:
            field.save(path.name, ingest.Movable(handle, str(path)), save=False)
