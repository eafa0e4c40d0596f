"""The pages of imports: the form with the imports so far, and each import on its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.models import WorkerBeat
from models_app import addresses
from models_app.imports.forms import ImportForm
from models_app.models import VoiceImport
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest

PAGE = 20


@require_http_methods(["GET", "POST"])
@login_required
def import_add(request: PersonRequest) -> HttpResponse:
    form = ImportForm(request.POST if request.method == "POST" else None, owner=request.user)
    if form.is_valid() and form.job is not None:
        return redirect(form.job)
    jobs = VoiceImport.objects.visible_to(request.user).select_related("voice")
    page = Paginator(jobs, PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "enabled": addresses.enabled(), "page_obj": page, "jobs": page.object_list}
    return render(request, "models_app/imports/form.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def import_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    return render(request, "models_app/imports/detail.html", _status(_visible(request, pk)))


@require_GET
@login_required
def import_status(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What the page asks for again and again: the same partial that the page was made with."""
    job = _visible(request, pk)
    if "HX-Request" not in request.headers:
        return redirect(job)
    return render(request, "models_app/imports/_status.html", _status(job))


@require_POST
@login_required
def import_cancel(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = _visible(request, pk)
    if not job.cancel():
        messages.info(request, _("It had already ended."))
    return redirect(job)


@require_POST
@login_required
def import_retry(request: PersonRequest, pk: UUID) -> HttpResponse:
    job = _visible(request, pk)
    try:
        VoiceImport.objects.check_room(request.user)
        if not job.retry():
            messages.info(request, _("Only an import that did not succeed can be tried again."))
    except RVCError as error:
        messages.error(request, error.message)
    return redirect(job)


@require_POST
@login_required
def import_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Forget one that has ended; its voice stays."""
    job = _visible(request, pk)
    if not job.remove():
        messages.error(request, _("It waits or runs: cancel it first."))
        return redirect(job)
    messages.success(request, _("The import of “{label}” is forgotten.").format(label=job.label))
    return redirect("voices:import")


def _visible(request: PersonRequest, pk: UUID) -> VoiceImport:
    return get_object_or_404(VoiceImport.objects.visible_to(request.user).select_related("voice"), pk=pk)


def _status(job: VoiceImport) -> dict[str, Any]:
    return {"job": job, "nobody_works": not job.is_final and not WorkerBeat.objects.serving(job.queue).exists()}
