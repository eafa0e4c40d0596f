from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversions.sharing.models import ShareLink
from voiceproject.desk import Desk

COLUMNS = ("created_at", "owner", "title", "its_conversion", "expires_at", "withdrawn_at", "heard", "heard_at")


@admin.register(ShareLink)
class ShareLinkAdmin(Desk):
    """Staff see what is shared with everybody, and may end it; nobody sees a secret."""

    list_display = COLUMNS
    fields = COLUMNS
    readonly_fields = COLUMNS
    list_filter = ("created_at", "expires_at", "withdrawn_at")
    search_fields = ("id", "title", "owner__username", "conversion__id")
    list_select_related = ("owner", "conversion")
    actions = ("withdraw", "export_csv")
    csv_columns = ("created_at", "owner__username", "title", "conversion_id", "expires_at", "withdrawn_at", "heard")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its owner has to get the secret

    @admin.display(description=_("conversion"))
    def its_conversion(self, link: ShareLink) -> SafeString:
        address = reverse("admin:conversions_conversion_change", args=[link.conversion_id])
        return format_html('<a href="{}">{}</a>', address, link.conversion.source_name)

    @admin.action(description=_("Withdraw selected links"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[ShareLink]) -> None:
        withdrawn = [link for link in queryset if link.withdraw()]
        for link in withdrawn:
            self.log_change(request, link, "Withdrawn.")
        words = ngettext("%(count)d link was withdrawn.", "%(count)d links were withdrawn.", len(withdrawn))
        level = messages.SUCCESS if withdrawn else messages.WARNING
        self.message_user(request, words % {"count": len(withdrawn)}, level)
