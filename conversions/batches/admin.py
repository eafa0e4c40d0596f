from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from conversions.batches.failures import failures
from conversions.batches.models import Batch
from conversions.batches.totals import total
from rvc.errors import RVCError
from voiceproject.desk import Act, Desk, link, link_to_owner, note


@admin.register(Batch)
class BatchAdmin(Desk):
    """Staff see how batches go, and stop them; what is in one is a list of conversions."""

    list_display = (
        "created_at",
        "owner_link",
        "name",
        "voice_link",
        "size",
        "how_far",
        "ready",
        "without",
        "its_conversions",
    )
    list_filter = ("created_at",)
    search_fields = ("id", "name", "owner__username", "voice_name")
    list_select_related = ("owner", "voice")
    list_display_links = ("created_at",)
    actions = ("cancel", "retry", "export_csv")
    csv_columns = ("id", "created_at", "owner__username", "name", "voice_name", "size", "ended_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Batch | None = None) -> list[str]:
        columns = [field.name for field in Batch._meta.concrete_fields if field.name not in {"owner", "voice"}]
        return ["owner_link", "voice_link", "how_far", "ready", "its_conversions", "what_failed", *columns]

    def get_fields(self, request: HttpRequest, obj: Batch | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The totals of a page are counted together."""
        shown = super().get_changelist_instance(request)
        shown.result_list = list(shown.result_list)
        total(shown.result_list)
        return shown

    @admin.display(description=gettext_lazy("state"))
    def how_far(self, batch: Batch) -> str:
        return f"{batch.totals.state.label}, {batch.totals.progress:.0%}"

    @admin.display(description=gettext_lazy("ready"))
    def ready(self, batch: Batch) -> int:
        return batch.totals.counts["done"]

    @admin.display(description=gettext_lazy("without a result"))
    def without(self, batch: Batch) -> int:
        return batch.totals.failed

    @admin.display(description=gettext_lazy("conversions"))
    def its_conversions(self, batch: Batch) -> SafeString:
        address = reverse("admin:conversions_conversion_changelist")
        return format_html('<a href="{}?batch__id__exact={}">{}</a>', address, batch.pk, gettext("Show them"))

    @admin.display(description=gettext_lazy("without a result"))
    def what_failed(self, batch: Batch) -> SafeString:
        lines = ((failure.file, failure.code, failure.sentence) for failure in failures(batch))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} ({}): {}</li>", lines))

    @admin.display(description=gettext_lazy("owner"), ordering="owner__username")
    def owner_link(self, batch: Batch) -> SafeString | str:
        return link_to_owner(batch)

    @admin.display(description=gettext_lazy("voice"), ordering="voice_name")
    def voice_link(self, batch: Batch) -> SafeString | str:
        return link(batch.voice, batch.voice_name) if batch.voice else batch.voice_name

    @admin.action(description=gettext_lazy("Cancel selected batches"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._act(request, Act.CANCELLED, queryset)

    @admin.action(description=gettext_lazy("Try what failed in selected batches again"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        self._act(request, Act.RETRIED, queryset)

    def _act(self, request: HttpRequest, act: Act, batches: QuerySet[Batch]) -> None:
        """Of each batch some jobs are stopped, or queued again; that its owner has too much waiting ends it."""
        count = 0
        try:
            for batch in batches:
                jobs = batch.cancel() if act == Act.CANCELLED else batch.retry()
                count += jobs
                note(request, act, [batch] if jobs else [])
        except RVCError as error:
            self.message_user(request, error.message, messages.ERROR)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, (stopped if act == Act.CANCELLED else queued_again)(count), level)

    def delete_model(self, request: HttpRequest, obj: Batch) -> None:
        obj.remove()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> None:
        for batch in queryset:
            batch.remove()


def stopped(count: int) -> str:
    return ngettext("%(count)d job was stopped.", "%(count)d jobs were stopped.", count) % {"count": count}


def queued_again(count: int) -> str:
    return ngettext("%(count)d job was queued again.", "%(count)d jobs were queued again.", count) % {"count": count}
