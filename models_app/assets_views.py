"""The click that fetches what a voice lacks."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from models_app.assets import may_fetch
from models_app.models import AssetFetch, VoiceModel
from rvc.errors import AssetError
from voiceproject.pages import PersonRequest


@require_POST
@login_required
def fetch_for_voice(request: PersonRequest, pk: UUID) -> HttpResponse:
    """For staff who may; nobody else is told that there is such a page."""
    if not may_fetch(request.user):
        raise Http404
    voice = get_object_or_404(VoiceModel.objects.exportable_by(request.user), pk=pk)
    try:
        fetch = AssetFetch.objects.submit(voice.encoder, by=request.user)
        messages.success(
            request,
            _("{name} is on its way; voices that wait for it are tried when it is here.").format(name=fetch.name),
        )
    except AssetError as error:
        messages.error(request, error.message)
    if not VoiceModel.objects.visible_to(request.user).filter(pk=pk).exists():
        return redirect("admin:models_app_voicemodel_change", pk)
    return redirect(voice)
