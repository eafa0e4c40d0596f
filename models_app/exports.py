"""Voices on their way out: the files that other programs open, for the owner and for staff."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from models_app.mapping import index_path, voice_path
from models_app.models import Action, VoiceModel
from rvc.errors import VoiceFileError
from rvc.voicefile.decoders import HIFIGAN
from rvc.voicefile.export import Export, index_file, pth_file, stored_file
from rvc.voicefile.index import open_stored_index
from rvc.voicefile.onnx.export import onnx_file
from rvc.voicefile.voice import VoiceFile, open_stored_voice
from voiceproject.files import clean_label, send
from voiceproject.pages import PersonRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KINDS = ("pth", "safetensors", "onnx", "index")
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')  # somewhere or other


def kinds(voice: VoiceModel) -> list[str]:
    """What there is of a voice to take away. An ONNX voice is a graph and nothing else."""
    weights, graph = "graph" not in voice.facts, voice.facts.get("vocoder", HIFIGAN) == HIFIGAN
    there = {"pth": weights, "safetensors": weights, "onnx": graph, "index": voice.has_index}
    return [kind for kind in KINDS if there[kind]]


def export(voice: VoiceModel, kind: str) -> Export:
    """One of `kinds(voice)`, not yet made. Raises VoiceFileError: damaged, unsupported_graph, unsupported_vocoder."""
    if kind == "index":
        return index_file(open_stored_index(index_path(voice)))
    path = voice_path(voice)
    stored = _with_names(open_stored_voice(path), voice)
    if kind == "onnx":
        return onnx_file(stored)
    if stored.header.graph is not None:
        raise VoiceFileError("unsupported_graph", "This voice came as an ONNX graph; it can be taken as .onnx only.")
    return pth_file(stored) if kind == "pth" else stored_file(path, stored)


def _with_names(stored: VoiceFile, voice: VoiceModel) -> VoiceFile:
    """The speakers of the file as they are called here by now."""
    return replace(stored, header=replace(stored.header, speaker_names=voice.speaker_names))


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
    voice.record(Action.EXPORTED, None, f".{kind}")
    return path


def serve_export(voice: VoiceModel, kind: str, by: "User") -> HttpResponseBase:
    """Stream it to somebody who has been found to be allowed to have it, and write down that they took it."""
    if kind == "index" and not voice.has_index:
        raise Http404("This voice has no such file.")
    made = export(voice, kind)
    voice.record(Action.EXPORTED, by, f".{kind}")
    return send(made.pieces(), size=made.size, filename=export_name(voice, kind))


@login_required
@require_safe
def voice_export(request: PersonRequest, pk: UUID, kind: str) -> HttpResponseBase:
    voice = get_object_or_404(VoiceModel.objects.exportable_by(request.user), pk=pk)
    try:
        return serve_export(voice, kind, request.user)
    except VoiceFileError as error:
        messages.error(request, error.message)
        return redirect(voice)
