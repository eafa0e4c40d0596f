"""The pages of voices: the list, one voice, bringing one, changing what is said about it, deleting it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from models_app.exports import kinds
from models_app.forms import VoiceEditForm, VoiceForm
from models_app.models import Visibility, VoiceModel
from voiceproject.pages import PersonRequest, by_script

PAGE = 24


@require_GET
@login_required
def voice_list(request: PersonRequest) -> HttpResponse:
    page = Paginator(VoiceModel.objects.visible_to(request.user), PAGE).get_page(request.GET.get("page"))
    return render(request, "models_app/list.html", {"page_obj": page, "voices": page.object_list})


@require_GET
@login_required
def voice_detail(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = get_object_or_404(VoiceModel.objects.visible_to(request.user), pk=pk)
    context = {"voice": voice, "may_edit": voice.editable_by(request.user)}
    if VoiceModel.objects.exportable_by(request.user).filter(pk=pk).exists():
        context["exports"] = kinds(voice)
    return render(request, "models_app/detail.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def voice_add(request: PersonRequest) -> HttpResponse:
    form = VoiceForm(request.POST or None, request.FILES or None, owner=request.user)
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, {"form": form})
    voice = form.save()
    messages.success(request, f"“{voice}” is checked and added.")
    if by_script(request):
        return JsonResponse({"url": voice.get_absolute_url()}, status=201)
    return redirect(voice)


@require_http_methods(["GET", "POST"])
@login_required
def voice_edit(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = _editable(request, pk)
    form = VoiceEditForm(request.POST or None, instance=voice)
    if request.method == "GET" or not form.is_valid():
        return _form_page(request, {"form": form, "voice": voice})
    form.save()
    return redirect(voice)


@require_http_methods(["POST"])
@login_required
def voice_share(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = _editable(request, pk)
    everyone = request.POST.get("shared") == "on"
    voice.share(request.user, Visibility.EVERYONE if everyone else Visibility.PRIVATE)
    return redirect(voice)


@require_http_methods(["GET", "POST"])
@login_required
def voice_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    voice = _editable(request, pk)
    if request.method == "GET":
        return render(request, "models_app/confirm_delete.html", {"voice": voice})
    voice.delete()
    messages.success(request, f"“{voice}” is deleted.")
    return redirect("voices:list")


def _editable(request: PersonRequest, pk: UUID) -> VoiceModel:
    return get_object_or_404(VoiceModel.objects.editable_by(request.user), pk=pk)


def _form_page(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    """The form; a refusal goes alone to the script that sent it, else on its page."""
    status = 422 if context["form"].is_bound and context["form"].errors else 200
    template = "models_app/_form.html" if status == 422 and by_script(request) else "models_app/form.html"
    return render(request, template, context, status=status)
