from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from voiceproject.desk import Desk
from webhooks.models import Webhook


@admin.register(Webhook)
class WebhookAdmin(Desk):
    """Staff see whom the server tells and whether it works, may turn it off or remove it; nobody sees a secret."""

    list_display = ("url", "owner", "active", "failures", "trouble", "delivered_at")
    list_filter = ("active",)
    search_fields = ("url", "owner__username")
    list_select_related = ("owner",)
    csv_columns = ("url", "owner__username", "active", "failures", "trouble", "created_at", "delivered_at")
    fields = ("owner", "url", "active", "failures", "trouble", "created_at", "delivered_at")
    readonly_fields = ("owner", "url", "failures", "trouble", "created_at", "delivered_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its owner has to get the secret
