"""The page of one's own account."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.forms import KeepingForm
from voiceproject.pages import PersonRequest


@require_GET
@login_required
def home(request: PersonRequest) -> HttpResponse:
    return _page(request, KeepingForm(user=request.user))


@require_POST
@login_required
def keeping(request: PersonRequest) -> HttpResponse:
    form = KeepingForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    form.save()
    messages.success(request, "Saved.")
    return redirect("accounts:home")


def _page(request: PersonRequest, keeping: KeepingForm, status: int = 200) -> HttpResponse:
    return render(request, "accounts/home.html", {"keeping": keeping}, status=status)
