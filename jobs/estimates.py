"""When a job will be done, from the speed of those that were done lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import F, Sum
from django.utils import timezone

from jobs.order import Line
from jobs.queries import State

if TYPE_CHECKING:
    from jobs.models import Job

MEASURED = 20
"""Jobs of a kind that were done last."""
SHOWN_FROM = 0.1
"""From this part of the work on, its own speed says more than that of others."""


@dataclass(frozen=True)
class Outlook:
    """What a person is told about a job that has not ended."""

    position: int | None = None
    """Place in the queue, from 1; None when it does not wait."""
    seconds: int | None = None
    """Until it has ended; None when nothing like it was measured yet, or nobody works."""


@dataclass(frozen=True)
class Pace:
    """How long the jobs of one kind took, and how much sound they were about."""

    jobs: int
    seconds: float
    sound: float

    def of(self, job: "Job") -> float | None:
        if not self.jobs:
            return None
        if self.sound and job.seconds_of_sound:
            return job.seconds_of_sound * self.seconds / self.sound
        return self.seconds / self.jobs

    @property
    def usual(self) -> float | None:
        return self.seconds / self.jobs if self.jobs else None


class Forecast:
    """Answers for many jobs at once from one look at the queues."""

    def __init__(self) -> None:
        self.line = cache(Line)
        self.pace = cache(measured)
        self.workers = cache(workers_of)
        self.under_way = cache(self._under_way)

    def of(self, job: "Job") -> Outlook:
        if job.state == State.RUNNING:
            return Outlook(seconds=self._rest(job))
        if job.state == State.QUEUED:
            position = self.line(job.queue).position(job)
            return Outlook(position, self._until_done(job, position))
        return Outlook()

    def _until_done(self, job: "Job", position: int) -> int | None:
        workers, pace = self.workers(job.queue), self.pace(type(job))
        own, usual = pace.of(job), pace.usual
        if not workers or own is None or usual is None:
            return None
        before = self.under_way(type(job), job.queue) + (position - 1) * usual
        return round(before / workers + own)

    def _under_way(self, model: type["Job"], queue: str) -> float:
        """Seconds of work that the running jobs have left, together."""
        running = model._default_manager.all().running().filter(queue=queue)
        return sum(self._rest(job) or 0.0 for job in running)

    def _rest(self, job: "Job") -> int | None:
        if job.started_at is None:
            return None
        lasted = (timezone.now() - job.started_at).total_seconds()
        if job.progress >= SHOWN_FROM:
            return round(max(0.0, lasted * (1 - job.progress) / job.progress))
        whole = self.pace(type(job)).of(job)
        return None if whole is None else round(max(0.0, whole - lasted))


def measured(model: type["Job"]) -> Pace:
    rows = model._default_manager.filter(state=State.DONE).order_by("-created_at")
    length = F(model.length) if model.length else F("attempt") * 0.0
    found = list(rows.values_list("started_at", "finished_at", length)[:MEASURED])
    took = [(ended - began).total_seconds() for began, ended, _ in found if began and ended]
    return Pace(len(took), sum(took), sum(sound or 0.0 for _, _, sound in found))


def workers_of(queue: str) -> int:
    """How many jobs of this queue are done at a time, on all machines."""
    beats = apps.get_model("jobs", "WorkerBeat").objects.serving(queue)
    return int(beats.aggregate(total=Sum("workers"))["total"] or 0)


def foresee(jobs: Iterable["Job"]) -> None:
    """Have all these jobs know their outlook: a list asks once for all of them."""
    forecast = Forecast()
    for job in jobs:
        job.foreseen = forecast.of(job)
