"""The page of a batch. It is made on the page of conversions, by sending several recordings or a zip."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from conversions.batches.failures import failures
from conversions.batches.keeping import expires_at
from conversions.batches.models import Batch
from conversions.batches.outgoing import serve_zip
from jobs.models import WorkerBeat
from jobs.queues import Queue, main_queue
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest

PAGE = 50


@require_GET
@login_required
def batch_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return render(request, "conversions/batch.html", _status(request, _visible(request, pk)))


@require_GET
@login_required
def batch_status(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the page asks for again and again: the same partial that the page was made with."""
    batch = _visible(request, pk)
    if "HX-Request" not in request.headers:
        return redirect(batch)
    template = "conversions/_batch_card.html" if "card" in request.GET else "conversions/_batch_status.html"
    return render(request, template, _status(request, batch))


@require_POST
@login_required
def batch_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    batch = _visible(request, pk)
    if not batch.cancel():
        messages.info(request, _("It had already ended."))
    return redirect(batch)


@require_POST
@login_required
def batch_retry(request: PersonRequest, pk: UUID) -> HttpResponse:
    batch = _visible(request, pk)
    try:
        if not batch.retry():
            messages.info(request, _("Nothing of it failed or was cancelled."))
    except RVCError as error:
        messages.error(request, error.message)
    return redirect(batch)


@require_http_methods(["GET", "POST"])
@login_required
def batch_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    batch = _visible(request, pk)
    if request.method == "GET":
        return render(request, "conversions/confirm_delete_batch.html", {"batch": batch})
    batch.remove()
    messages.success(request, _("“{name}” is deleted.").format(name=batch.name))
    return redirect("conversions:list")


@login_required
@require_safe
def batch_zip(request: PersonRequest, pk: UUID) -> HttpResponseBase:
    return serve_zip(_visible(request, pk), fetched=True)


def _visible(request: PersonRequest, pk: UUID) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)


def _status(request: PersonRequest, batch: Batch) -> dict[str, Any]:
    if "card" in request.GET:
        return {"batch": batch}
    rows = batch.conversions.order_by("batch_position", "created_at").defer("facts")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    failed = failures(batch) if batch.totals.failed else []
    return {
        "batch": batch,
        "page_obj": page,
        "failures": failed[:PAGE],
        "more_failures": max(0, len(failed) - PAGE),
        "nobody_works": _nobody_works(batch),
        "expires_at": expires_at(batch),
    }


def _nobody_works(batch: Batch) -> bool:
    """Whether what is to be done next waits in a queue that no machine serves."""
    if not batch.totals.left:
        return False
    queue = Queue.IMPORT if batch.totals.awaited == batch.totals.left else main_queue()
    return not WorkerBeat.objects.serving(queue).exists()
