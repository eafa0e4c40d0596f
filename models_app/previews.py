"""What a voice sounds like: the preview, for everybody who may see the voice, and for staff who may see all."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from models_app.checking import MEDIA_TYPE
from models_app.models import VoiceModel
from voiceproject.files import clean_label, serve


def serve_preview(request: HttpRequest, voice: VoiceModel) -> HttpResponseBase:
    """The stored preview, a range of it, or 404 where there is none."""
    filename = clean_label(f"{voice.name.replace('/', '-')} - preview.mp3", fallback="preview.mp3")
    return serve(request, voice.preview, media_type=MEDIA_TYPE, filename=filename)


@login_required
@require_safe
def voice_preview(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    voice = VoiceModel.objects.visible_to(request.user).filter(pk=pk).first()
    return serve_preview(request, voice or get_object_or_404(VoiceModel.objects.exportable_by(request.user), pk=pk))
