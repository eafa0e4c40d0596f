"""The page of one's own account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import ErasureForm, KeepingForm
from accounts.models import Erasure, count_everything
from accounts.preference_forms import DefaultsForm, LookForm
from jobs.quotas import usage
from voiceproject.pages import PersonRequest
from voiceproject.throttle import throttled


@require_GET
@login_required
def home(request: PersonRequest) -> HttpResponse:
    return _page(request)


@require_POST
@login_required
def keeping(request: PersonRequest) -> HttpResponse:
    return _saved(request, keeping=KeepingForm(request.POST, user=request.user))


@require_POST
@login_required
def defaults(request: PersonRequest) -> HttpResponse:
    return _saved(request, defaults=DefaultsForm(request.POST, user=request.user))


@require_POST
@login_required
def look(request: PersonRequest) -> HttpResponse:
    form = LookForm(request.POST, user=request.user)
    response = _saved(request, look=form)
    if form.is_valid():
        form.remember(response)
    return response


@require_http_methods(["GET", "POST"])
@login_required
@throttled
def erase(request: PersonRequest) -> HttpResponse:
    """Ask for everything to be deleted, with what there is to be deleted in sight."""
    form = ErasureForm(request.POST or None, user=request.user)
    if form.is_valid():
        Erasure.objects.submit(request.user, tokens=form.cleaned_data["tokens"])
        return redirect("accounts:home")
    found = {name: count for name, count in count_everything(request.user).items() if count}
    words = ", ".join(f"{gettext(name)}: {count}" for name, count in found.items())
    context = {"form": form, "found": found, "found_words": words}
    return render(request, "accounts/erase.html", context, status=422 if request.method == "POST" else 200)


def _saved(request: PersonRequest, **form: Any) -> HttpResponse:
    """Keep what one form says, or show it with its errors."""
    [said] = form.values()
    if not said.is_valid():
        return _page(request, status=422, **form)
    said.save()
    messages.success(request, _("Saved."))
    return redirect("accounts:home")


def _page(request: PersonRequest, status: int = 200, **forms: Any) -> HttpResponse:
    user = request.user
    context = {
        "look": LookForm(user=user),
        "defaults": DefaultsForm(user=user),
        "keeping": KeepingForm(user=user),
        "erasure": Erasure.objects.visible_to(user).first(),
        "usage": usage(user),
    }
    return render(request, "accounts/home.html", context | forms, status=status)
