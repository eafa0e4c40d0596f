"""The pages of comparisons: what to compare, and the table of what came of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from conversions.models import Conversion
from conversions.sweeps.forms import SweepForm, meanings
from conversions.sweeps.grid import LONGEST_SECONDS, MOST_CELLS
from conversions.sweeps.models import FORMAT, Sweep, SweepCell, SweepQuerySet
from jobs.models import State, WorkerBeat
from rvc.codec import MEDIA_TYPES
from rvc.errors import OptionError, RVCError
from voiceproject.errors import headers_of, status_of
from voiceproject.files import clean_label, serve
from voiceproject.pages import PersonRequest


@require_http_methods(["GET", "POST"])
@login_required
def compare(request: PersonRequest, pk: UUID) -> HttpResponse:
    conversion = get_object_or_404(Conversion.objects.visible_to(request.user), pk=pk)
    form = SweepForm(request.POST if request.method == "POST" else None, conversion=conversion)
    if not form.is_valid():
        return _page(request, form, status=422 if form.is_bound else 200)
    try:
        return redirect(form.save())
    except RVCError as error:
        field = form.field_of(error, form.cleaned_data["axes"]) if isinstance(error, OptionError) else None
        form.add_error(field, error.message)
        page = _page(request, form, status=status_of(error))
        for name, value in headers_of(error).items():
            page[name] = value
        return page


def _page(request: PersonRequest, form: SweepForm, status: int) -> HttpResponse:
    context = {
        "form": form,
        "conversion": form.conversion,
        "meanings": meanings(),
        "most": MOST_CELLS,
        "longest": LONGEST_SECONDS,
    }
    return render(request, "conversions/sweep_form.html", context, status=status)


@require_GET
@login_required
def detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return render(request, "conversions/sweep.html", _status(_visible(request, pk)))


@require_GET
@login_required
def status(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the page asks for again and again: how far it is, and the cells that had not ended when it asked before."""
    sweep = _visible(request, pk)
    if "HX-Request" not in request.headers:
        return redirect(sweep)
    asked = request.GET.getlist("have")
    have = [number for number in range(1, MOST_CELLS + 1) if str(number) in asked]
    return render(request, "conversions/_sweep_status.html", _status(sweep) | {"polled": True, "have": have})


@require_POST
@login_required
def cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    sweep = _visible(request, pk)
    if not sweep.cancel():
        messages.info(request, _("It had already ended."))
    return redirect(sweep)


@require_http_methods(["GET", "POST"])
@login_required
def delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    sweep = _visible(request, pk)
    if request.method == "GET":
        return render(request, "conversions/sweep_delete.html", {"sweep": sweep})
    sweep.cancel()  # a worker that is busy with it stops at its next beat
    sweep.delete()
    messages.success(request, _("The comparison is deleted."))
    return redirect(sweep.conversion)


@require_safe
@login_required
def sound(request: PersonRequest, pk: UUID, number: int) -> HttpResponseBase:
    return serve_cell(request, get_object_or_404(_visible(request, pk).cells.all(), position=number - 1))


def serve_cell(request: Any, cell: SweepCell) -> HttpResponseBase:
    """404 for a cell without a sound."""
    extension, media_type = MEDIA_TYPES[FORMAT]
    words = " ".join(f"{name} {value}" for name, value in cell.options.items())
    filename = clean_label(f"{cell.sweep.conversion.source_name} - {words}".replace("/", " "), fallback="sound")
    return serve(request, cell.result, media_type=media_type, filename=filename + extension)


@require_POST
@login_required
def take(request: PersonRequest, pk: UUID, number: int) -> HttpResponse:
    """Convert the whole recording as one cell was."""
    cell = get_object_or_404(_visible(request, pk).cells.all(), position=number - 1)
    conversion = cell.sweep.conversion
    try:
        made = _whole(cell, conversion)
    except RVCError as error:
        messages.error(request, error.message)
        return redirect(cell.sweep)
    return redirect(made)


def _whole(cell: SweepCell, conversion: Conversion) -> Conversion:
    if conversion.voice is None:
        message = _("The voice %(name)s is not there any more, or not shared with you.")
        raise RVCError("voice_deleted", message % {"name": conversion.voice_name}, field="voice")
    options = conversion.options.from_mapping({**vars(conversion.options), **cell.options})
    keeping = {name: getattr(conversion, name) for name in ("keep_days", "delete_after_download")}
    with conversion.recording() as recording:
        return Conversion.objects.submit(conversion.owner, conversion.voice, recording, options, **keeping)


def _visible(request: PersonRequest, pk: UUID) -> Sweep:
    return get_object_or_404(mine(request), pk=pk)


def mine(request: Any) -> SweepQuerySet:
    rows: SweepQuerySet = Sweep.objects.visible_to(request.user).select_related("conversion__voice")
    return rows


def _status(sweep: Sweep) -> dict[str, Any]:
    prefetch_related_objects([sweep], "cells")
    cells = list(sweep.cells.all())
    left = [cell.number for cell in cells if not cell.is_final]
    return {
        "cells": cells,
        "heard": sum(bool(cell.result) for cell in cells),
        "settled": [cell.number for cell in cells if cell.is_final],
        "current": left[0] if left and sweep.state == State.RUNNING else None,
        "ends": sweep.start + sweep.seconds,
        "sweep": sweep,
        "conversion": sweep.conversion,
        "nobody_works": not sweep.is_final and not WorkerBeat.objects.serving(sweep.queue).exists(),
    }
