from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from conversions import findings
from conversions.batches import admin as batches_admin  # noqa: F401 - registers itself
from conversions.models import Conversion
from conversions.sharing import admin as sharing_admin  # noqa: F401 - as above
from jobs.admin import story

PLAYER = '<audio controls preload="none" src="{}"></audio>'


@admin.register(Conversion)
class ConversionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Staff look and listen; what a conversion says is changed by its verbs only."""

    list_display = ("created_at", "owner", "voice_name", "source_name", "state", "percent", "error_code", "heard")
    list_filter = ("state", "error_code", "output_format", "f0_method", "created_at")
    search_fields = ("id", "owner__username", "voice_name", "source_name")
    list_select_related = ("owner",)
    date_hierarchy = "created_at"
    actions = ("cancel", "retry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Conversion | None = None) -> list[str]:
        hidden = {"source", "result", "picture", "token", "fingerprint"}
        columns = [field.name for field in Conversion._meta.concrete_fields if field.name not in hidden]
        return ["source_player", "result_player", "measured", "story", *columns]

    def get_fields(self, request: HttpRequest, obj: Conversion | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description="measured")
    def measured(self, conversion: Conversion) -> SafeString | str:
        return findings.table(conversion)

    @admin.display(description="progress", ordering="progress")
    def percent(self, conversion: Conversion) -> str:
        return f"{conversion.progress:.0%}"

    @admin.display(description="recording")
    def source_player(self, conversion: Conversion) -> SafeString | str:
        return _player("source", conversion) if conversion.source else "–"

    @admin.display(description="result")
    def result_player(self, conversion: Conversion) -> SafeString | str:
        return _player("result", conversion) if conversion.result else "–"

    @admin.display(description="what happened")
    def story(self, conversion: Conversion) -> SafeString:
        return story(conversion)

    @admin.display(description="recording and result")
    def heard(self, conversion: Conversion) -> SafeString:
        return format_html("{} {}", self.source_player(conversion), self.result_player(conversion))

    @admin.action(description="Cancel selected conversions", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Conversion]) -> None:
        self._tell(request, sum(conversion.cancel() for conversion in queryset), "cancelled")

    @admin.action(description="Try selected conversions again", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Conversion]) -> None:
        self._tell(request, sum(conversion.retry() for conversion in queryset), "queued again")

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} conversions were {what}.", level)


def _player(kind: str, conversion: Conversion) -> SafeString:
    return format_html(PLAYER, reverse(f"conversions:{kind}", args=[conversion.pk]))
