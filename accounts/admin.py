from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.tokens.models import AccessToken


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Staff see who has which tokens and when they were used, and may revoke them; nobody sees a key."""

    list_display = ("name", "owner", "beginning", "scopes", "created_at", "expires_at", "used_at")
    list_filter = ("expires_at", "used_at")
    search_fields = ("name", "beginning", "owner__username")
    list_select_related = ("owner",)
    fields = ("name", "owner", "beginning", "scopes", "created_at", "expires_at", "used_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its owner has to get the key

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
