from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversions.batches.failures import failures
from conversions.batches.models import Batch
from conversions.batches.totals import total
from rvc.errors import RVCError


@admin.register(Batch)
class BatchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Staff see how batches go, and stop them; what is in one is a list of conversions."""

    list_display = (
        "created_at",
        "owner",
        "name",
        "voice_name",
        "size",
        "how_far",
        "ready",
        "without",
        "its_conversions",
    )
    list_filter = ("created_at",)
    search_fields = ("id", "name", "owner__username", "voice_name")
    list_select_related = ("owner",)
    list_per_page = 50
    date_hierarchy = "created_at"
    actions = ("cancel", "retry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Batch | None = None) -> list[str]:
        columns = [field.name for field in Batch._meta.concrete_fields]
        return ["how_far", "ready", "its_conversions", "what_failed", *columns]

    def get_fields(self, request: HttpRequest, obj: Batch | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The totals of a page are counted together."""
        shown = super().get_changelist_instance(request)
        shown.result_list = list(shown.result_list)
        total(shown.result_list)
        return shown

    @admin.display(description="state")
    def how_far(self, batch: Batch) -> str:
        return f"{batch.totals.state.label}, {batch.totals.progress:.0%}"

    @admin.display(description="ready")
    def ready(self, batch: Batch) -> int:
        return batch.totals.counts["done"]

    @admin.display(description="without a result")
    def without(self, batch: Batch) -> int:
        return batch.totals.failed

    @admin.display(description="conversions")
    def its_conversions(self, batch: Batch) -> SafeString:
        address = reverse("admin:conversions_conversion_changelist")
        return format_html('<a href="{}?batch__id__exact={}">Show them</a>', address, batch.pk)

    @admin.display(description="without a result")
    def what_failed(self, batch: Batch) -> SafeString:
        lines = ((failure.file, failure.code, failure.sentence) for failure in failures(batch))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} ({}): {}</li>", lines))

    @admin.action(description="Cancel selected batches", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._tell(request, sum(batch.cancel() for batch in queryset), "stopped")

    @admin.action(description="Try what failed in selected batches again", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        try:
            self._tell(request, sum(batch.retry() for batch in queryset), "queued again")
        except RVCError as error:  # its owner has too much waiting
            self.message_user(request, error.message, messages.ERROR)

    def delete_model(self, request: HttpRequest, obj: Batch) -> None:
        obj.remove()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        for batch in queryset:
            batch.remove()

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} jobs were {what}.", level)
