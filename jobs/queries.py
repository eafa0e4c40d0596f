"""What can be asked of jobs, and the states they go through; what moves them stands in jobs/models.py."""

import os
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from jobs import SUPERVISOR_VARIABLE
from jobs.events import JobEvent

if TYPE_CHECKING:
    from jobs.models import Job


class State(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    REJECTED = "rejected", _("Rejected")


ACTIVE = (State.QUEUED, State.RUNNING)
STOPPED, AGAIN = "cancelled", "to be tried again"
"""Why a person moved a job."""
FINAL = (State.DONE, State.FAILED, State.CANCELLED, State.REJECTED)


J = TypeVar("J", bound="Job")


class JobQuerySet(models.QuerySet[J]):
    """What can be asked of jobs, and the verbs that move some of them."""

    def waiting(self) -> Self:
        return self.filter(state=State.QUEUED)

    def running(self) -> Self:
        return self.filter(state=State.RUNNING)

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE)

    def final(self) -> Self:
        return self.filter(state__in=FINAL)

    def visible_to(self, user: "models.Model | AnonymousUser") -> Self:
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def due(self) -> Self:
        """Queued jobs that a worker may take now."""
        return self.waiting().filter(Q(not_before=None) | Q(not_before__lte=Now()))

    def waiting_in(self, queue: str) -> Self:
        return self.waiting().filter(queue=queue)

    def unhinted(self) -> Self:
        """Due jobs of which the queue has not heard lately: their hint was never sent, or got lost."""
        stale = Now() - timedelta(seconds=settings.JOB_HINT_SECONDS)
        return self.due().filter(Q(hinted_at=None) | Q(hinted_at__lt=stale) | Q(hinted_at__gt=Now()))

    def expired(self) -> Self:
        """Running jobs that nobody beats for. A lease far in the future was written before the clock was set back."""
        bogus = Now() + timedelta(seconds=2 * settings.JOB_LEASE_SECONDS)
        return self.running().filter(Q(lease_until__lt=Now()) | Q(lease_until__gt=bogus))

    def held_by(self, supervisor: str) -> Self:
        """Running jobs in the hands of this supervisor's workers."""
        return self.running().filter(worker__startswith=f"{supervisor}:")

    def in_turn(self) -> Self:
        """In the order in which jobs of one person are started."""
        return self.order_by("turn_at", "pk")

    def claim(self, pk: uuid.UUID | str) -> "J | None":
        """Move one due job to running; None when it is not due, or another worker was first."""
        token = uuid.uuid4().hex
        with transaction.atomic():
            job = self._take(pk, token)
            if job is not None:
                apps.get_model("jobs", "Turn").take(job)
                JobEvent.objects.record(job, State.QUEUED, State.RUNNING)
        return job

    def _take(self, pk: uuid.UUID | str, token: str) -> "J | None":
        won = (
            self.due()
            .filter(pk=pk)
            .update(
                state=State.RUNNING,
                token=token,
                attempt=F("attempt") + 1,
                worker=f"{os.environ.get(SUPERVISOR_VARIABLE, '')}:{os.getpid()}",
                started_at=Now(),
                beat_at=Now(),
                lease_until=lease(),
                stage="",
                progress=0.0,
            )
        )
        return self.filter(token=token).first() if won else None

    def take_back(self, reason: str = "", *, counted: bool = True) -> "list[J]":
        """Take these running jobs from workers that are gone: queued again, or failed at the last attempt.

        Returns the jobs that were moved. `counted=False` when the worker was stopped on purpose: the attempt is free.
        """
        limit = Now() - timedelta(seconds=settings.JOB_TIMEOUT_SECONDS)
        moved: list[Any] = []
        for job in self.annotate(overdue=Q(started_at__lte=limit)):
            change = job.back_in_queue(counted) or job.given_up(timed_out=job.overdue)
            with transaction.atomic():
                if self.filter(pk=job.pk, token=job.token).update(**change):
                    job.refresh_from_db()
                    JobEvent.objects.record(job, State.RUNNING, job.state, reason)
                    job.settle(State.RUNNING, job.state, begun=True)
                    moved.append(job)
        return moved


def job_models() -> "list[type[Job]]":
    """Every kind of job there is."""
    kinds: list[Any] = [model for model in apps.get_models() if isinstance(model._default_manager.all(), JobQuerySet)]
    return kinds


def ended(state: State) -> dict[str, Any]:
    """The columns of a job that has come to this end."""
    return {"state": state, "finished_at": Now(), "lease_until": None, "token": ""}


def afresh() -> dict[str, Any]:
    """The columns of a job that is queued once more by a person, but for its turn."""
    fresh = {"attempt": 0, "stage": "", "progress": 0.0, "error_code": "", "error_message": "", "finished_at": None}
    return {"state": State.QUEUED, "hinted_at": None, "started_at": None, **fresh}


def lease() -> Any:
    """The time until which a worker that beats now holds its job."""
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
