from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from models_app.forged import KnownRows
from models_app.models import VoiceImport


@admin.register(VoiceImport)
class VoiceImportAdmin(KnownRows, admin.ModelAdmin):  # type: ignore[type-arg]
    """Staff look, cancel and try again; what an import says is changed by its verbs only."""

    list_display = ("created_at", "owner", "label", "state", "percent", "arrived", "error_code", "voice")
    list_filter = ("state", "error_code", "created_at")
    search_fields = ("id", "owner__username", "url", "name")
    list_select_related = ("owner", "voice")
    date_hierarchy = "created_at"
    actions = ("cancel", "retry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: VoiceImport | None = None) -> bool:
        """One that waits or runs is cancelled first."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_final)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        for job in queryset:
            job.remove()

    def get_readonly_fields(self, request: HttpRequest, obj: VoiceImport | None = None) -> list[str]:
        return [field.name for field in VoiceImport._meta.concrete_fields if field.name != "token"]

    @admin.display(description="progress", ordering="progress")
    def percent(self, job: VoiceImport) -> str:
        return f"{job.progress:.0%}"

    @admin.display(description="arrived", ordering="bytes_done")
    def arrived(self, job: VoiceImport) -> str:
        return filesizeformat(job.bytes_done)

    @admin.action(description="Cancel selected imports", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        self._tell(request, sum(job.cancel() for job in queryset), "cancelled")

    @admin.action(description="Try selected imports again", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[VoiceImport]) -> None:
        self._tell(request, sum(job.retry() for job in queryset), "queued again")

    def _tell(self, request: HttpRequest, count: int, what: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} imports were {what}.", level)
