from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversions.sweeps.models import Sweep
from jobs.admin import story
from voiceproject.desk import Act, CodeFilter, Desk, acted


@admin.register(Sweep)
class SweepAdmin(Desk):
    """Staff see how comparisons go, and stop them."""

    list_display = ("created_at", "owner", "its_conversion", "state", "percent", "error_code")
    list_filter = ("state", CodeFilter, "created_at")
    search_fields = ("id", "owner__username", "conversion__id")
    list_select_related = ("owner", "conversion")
    actions = ("cancel", "export_csv")
    csv_columns = ("id", "created_at", "owner__username", "conversion_id", "state", "error_code", "finished_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Sweep | None = None) -> list[str]:
        hidden = {"token", "fingerprint", "conversion"}
        columns = [field.name for field in Sweep._meta.concrete_fields if field.name not in hidden]
        return ["its_conversion", "story", *columns]

    def get_fields(self, request: HttpRequest, obj: Sweep | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, sweep: Sweep) -> str:
        return f"{sweep.progress:.0%}"

    @admin.display(description=_("conversion"))
    def its_conversion(self, sweep: Sweep) -> SafeString:
        address = reverse("admin:conversions_conversion_change", args=[sweep.conversion_id])
        return format_html('<a href="{}">{}</a>', address, sweep.conversion.source_name)

    @admin.display(description=_("what happened"))
    def story(self, sweep: Sweep) -> SafeString:
        return story(sweep)

    @admin.action(description=_("Cancel selected comparisons"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Sweep]) -> None:
        acted(request, Act.CANCELLED, queryset, Sweep.cancel, cancelled)


def cancelled(count: int) -> str:
    words = ngettext("%(count)d comparison was cancelled.", "%(count)d comparisons were cancelled.", count)
    return words % {"count": count}
