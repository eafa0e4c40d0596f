"""The home page: choose a voice, give it sound, set it, submit."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from conversions.history import history, things
from conversions.models import OPTION_NAMES, Conversion, Kind
from conversions.presets import Preset, begins_with
from jobs.quotas import said
from models_app.models import FavouriteVoice, VoiceModel
from rvc.errors import RVCError
from studio import presets
from studio.forms import StudioForm, Way, way_of
from studio.voices import offer, picked, recently_used, tags_to_choose, wish_from
from tts.forms import most_characters, notes, offline_labels
from tts.wishes import LETTERS_A_SECOND
from voiceproject.errors import headers_of, status_of
from voiceproject.pages import PersonRequest, by_script

LATEST = 3
FIND = "find"
STAR, UNSTAR = STARS = ("star", "unstar")
"""Of these the script asks elsewhere; without it the whole form comes."""


@require_http_methods(["GET", "POST"])
@login_required
def home(request: PersonRequest) -> HttpResponse:
    if request.method == "POST":
        return _act(request, request.POST.get("do", ""))
    again = _earlier(request, request.GET.get("from"))
    return _page(request, StudioForm(user=request.user, initial=_initial(request, again)), again)


@require_GET
@login_required
def voices(request: PersonRequest) -> HttpResponse:
    """What the search finds, for the script; without it the whole page is asked."""
    if "HX-Request" not in request.headers:
        return redirect(f"{reverse('studio:home')}?{request.GET.urlencode()}")
    found = offer(request.user, wish_from(request.GET), request.GET.get("voice", ""))
    return render(request, "studio/_found.html", {"offer": found})


@require_GET
@login_required
def speak(request: PersonRequest) -> HttpResponse:
    """Where texts had a page of their own."""
    asked = request.GET.copy()
    asked["way"] = Way.TEXT
    return redirect(f"{reverse('studio:home')}?{asked.urlencode()}")


def _act(request: PersonRequest, wish: str) -> HttpResponse:
    """What the pressed button says. Enter in a field keeps a preset that was named, and never submits a job."""
    if wish in presets.VERBS or (wish == presets.ENTER and request.POST.get("preset_name", "").strip()):
        return _settle(request, presets.settle(request))
    what, _colon, key = wish.partition(":")
    if what in STARS:
        _star(request, key, starred=what == STAR)
    if what in (FIND, presets.ENTER, *STARS):
        return _settle(request, presets.untouched(request))
    return _submit(request)


def _star(request: PersonRequest, key: str, *, starred: bool) -> None:
    voice = picked(VoiceModel.objects.visible_to(request.user), key)
    if voice is not None:
        FavouriteVoice.objects.put(request.user, voice, starred=starred)


def _submit(request: PersonRequest) -> HttpResponse:
    again = _earlier(request, request.POST.get("from"))
    files = request.FILES.copy()
    if way_of(request.POST) == Way.MICROPHONE:
        files.setlist("recording", files.getlist("microphone"))
    form = StudioForm(request.POST, files, user=request.user)
    if form.way == Way.FILES and again and "recording" not in files:
        try:
            files["recording"] = again.recording()
        except RVCError as error:
            form.fields["recording"].error_messages["required"] = error.message
            again = None
    if not form.is_valid():
        return _refusal(request, form, again)
    try:
        made = form.submit()
    except RVCError as error:
        form.add_error(None, error.message)
        return _refusal(request, form, again, error)
    if by_script(request):
        return JsonResponse({"url": made.get_absolute_url()}, status=201)
    return redirect(made)


def _settle(request: PersonRequest, settled: presets.Settled) -> HttpResponse:
    """The page with all that was written, and what came of a preset; nothing is submitted. Files cannot be kept."""
    initial = {**request.POST.dict(), **settled.options}
    form = StudioForm(user=request.user, initial=initial)
    again = _earlier(request, request.POST.get("from"))
    return _page(
        request,
        form,
        again,
        status=422 if settled.refused else 200,
        more={"settled": settled, "lost_files": bool(request.FILES)},
    )


def _earlier(request: PersonRequest, key: str | None) -> Conversion | None:
    """The earlier conversion whose settings the form starts from."""
    own = Conversion.objects.visible_to(request.user).select_related("voice", "speech")
    try:
        return own.filter(pk=UUID(key)).first() if key else None
    except ValueError:
        return None


def _initial(request: PersonRequest, again: Conversion | None) -> dict[str, Any]:
    """What the form shows at first: the earlier settings, or the chosen voice with what it recommends."""
    way = {"way": way_of(request.GET)}
    if again:
        changed = {name: request.GET[name] for name in OPTION_NAMES if name in request.GET}
        return way | {"voice": again.voice_id} | asdict(again.options) | changed | _spoken(again)
    visible = VoiceModel.objects.visible_to(request.user)
    voice = picked(visible, request.GET.get("voice", "")) or _last_used(request) or visible.ready().first()
    return way | ({"voice": voice.pk, **voice.recommended, **begins_with(request.user)} if voice else {})


def _last_used(request: PersonRequest) -> VoiceModel | None:
    recent = recently_used(request.user)
    there = VoiceModel.objects.visible_to(request.user).in_bulk(recent)
    return next((there[pk] for pk in recent if pk in there), None)


def _spoken(again: Conversion) -> dict[str, Any]:
    if again.kind != Kind.SPEECH:
        return {}
    wish = again.speech.wish
    who = f"{wish.engines[0]}|{wish.engine_speaker}" if len(wish.engines) == 1 else ""
    return {"text": wish.text, "who": who, "rate": wish.rate, "pause": wish.pause}


def _page(
    request: PersonRequest,
    form: StudioForm,
    again: Conversion | None,
    status: int = 200,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """The whole page, or to the script that sent the form the part of it that may have changed."""
    context = _context(request, form, again) | (more or {})
    if by_script(request):
        return render(request, "studio/_studio.html", context, status=status)
    context["latest"] = things(history(request.user)[:LATEST])
    return render(request, "studio/home.html", context, status=status)


def _refusal(
    request: PersonRequest, form: StudioForm, again: Conversion | None, error: RVCError | None = None
) -> HttpResponse:
    page = _page(request, form, again, status=status_of(error) if error else 422)
    for name, value in headers_of(error).items() if error else ():
        page[name] = value
    return page


def _context(request: PersonRequest, form: StudioForm, again: Conversion | None) -> dict[str, Any]:
    visible = VoiceModel.objects.visible_to(request.user)
    asked = request.GET if request.method == "GET" else request.POST
    offered = offer(request.user, wish_from(asked), str(form["voice"].value() or ""))
    return {
        "form": form,
        "again": again,
        "ways": Way.choices,
        "offer": offered,
        "any_voice": bool(offered.voices) or visible.exists(),
        "tags": tags_to_choose(request.user),
        "missing": [VoiceModel(encoder=name).missing_asset_message for name in offered.missing],
        "presets": Preset.objects.visible_to(request.user).order_by("name"),
        "usage": said(request.user),
        "limits": {"minutes": settings.MAX_RECORDING_SECONDS // 60, "megabytes": settings.MAX_RECORDING_MB},
        "most": most_characters(),
        "pace": LETTERS_A_SECOND,
        "offline": offline_labels(),
        "unusable": notes(),
    }
