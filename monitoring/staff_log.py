"""What staff did, as Django's own log has it: a list that everybody with the permission may read and nobody change."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from voiceproject.desk import Act, Desk


class ActFilter(admin.SimpleListFilter):
    """By what was done: what Django tells apart, and the first words of the lines that we write."""

    title = _("what was done")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("added")), ("2", _("changed")), ("3", _("deleted")), *Act.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
        ours = Q()
        for act in Act.values:
            ours |= Q(change_message__startswith=act)
        wanted = self.value() or ""
        if wanted in Act.values:
            return queryset.filter(change_message__startswith=wanted)
        if wanted in {"1", "3"}:
            return queryset.filter(action_flag=int(wanted))
        return queryset.filter(action_flag=CHANGE).exclude(ours) if wanted == "2" else queryset


@admin.register(LogEntry)
class StaffLogAdmin(Desk):
    list_display = ("action_time", "user", "what", "content_type", "row")
    list_display_links = None
    list_filter = (ActFilter, "action_time", ("user", admin.RelatedOnlyFieldListFilter), "content_type")
    search_fields = ("user__username", "object_repr", "object_id", "change_message")
    list_select_related = ("user", "content_type")
    csv_columns = (
        "action_time", "user__username", "action_flag", "change_message", "content_type__model", "object_id",
        "object_repr",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """Not by itself: lines go with the account of who did it, and that page asks here, too."""
        own_pages = reverse("admin:admin_logentry_changelist")
        return not request.path.startswith(own_pages) and request.user.has_perm("admin.delete_logentry")

    @admin.display(description=_("what was done"))
    def what(self, entry: LogEntry) -> str:
        if entry.is_addition():
            return str(_("Added."))
        return str(_("Deleted.")) if entry.is_deletion() else entry.get_change_message()

    @admin.display(description=_("row"), ordering="object_repr")
    def row(self, entry: LogEntry) -> SafeString | str:
        """Its page, which says so when the row is gone; of an export only the kind."""
        address = entry.get_admin_url()
        if not address or not entry.object_id or entry.is_deletion():
            return entry.object_repr
        return format_html('<a href="{}">{}</a>', address, entry.object_repr)
