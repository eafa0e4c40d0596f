"""The page of one's own webhooks."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from voiceproject.pages import PersonRequest
from webhooks.forms import WebhookForm
from webhooks.models import Delivery, Webhook

SHOWN = 20
FRESH = "webhook_secret"


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def webhooks(request: PersonRequest) -> HttpResponse:
    form = WebhookForm(request.POST if request.method == "POST" else None, owner=request.user)
    if form.is_valid() and form.webhook is not None:
        request.session[FRESH] = form.webhook.secret
        return redirect("webhooks:list")
    context = {
        "form": form,
        "enabled": settings.WEBHOOKS,
        "webhooks": Webhook.objects.visible_to(request.user),
        "deliveries": Delivery.objects.visible_to(request.user).select_related("webhook")[:SHOWN],
        "secret": request.session.pop(FRESH, ""),  # this once
    }
    return render(request, "webhooks/list.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def webhook_on(request: PersonRequest, pk: UUID) -> HttpResponse:
    _mine(request, pk).turn_on()
    messages.success(request, _("It is told again, of what ends from now on."))
    return redirect("webhooks:list")


@require_POST
@login_required
def webhook_delete(request: PersonRequest, pk: UUID) -> HttpResponse:
    _mine(request, pk).delete()
    messages.success(request, _("It is removed, with all messages that were to be sent to it."))
    return redirect("webhooks:list")


def _mine(request: PersonRequest, pk: UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.visible_to(request.user), pk=pk)
