"""The pages of voices: the list, one voice, bringing one, changing what is said about it, deleting it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from models_app.exports import kinds
from models_app.facts import shown_facts
from models_app.finding import Wish, find, languages_in, tags_in
from models_app.forms import VoiceEditForm, VoiceForm
from models_app.models import Visibility, VoiceModel
from models_app.upkeep_forms import FindForm, IndexForm
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest, by_script

PAGE = 24
EVENTS = 20


@require_GET
@login_required
def voice_list(request: PersonRequest) -> HttpResponse:
    visible = VoiceModel.objects.visible_to(request.user)
    form = FindForm(request.GET, tags=tags_in(visible), languages=languages_in(visible))
    form.is_valid()  # what is not is left out
    wish = {name: value for name, value in form.cleaned_data.items() if value}
    voices = find(request.user, Wish(**wish)).select_related("owner").prefetch_related("tags")
    page = Paginator(voices, PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "wish": wish, "query": urlencode(wish), "any": visible.exists()}
    return render(request, "models_app/list.html", {**context, "page_obj": page, "voices": page.object_list})


@require_GET
@login_required
def voice_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = get_object_or_404(VoiceModel.objects.visible_to(request.user), pk=pk)
    context: dict[str, Any] = {"voice": voice, "may_edit": voice.editable_by(request.user), "facts": shown_facts(voice)}
    if context["may_edit"]:
        context["events"] = voice.events.all()[:EVENTS]
        context["index_form"] = IndexForm()
        context["check"] = voice.checks.first()
    if VoiceModel.objects.exportable_by(request.user).filter(pk=pk).exists():
        context["exports"] = kinds(voice)
    return render(request, "models_app/detail.html", context)


@require_GET
@login_required
def voice_named(request: PersonRequest, slug: str) -> HttpResponse:
    """The address that people can read and remember."""
    return redirect(get_object_or_404(VoiceModel.objects.visible_to(request.user), slug=slug))


@require_http_methods(["GET", "POST"])
@login_required
def voice_add(request: PersonRequest) -> HttpResponse:
    form = VoiceForm(request.POST or None, request.FILES or None, owner=request.user)
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, {"form": form})
    try:
        voice = form.save()
    except RVCError as error:  # the same bytes came a second time while these were checked, or it is too much
        form.add_error(error.field, ValidationError(error.message, code=error.code))
        return _form_page(request, {"form": form})
    messages.success(request, _("“{voice}” is checked and added.").format(voice=voice))
    if by_script(request):
        return JsonResponse({"url": _after_adding(voice)}, status=201)
    return redirect(_after_adding(voice))


@require_http_methods(["GET", "POST"])
@login_required
def voice_edit(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = editable(request, pk)
    form = VoiceEditForm(sent(request), request.FILES or None, instance=voice, by=request.user)
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, {"form": form, "voice": voice})
    form.save()
    messages.success(request, _("What is said about “{voice}” is saved.").format(voice=voice))
    return redirect(voice)


@require_http_methods(["GET", "POST"])
@login_required
def voice_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = editable(request, pk)
    if request.method == "GET":
        waiting = voice.conversions.active().count()
        return render(request, "models_app/confirm_delete.html", {"voice": voice, "waiting": waiting})
    voice.remove(request.user)
    messages.success(request, _("“{voice}” is deleted.").format(voice=voice))
    return redirect("voices:list")


def sent(request: PersonRequest) -> QueryDict | None:
    """What a form is bound to; one that was sent empty is wrong, not new."""
    return request.POST if request.method == "POST" else None


def _after_adding(voice: VoiceModel) -> str:
    """A voice that is to be shared with some people: who are they?"""
    named = voice.visibility == Visibility.PEOPLE
    return reverse("voices:share", args=[voice.pk]) if named else voice.get_absolute_url()


def editable(request: PersonRequest, pk: UUID) -> VoiceModel:
    """The voice for its owner; for everybody else there is none."""
    return get_object_or_404(VoiceModel.objects.editable_by(request.user), pk=pk)


def _form_page(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    """The form; a refusal goes alone to the script that sent it, else on its page."""
    status = 422 if context["form"].is_bound and context["form"].errors else 200
    template = "models_app/_form.html" if status == 422 and by_script(request) else "models_app/form.html"
    return render(request, template, context, status=status)
