"""Voices on their way out: the files that other programs open, for the owner and for staff."""

import re
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from models_app.models import VoiceModel
from rvc.errors import VoiceFileError
from rvc.voicefile.export import Export, index_file, pth_file, stored_file
from rvc.voicefile.index import open_stored_index
from rvc.voicefile.voice import open_stored_voice
from voiceproject.files import clean_label, send

KINDS = ("pth", "safetensors", "index")
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')  # somewhere or other


def kinds(voice: VoiceModel) -> list[str]:
    """What there is of a voice to take away."""
    return [kind for kind in KINDS if kind != "index" or voice.has_index]


def export(voice: VoiceModel, kind: str) -> Export:
    """One of `kinds(voice)`, not yet made. Raises VoiceFileError("damaged")."""
    if kind == "pth":
        return pth_file(open_stored_voice(Path(voice.file.path)))
    if kind == "index":
        return index_file(open_stored_index(Path(voice.index_file.path)))
    return stored_file(Path(voice.file.path))


def export_name(voice: VoiceModel, kind: str) -> str:
    """The name of the file; an index is called as RVC WebUI calls its own, which is how it finds them."""
    label = clean_label(NOT_IN_NAMES.sub("-", voice.name), fallback="voice")
    if kind != "index":
        return f"{label}.{kind}"
    facts = voice.index_facts
    return f"added_IVF{facts['lists']}_Flat_nprobe_{facts['nprobe']}_{label}_{voice.version}.index"


def save_export(voice: VoiceModel, kind: str, folder: Path) -> Path:
    """Write one of `kinds(voice)` into a folder, under its name; never over a file that is there."""
    path = folder / export_name(voice, kind)
    made = export(voice, kind)
    with path.open("xb") as file:
        try:
            file.writelines(made.pieces())
        except BaseException:
            path.unlink()
            raise
    return path


def serve_export(voice: VoiceModel, kind: str) -> HttpResponseBase:
    """Stream it to somebody who has been found to be allowed to have it."""
    if kind not in kinds(voice):
        raise Http404("This voice has no such file.")
    made = export(voice, kind)
    return send(made.pieces(), size=made.size, filename=export_name(voice, kind))


@login_required
@require_safe
def voice_export(request: HttpRequest, pk: UUID, kind: str) -> HttpResponseBase:
    voice = get_object_or_404(VoiceModel.objects.exportable_by(request.user), pk=pk)
    try:
        return serve_export(voice, kind)
    except VoiceFileError as error:
        messages.error(request, error.message)
        return redirect(voice)
