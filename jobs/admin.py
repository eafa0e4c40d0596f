from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.events import JobEvent
from jobs.models import Job


@admin.register(JobEvent)
class JobEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What happened to jobs. Nobody changes what has happened; it is forgotten after JOB_EVENT_DAYS."""

    list_display = ("at", "kind", "job", "owner", "queue", "before", "after", "attempt", "reason")
    list_filter = ("kind", "queue", "after", "at")
    search_fields = ("job", "owner__username", "reason", "worker")
    list_select_related = ("owner",)
    date_hierarchy = "at"
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not by itself: a line goes with the account that it belongs to, which asks here, too."""
        own_pages = reverse("admin:jobs_jobevent_changelist")
        return not request.path.startswith(own_pages) and super().has_delete_permission(request, obj)


def story(job: Job) -> SafeString:
    """What happened to one job, for its page in the admin."""
    lines = (
        (f"{event.at:%Y-%m-%d %H:%M:%S}", event.before or "new", event.after, event.reason, event.worker)
        for event in JobEvent.objects.of(job)
    )
    rows = format_html_join("", "<tr><td>{}</td><td>{} → {}</td><td>{}</td><td>{}</td></tr>", lines)
    everything = reverse("admin:jobs_jobevent_changelist") + f"?q={job.pk}"
    return format_html('<table>{}</table><a href="{}">All columns</a>', rows, everything)
