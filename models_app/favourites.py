"""The star of a voice: the button that gives it and takes it, with a script and without."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from models_app.models import FavouriteVoice, VoiceModel
from voiceproject.pages import PersonRequest


@require_POST
@login_required
def voice_favourite(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Turn the star on or off; the script gets the button, everybody else the page that they came from."""
    voice = get_object_or_404(VoiceModel.objects.visible_to(request.user), pk=pk)
    starred = not FavouriteVoice.objects.filter(owner=request.user, voice=voice).exists()
    FavouriteVoice.objects.put(request.user, voice, starred=starred)
    if "HX-Request" in request.headers:
        return render(request, "models_app/_star.html", {"voice": voice, "starred": starred})
    return redirect(_came_from(request, voice))


def _came_from(request: PersonRequest, voice: VoiceModel) -> str:
    wanted = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)  # a path of this site, no other host
    return wanted if inside else voice.get_absolute_url()
