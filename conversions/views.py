"""The page of each conversion; the list of them is in studio/history.py."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversions.models import Conversion, ConversionQuerySet
from jobs.models import WorkerBeat
from voiceproject.pages import PersonRequest


@require_GET
@login_required
def conversion_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return render(request, "conversions/detail.html", _status(_visible(request, pk)))


@require_GET
@login_required
def conversion_status(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the page asks for again and again: the same partial that the page was made with."""
    conversion = _visible(request, pk)
    if "HX-Request" not in request.headers:
        return redirect(conversion)
    template = "conversions/_card.html" if "card" in request.GET else "conversions/_status.html"
    return render(request, template, _status(conversion))


@require_POST
@login_required
def conversion_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    conversion = _visible(request, pk)
    if not conversion.cancel():
        messages.info(request, _("It had already ended."))
    return redirect(conversion)


@require_http_methods(["GET", "POST"])
@login_required
def conversion_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    conversion = _visible(request, pk)
    if request.method == "GET":
        return render(request, "conversions/confirm_delete.html", {"conversion": conversion})
    conversion.cancel()  # a worker that is busy with it stops at its next beat
    conversion.delete()
    messages.success(request, _("“{source_name}” is deleted.").format(source_name=conversion.source_name))
    return redirect(conversion.batch or "conversions:list")


def _own(request: PersonRequest) -> ConversionQuerySet:
    return Conversion.objects.visible_to(request.user).select_related("voice")


def _visible(request: PersonRequest, pk: UUID) -> Conversion:
    return get_object_or_404(_own(request), pk=pk)


def _status(conversion: Conversion) -> dict[str, Any]:
    return {
        "conversion": conversion,
        "nobody_works": not conversion.is_final and not WorkerBeat.objects.serving(conversion.queue).exists(),
    }
