"""The page of texts: the form and the list. Each speech is watched and heard on the page of its conversion."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from conversions.models import Conversion, ConversionQuerySet, Kind
from conversions.picking import missing_encoders, picked, voices_to_pick
from jobs.estimates import foresee
from jobs.quotas import said
from models_app.models import VoiceModel
from rvc.errors import RVCError
from tts.forms import SpeechForm, most_characters, notes, offline_labels
from tts.models import Speech
from tts.wishes import LETTERS_A_SECOND
from voiceproject.errors import headers_of, status_of
from voiceproject.pages import PersonRequest, by_script

PAGE = 20


@require_GET
@login_required
def speech_list(request: PersonRequest) -> HttpResponse:
    form = SpeechForm(user=request.user, initial=_initial(request))
    return _page(request, form)


@require_POST
@login_required
def speech_add(request: PersonRequest) -> HttpResponse:
    form = SpeechForm(request.POST, user=request.user)
    if not form.is_valid():
        return _refusal(request, form)
    try:
        speech = form.speak()
    except RVCError as error:
        form.add_error(None, error.message)
        return _refusal(request, form, error)
    if by_script(request):
        return JsonResponse({"url": speech.get_absolute_url()}, status=201)
    return redirect(speech)


def _own(request: PersonRequest) -> ConversionQuerySet:
    return Conversion.objects.visible_to(request.user).filter(kind=Kind.SPEECH).select_related("voice")


def _initial(request: PersonRequest) -> dict[str, Any]:
    """What the form shows at first: an earlier text with its settings, or the voice that was used last."""
    if again := _again(request):
        wish = again.wish
        who = f"{wish.engines[0]}|{wish.engine_speaker}" if len(wish.engines) == 1 else ""
        spoken = {"text": wish.text, "who": who, "rate": wish.rate, "pause": wish.pause}
        return {"voice": again.conversion.voice_id, **asdict(again.conversion.options), **spoken}
    voices = VoiceModel.objects.visible_to(request.user)
    last = _own(request).filter(voice__in=voices).values_list("voice_id", flat=True).first()
    voice = picked(voices, str(request.GET.get("voice") or last)) or voices.ready().first()
    return {"voice": voice.pk, **voice.recommended} if voice else {}


def _again(request: PersonRequest) -> Speech | None:
    try:
        key = UUID(request.GET.get("from", ""))
    except ValueError:
        return None
    return Speech.objects.visible_to(request.user).select_related("conversion").filter(pk=key).first()


def _page(request: PersonRequest, form: SpeechForm, status: int = 200) -> HttpResponse:
    page = Paginator(_own(request), PAGE).get_page(request.GET.get("page"))
    foresee(page.object_list)
    context = _form_context(request, form) | {"page_obj": page, "conversions": page.object_list}
    return render(request, "tts/list.html", context, status=status)


def _refusal(request: PersonRequest, form: SpeechForm, error: RVCError | None = None) -> HttpResponse:
    """The form with its errors: alone for the script that sent it, else on its page."""
    status = status_of(error) if error else 422
    if by_script(request):
        page = render(request, "tts/_form.html", _form_context(request, form), status=status)
    else:
        page = _page(request, form, status=status)
    for name, value in headers_of(error).items() if error else ():
        page[name] = value
    return page


def _form_context(request: PersonRequest, form: SpeechForm) -> dict[str, Any]:
    visible = VoiceModel.objects.visible_to(request.user)
    chosen = str(form["voice"].value() or "")
    voices = voices_to_pick(request.user, chosen)
    return {
        "form": form,
        "voices": voices,
        "more_voices": max(0, visible.count() - len(voices)),
        "missing": [VoiceModel(encoder=name).missing_asset_message for name in missing_encoders(visible)],
        "chosen": chosen,
        "usage": said(request.user),
        "most": most_characters(),
        "pace": LETTERS_A_SECOND,
        "offline": offline_labels(),
        "unusable": notes(),
    }
