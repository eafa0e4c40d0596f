"""The home page: choose a voice, give it sound, set it, submit."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from voiceproject.pages import PersonRequest


@require_GET
@login_required
def home(request: PersonRequest) -> HttpResponse:
    return redirect("conversions:list")
