from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from jobs.events import JobEvent
from jobs.models import Job, State
from jobs.queues import Queue, queue_label
from jobs.reaper import job_models
from voiceproject.desk import Desk, link_to_owner


class KnownFilter(admin.SimpleListFilter):
    """By a column whose values the program knows: Django's own filter asks every row for them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobEvent]) -> QuerySet[JobEvent]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class KindFilter(KnownFilter):
    title, parameter_name = gettext_lazy("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(_name(model), model._meta.verbose_name) for model in job_models()]


class QueueFilter(KnownFilter):
    title, parameter_name = gettext_lazy("queue"), "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Queue.choices)


class AfterFilter(KnownFilter):
    title, parameter_name = gettext_lazy("after"), "after"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(State.choices)


@admin.register(JobEvent)
class JobEventAdmin(Desk):
    """What happened to jobs. Nobody changes what has happened; it is forgotten after JOB_EVENT_DAYS."""

    list_display = (
        "at", "what", "job_link", "owner_link", "queue_name", "left", "came_to", "attempt", "reason", "worker",
    )  # fmt: skip
    list_display_links = ("at",)
    list_filter = (KindFilter, QueueFilter, AfterFilter, "at")
    search_fields = ("job", "owner__username", "reason", "worker")
    list_select_related = ("owner",)
    csv_columns = (
        "at", "kind", "job", "owner__username", "queue", "before", "after", "attempt", "worker", "reason",
    )  # fmt: skip
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not by itself: a line goes with the account that it belongs to, which asks here, too."""
        own_pages = reverse("admin:jobs_jobevent_changelist")
        return not request.path.startswith(own_pages) and super().has_delete_permission(request, obj)

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def what(self, event: JobEvent) -> str:
        return next((str(model._meta.verbose_name) for model in job_models() if _name(model) == event.kind), event.kind)

    @admin.display(description=gettext_lazy("queue"), ordering="queue")
    def queue_name(self, event: JobEvent) -> str:
        return queue_label(event.queue)

    @admin.display(description=gettext_lazy("before"), ordering="before")
    def left(self, event: JobEvent) -> str:
        return _state(event.before)

    @admin.display(description=gettext_lazy("after"), ordering="after")
    def came_to(self, event: JobEvent) -> str:
        return _state(event.after)

    @admin.display(description=gettext_lazy("owner"), ordering="owner__username")
    def owner_link(self, event: JobEvent) -> SafeString | str:
        return link_to_owner(event)

    @admin.display(description=gettext_lazy("job"), ordering="job")
    def job_link(self, event: JobEvent) -> SafeString | str:
        """To the job, which may be gone by now: its page says so."""
        apps = {model._meta.model_name: model._meta.app_label for model in job_models()}
        try:
            address = reverse(f"admin:{apps.get(event.kind)}_{event.kind}_change", args=[event.job])
        except NoReverseMatch:
            return str(event.job)
        return format_html('<a href="{}">{}</a>', address, event.job)


def _name(model: type[Job]) -> str:
    return str(model._meta.model_name)


def _state(name: str) -> str:
    return str(State(name).label) if name in State.values else name or gettext("new")


def lasted(since: datetime | None, until: datetime | None) -> str:
    """Seconds between two moments, with words; a dash while one of them is still to come."""
    return f"{(until - since).total_seconds():.1f} s" if since and until else "–"


def story(job: Job) -> SafeString:
    """What happened to one job, for its page in the admin."""
    lines = (
        (f"{event.at:%Y-%m-%d %H:%M:%S}", _state(event.before), _state(event.after), event.reason, event.worker)
        for event in JobEvent.objects.of(job)
    )
    rows = format_html_join("", "<tr><td>{}</td><td>{} → {}</td><td>{}</td><td>{}</td></tr>", lines)
    everything = reverse("admin:jobs_jobevent_changelist") + f"?q={job.pk}"
    return format_html('<table>{}</table><a href="{}">{}</a>', rows, everything, gettext("All columns"))
