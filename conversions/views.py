"""The pages of conversions: the form and the list on one, each conversion on its own."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conversions.forms import ConversionForm
from conversions.history import history, things
from conversions.models import Conversion, ConversionQuerySet
from conversions.picking import missing_encoders, picked, voices_to_pick
from jobs.models import WorkerBeat
from jobs.quotas import said
from models_app.models import VoiceModel
from rvc.errors import RVCError
from voiceproject.errors import headers_of, status_of
from voiceproject.pages import PersonRequest, by_script

PAGE = 20


@require_GET
@login_required
def conversion_list(request: PersonRequest) -> HttpResponse:
    again = _again(request, request.GET.get("from"))
    form = ConversionForm(user=request.user, initial=_initial(request, again))
    return _page(request, form, again)


@require_POST
@login_required
def conversion_add(request: PersonRequest) -> HttpResponse:
    again = _again(request, request.POST.get("from"))
    files = request.FILES.copy()
    form = ConversionForm(request.POST, files, user=request.user)
    if again and "recording" not in files:
        try:
            files["recording"] = again.recording()
        except RVCError as error:
            form.fields["recording"].error_messages["required"] = error.message
            again = None
    if not form.is_valid():
        return _refusal(request, form, again)
    try:
        made = form.save()
    except RVCError as error:
        form.add_error(None, error.message)
        return _refusal(request, form, again, error)
    if by_script(request):
        return JsonResponse({"url": made.get_absolute_url()}, status=201)
    return redirect(made)


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
        messages.info(request, "It had already ended.")
    return redirect(conversion)


@require_http_methods(["GET", "POST"])
@login_required
def conversion_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    conversion = _visible(request, pk)
    if request.method == "GET":
        return render(request, "conversions/confirm_delete.html", {"conversion": conversion})
    conversion.cancel()  # a worker that is busy with it stops at its next beat
    conversion.delete()
    messages.success(request, f"“{conversion.source_name}” is deleted.")
    return redirect(conversion.batch or "conversions:list")


def _own(request: PersonRequest) -> ConversionQuerySet:
    return Conversion.objects.visible_to(request.user).select_related("voice")


def _visible(request: PersonRequest, pk: UUID) -> Conversion:
    return get_object_or_404(_own(request), pk=pk)


def _again(request: PersonRequest, key: str | None) -> Conversion | None:
    """The earlier conversion whose settings the form starts from."""
    try:
        return _own(request).filter(pk=UUID(key)).first() if key else None
    except ValueError:
        return None


def _initial(request: PersonRequest, again: Conversion | None) -> dict[str, Any]:
    """What the form shows at first: the earlier settings, or the chosen voice with what it recommends."""
    if again:
        return {"voice": again.voice_id, **asdict(again.options)}
    voices = VoiceModel.objects.visible_to(request.user)
    last = _own(request).filter(voice__in=voices).values_list("voice_id", flat=True).first()
    wanted = request.GET.get("voice") or last
    voice = picked(voices, str(wanted)) or voices.ready().first()
    return {"voice": voice.pk, **voice.recommended} if voice else {}


def _page(request: PersonRequest, form: ConversionForm, again: Conversion | None, status: int = 200) -> HttpResponse:
    page = Paginator(history(request.user), PAGE).get_page(request.GET.get("page"))
    context = _form_context(request, form, again) | {"page_obj": page, "things": things(page.object_list)}
    return render(request, "conversions/list.html", context, status=status)


def _refusal(
    request: PersonRequest, form: ConversionForm, again: Conversion | None, error: RVCError | None = None
) -> HttpResponse:
    """The form with its errors: alone for the script that sent it, else on its page."""
    status = status_of(error) if error else 422
    if by_script(request):
        page = render(request, "conversions/_form.html", _form_context(request, form, again), status=status)
    else:
        page = _page(request, form, again, status=status)
    if error:
        for name, value in headers_of(error).items():
            page[name] = value
    return page


def _form_context(request: PersonRequest, form: ConversionForm, again: Conversion | None) -> dict[str, Any]:
    visible = VoiceModel.objects.visible_to(request.user)
    chosen = str(form["voice"].value() or "")
    voices = voices_to_pick(request.user, chosen)
    return {
        "form": form,
        "again": again,
        "voices": voices,
        "more_voices": max(0, visible.count() - len(voices)),
        "missing": [VoiceModel(encoder=name).missing_asset_message for name in missing_encoders(visible)],
        "chosen": chosen,
        "usage": said(request.user),
        "limits": {"minutes": settings.MAX_RECORDING_SECONDS // 60, "megabytes": settings.MAX_RECORDING_MB},
    }


def _status(conversion: Conversion) -> dict[str, Any]:
    return {
        "conversion": conversion,
        "nobody_works": not conversion.is_final and not WorkerBeat.objects.serving(conversion.queue).exists(),
    }
