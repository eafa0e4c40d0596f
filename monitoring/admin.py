"""The page of the administration that says how the service is: the numbers of /metrics, for people."""

import shutil
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.models import State, WorkerBeat
from jobs.reaper import job_models
from models_app.assets import asset_store
from monitoring import numbers, staff_log  # noqa: F401 - staff_log registers itself
from monitoring.health import findings
from monitoring.models import Dashboard


@admin.register(Dashboard)
class DashboardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """All staff may look; there is nothing to change."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Dashboard"),
            "opts": self.opts,
            **_figures(request),
        }
        return TemplateResponse(request, "admin/monitoring/dashboard/change_list.html", context)


def _figures(request: HttpRequest) -> dict[str, Any]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    alive = set(WorkerBeat.objects.alive().values_list("pk", flat=True))
    return {
        "findings": findings(),
        "waiting": sorted(numbers.waiting(), key=lambda row: row.since),
        "states": State.labels,
        "today": _today(midnight),
        "failures": [(failure, _link(request, failure)) for failure in numbers.failures()],
        "interrupted": [(kind, count) for kind, count in numbers.interruptions().items() if count],
        "machines": [(beat, beat.pk in alive) for beat in numbers.machines()],
        "work": numbers.work(),
        "most": numbers.MOST_CONVERSIONS,
        "stored": numbers.stored(),
        "disk": shutil.disk_usage(settings.VAR_DIR),
        "missing": [status for status in asset_store().status() if not status.installed],
    }


def _today(midnight: datetime) -> list[tuple[str, list[tuple[str, int]]]]:
    """By kind of job, how many of those that came today are in each state; kinds of which none came are left out."""
    rows = numbers.states(midnight).items()
    labels = [str(label) for label in State.labels]
    return [(kind, list(zip(labels, states.values(), strict=True))) for kind, states in rows if any(states.values())]


def _link(request: HttpRequest, failure: numbers.Failure) -> str:
    """The list of these very jobs; empty where there is none, or not for this person."""
    model = next(model for model in job_models() if numbers.kind_of(model) == failure.kind)
    if not admin.site.is_registered(model) or not admin.site.get_model_admin(model).has_view_permission(request):
        return ""
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{page}?{urlencode({'state__exact': failure.state, 'error_code': failure.code})}"
