"""A new voice out of two that a person may take away."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models_app.ingest import CheckedVoice
from models_app.mapping import voice_path
from models_app.models import VoiceModel
from models_app.speakers import both_named
from rvc.errors import VoiceFileError
from rvc.voicefile.blend import blend as blend_files
from voiceproject.files import quarantine

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def blend(
    first: VoiceModel, second: VoiceModel, share: float, *, by: "User | None", owner: "User | None", name: str = ""
) -> VoiceModel:
    """Keep `share` of the first voice and the rest of the second as a private voice of the owner's, without index.

    Whether `by` may is asked before, with `VoiceModel.objects.blendable_by`. Raises VoiceFileError.
    """
    if first.pk == second.pk:
        raise VoiceFileError("cannot_blend", "Choose two different voices.", field="second")
    words = f"{share:.0%} {first.name}, {1 - share:.0%} {second.name}"
    voice = VoiceModel(owner=owner, name=name or f"{first.name} + {second.name}"[:120], origin=f"A blend: {words}")
    voice.licence = first.licence if first.licence == second.licence else ""
    voice.language = first.language if first.language == second.language else ""
    voice.speaker_names = both_named(first.speaker_names, second.speaker_names)
    checked = _blended(first, second, share)
    try:
        VoiceModel.objects.refuse_known(owner, checked.sha256, "")
        voice.store(checked, by, blended=words)
    finally:
        checked.close()
    return voice


def _blended(first: VoiceModel, second: VoiceModel, share: float) -> CheckedVoice:
    folder = quarantine("blend-")
    target = Path(folder.name) / "voice.safetensors"
    try:
        header = blend_files(voice_path(first), voice_path(second), target, share)
        with target.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except BaseException:
        folder.cleanup()
        raise
    parts = [_part(first, share), _part(second, 1 - share)]
    report = {"zip": False, "sha256": sha256, "files": [], "blend": parts}
    return CheckedVoice(folder, header.to_json(), sha256, report=report)


def _part(voice: VoiceModel, share: float) -> dict[str, Any]:
    """How the report names one of the two for good, whatever becomes of it."""
    return {"id": str(voice.pk), "name": voice.name, "sha256": voice.checkpoint_sha256, "share": round(share, 6)}
