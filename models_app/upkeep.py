"""The pages around a voice: its picture, who may use it, another index, a blend of two."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models_app.blending import blend
from models_app.covers import serve_cover
from models_app.indexes import remove_index, replace_index
from models_app.models import VoiceCheck, VoiceModel
from models_app.upkeep_forms import BlendForm, IndexForm, ShareForm
from models_app.views import editable, sent
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest


@login_required
@require_safe
def voice_cover(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    voice = VoiceModel.objects.visible_to(request.user).filter(pk=pk).first()
    return serve_cover(request, voice or get_object_or_404(VoiceModel.objects.exportable_by(request.user), pk=pk))


@require_http_methods(["GET", "POST"])
@login_required
def voice_share(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = editable(request, pk)
    form = ShareForm(sent(request), voice=voice, by=request.user)
    if request.method == "GET" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "models_app/share.html", {"form": form, "voice": voice}, status=status)
    form.save()
    messages.success(request, _("Who may use “{voice}” is settled.").format(voice=voice))
    return redirect(voice)


@require_POST
@login_required
def voice_index(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Another index, or none."""
    voice = editable(request, pk)
    if "remove" in request.POST:
        remove_index(voice, request.user)
        messages.success(request, _("The index is removed."))
        return redirect(voice)
    form = IndexForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            replace_index(voice, form.cleaned_data["index"], request.user)
        except RVCError as error:
            form.add_error("index", ValidationError(error.message, code=error.code))
    if form.errors:
        return render(request, "models_app/index.html", {"voice": voice, "form": form}, status=422)
    messages.success(request, _("The index is checked and used from now on."))
    return redirect(voice)


@require_POST
@login_required
def voice_check(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Have it tried once more, and its preview made anew."""
    voice = editable(request, pk)
    VoiceCheck.objects.ask(voice, by=request.user)
    messages.success(request, _("It is tried again as soon as a worker is free."))
    return redirect(voice)


@require_http_methods(["GET", "POST"])
@login_required
def voice_blend(request: PersonRequest) -> HttpResponse:
    wish = {name: request.GET.get(name, "") for name in ("first", "second")}
    find = request.GET.get("find", "").strip().replace("\0", "")[:100]
    form = BlendForm(sent(request), voices=blendable(request), find=find, initial=wish)
    if request.method == "POST" and form.is_valid():
        voice = _blend(request, form)
        if voice is not None:
            messages.success(request, _("“{voice}” is made and kept; only you see it.").format(voice=voice))
            return redirect(voice)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "models_app/blend.html", {"form": form, "find": find}, status=status)


def blendable(request: PersonRequest) -> QuerySet[VoiceModel]:
    return VoiceModel.objects.blendable_by(request.user).order_by(Lower("name"))


def _blend(request: PersonRequest, form: BlendForm) -> VoiceModel | None:
    wish, user = form.cleaned_data, request.user
    try:
        return blend(wish["first"], wish["second"], wish["share"] / 100, by=user, owner=user, name=wish["name"])
    except RVCError as error:
        form.add_error(error.field if error.field in form.fields else None, ValidationError(error.message))
        return None
