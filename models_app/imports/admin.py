from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from jobs.admin import lasted, story
from models_app.models import VoiceImport
from voiceproject.desk import Act, CodeFilter, Desk, acted, link, link_to_owner

ABOVE = ("owner_link", "voice_link", "worked", "story")


@admin.register(VoiceImport)
class VoiceImportAdmin(Desk):
    """Staff look, cancel and try again; what an import says is changed by its verbs only."""

    list_display = (
        "created_at", "owner_link", "label", "state", "percent", "arrived", "error_code", "worked", "voice_link",
    )  # fmt: skip
    list_display_links = ("created_at",)
    list_filter = ("state", CodeFilter, "created_at")
    search_fields = ("id", "owner__username", "url", "name")
    list_select_related = ("owner", "voice")
    actions = ("cancel", "retry", "export_csv")
    csv_columns = (
        "id", "created_at", "owner__username", "url", "name", "state", "error_code", "error_message", "bytes_done",
        "started_at", "finished_at", "voice_id",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: VoiceImport | None = None) -> bool:
        """One that waits or runs is cancelled first."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_final)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        for job in queryset:
            job.remove()

    def get_readonly_fields(self, request: HttpRequest, obj: VoiceImport | None = None) -> list[str]:
        hidden = {"token", "owner", "voice"}
        return [*ABOVE, *(field.name for field in VoiceImport._meta.concrete_fields if field.name not in hidden)]

    def get_fields(self, request: HttpRequest, obj: VoiceImport | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description=gettext_lazy("owner"), ordering="owner__username")
    def owner_link(self, job: VoiceImport) -> SafeString | str:
        return link_to_owner(job)

    @admin.display(description=gettext_lazy("voice"), ordering="voice__name")
    def voice_link(self, job: VoiceImport) -> SafeString | str:
        return link(job.voice)

    @admin.display(description=gettext_lazy("worked"))
    def worked(self, job: VoiceImport) -> str:
        return lasted(job.started_at, job.finished_at)

    @admin.display(description=gettext_lazy("what happened"))
    def story(self, job: VoiceImport) -> SafeString:
        return story(job)

    @admin.display(description=gettext_lazy("progress"), ordering="progress")
    def percent(self, job: VoiceImport) -> str:
        return f"{job.progress:.0%}"

    @admin.display(description=gettext_lazy("arrived"), ordering="bytes_done")
    def arrived(self, job: VoiceImport) -> str:
        return filesizeformat(job.bytes_done)

    @admin.action(description=gettext_lazy("Cancel selected imports"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        acted(request, Act.CANCELLED, queryset, VoiceImport.cancel, cancelled)

    @admin.action(description=gettext_lazy("Try selected imports again"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        acted(request, Act.RETRIED, queryset, VoiceImport.retry, queued_again)


def cancelled(count: int) -> str:
    return ngettext("%(count)d import was cancelled.", "%(count)d imports were cancelled.", count) % {"count": count}


def queued_again(count: int) -> str:
    words = ngettext("%(count)d import was queued again.", "%(count)d imports were queued again.", count)
    return words % {"count": count}
