"""One durable job, whatever it does.

The row is the truth and the queue only carries hints ("look at job X"). Every arrow below is one conditional UPDATE,
so that of any number of workers, reapers and people exactly one moves a job, and the others see that they did not.

    queued -> running       claim: a new token, a lease, one attempt more
    running -> done | failed | rejected   by the holder of the token only
    running -> queued | failed            the lease is over or the worker is gone; failed at the last attempt
    queued | running -> cancelled         by a person

Times are compared in the database with its own clock: workers on several machines need not agree about the hour.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from jobs.estimates import Forecast, Outlook
from jobs.events import JobEvent
from jobs.hints import send_hint
from jobs.order import OVERTAKEN_SECONDS, Turn
from jobs.queries import AGAIN, FINAL, STOPPED, JobQuerySet, State, afresh, ended, lease
from jobs.queues import Queue, main_queue
from jobs.quotas import SoundOfDay, count_sound, give_sound_back
from jobs.workers import WorkerBeat, WorkerBeatQuerySet
from rvc.errors import Cancelled

__all__ = [
    "FINAL",
    "Job",
    "JobEvent",
    "JobQuerySet",
    "LeaseLost",
    "SoundOfDay",
    "State",
    "Turn",
    "WorkerBeat",
    "WorkerBeatQuerySet",
    "timed_out_message",
]

CRASHED = "The worker stopped unexpectedly every time it worked on this. The administrators find it under {reference}."
TIMED_OUT = "This took longer than the {minutes:.0f} minutes that one job may take."


SERVE = "jobs.tasks.serve"
"""Dotted path of the function that a hint names, called with the name of the queue."""


class LeaseLost(Exception):  # noqa: N818 - the word of the thing that happened
    """Another worker holds this job now, or the row is gone: stop, publish nothing, drop the files."""


class Job(models.Model):
    """Something that a worker does for a person. A concrete model adds what is needed to do it, and `task`."""

    task: ClassVar[str]
    """Dotted path of the function that does it, called with the job's id as text; says whether it was to be done."""

    length: ClassVar[str] = ""
    """Name of the column with the seconds of sound that a job is about; empty where jobs of the kind are alike."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="%(class)ss")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, editable=False)
    queue = models.CharField(max_length=8, choices=Queue, default=main_queue, editable=False)
    attempt = models.PositiveSmallIntegerField(default=0, editable=False)
    token = models.CharField(max_length=32, default="", blank=True, editable=False)
    worker = models.CharField(max_length=64, default="", blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)
    not_before = models.DateTimeField(null=True, editable=False)
    hinted_at = models.DateTimeField(null=True, editable=False)
    stage = models.CharField(max_length=32, default="", blank=True, editable=False)
    progress = models.FloatField(default=0.0, editable=False, help_text="0 to 1, over the whole job")
    error_code = models.CharField(max_length=32, default="", blank=True, editable=False)
    error_message = models.CharField(max_length=500, default="", blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    turn_at = models.DateTimeField(default=timezone.now, editable=False, help_text="when it came, and its length")
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = JobQuerySet.as_manager()

    foreseen: Outlook | None = None

    class Meta:
        abstract = True
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=("state", "created_at"), name="%(class)s_state"),
            models.Index(fields=("owner", "-created_at"), name="%(class)s_owner"),
            models.Index(fields=("queue", "state", "owner", "turn_at"), name="%(class)s_turn"),
            models.Index(fields=("queue", "started_at"), name="%(class)s_begun"),
        )

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        self.turn_at = self.turn_from(self.created_at)
        with transaction.atomic():
            super().save(*args, **kwargs)
            JobEvent.objects.record(self, "", self.state, "accepted")

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def worker_pid(self) -> int:
        """Process id of the worker that holds the job, on its supervisor's machine."""
        return int(self.worker.partition(":")[2])

    @property
    def seconds_of_sound(self) -> float:
        return (getattr(self, self.length) if self.length else 0.0) or 0.0

    @property
    def outlook(self) -> Outlook:
        """Its place in the queue, and when it will have ended. A list asks for all at once: `estimates.foresee`."""
        return self.foreseen or Forecast().of(self)

    @property
    def position(self) -> int | None:
        return self.outlook.position

    @property
    def estimate_seconds(self) -> int | None:
        return self.outlook.seconds

    def turn_from(self, came: datetime) -> datetime:
        """Its time in the line when it came then."""
        return came + timedelta(seconds=min(self.seconds_of_sound, OVERTAKEN_SECONDS))

    def hint(self) -> None:
        """Tell the queue of work. After the row is committed: `transaction.on_commit(job.hint, robust=True)`.

        Nothing depends on it: a hint that is lost is sent again, one too many finds nothing to do. Which job a worker
        takes when it gets the hint stands in jobs/order.py.
        """
        self._rows().filter(pk=self.pk).update(hinted_at=Now())
        send_hint(SERVE, self.queue)

    def beat(self, *, stage: str, progress: float) -> None:
        """Keep the lease and say how far the work is. Raises Cancelled or LeaseLost when it is ours no longer."""
        held = self._held().update(lease_until=lease(), beat_at=Now(), stage=stage, progress=progress)
        if held:
            return
        state = self._rows().filter(pk=self.pk).values_list("state", flat=True).first()
        if state == State.CANCELLED:
            raise Cancelled
        raise LeaseLost(str(self))

    def is_held(self) -> bool:
        """Whether the row says that it is still ours to work on."""
        return self._held().exists()

    def finish(self, **changes: Any) -> bool:
        """Publish the result: `changes` are columns of the row. False when it is not ours: delete what was made."""
        return self._leave(State.DONE, {"progress": 1.0, "stage": "", **changes})

    def fail(self, code: str, message: str) -> bool:
        return self._leave(State.FAILED, _error(code, message))

    def reject(self, code: str, message: str) -> bool:
        """The input turned out to be unusable, which is nobody's failure here."""
        return self._leave(State.REJECTED, _error(code, message))

    def cancel(self) -> bool:
        """Stop a job that waits at once, and one that runs at its next beat. False when it has ended already."""
        moved = self._move(self._rows().active(), STOPPED, **ended(State.CANCELLED))
        self.refresh_from_db(fields=["state", "finished_at"])
        return moved

    def retry(self, **changes: Any) -> bool:
        """Queue a job that did not succeed once more, with the same wish. False when there is nothing to."""
        over = self._rows().filter(state__in=(State.FAILED, State.CANCELLED, State.REJECTED))
        turn = self.turn_from(timezone.now())
        moved = self._move(over, AGAIN, **afresh(), turn_at=turn, **changes)
        self.refresh_from_db()
        if moved:
            transaction.on_commit(self.hint, robust=True)
        return moved

    def put_off(self, seconds: float, reason: str) -> bool:
        """Let go of a running job until later, which costs no attempt. False when it is not ours."""
        changes = {**(self.back_in_queue(counted=False) or {}), "not_before": Now() + timedelta(seconds=seconds)}
        return self._move(self._held(), reason, **changes)

    def discard(self, changes: Mapping[str, Any]) -> None:
        """Delete the files named in `changes`: they were made for a `finish` that came too late."""

    def back_in_queue(self, counted: bool) -> dict[str, Any] | None:
        """The columns of a running job that gets another attempt; None when it has none left."""
        if counted and self.attempt >= settings.JOB_MAX_ATTEMPTS:
            return None
        attempt = F("attempt") if counted else F("attempt") - 1
        fresh = {"stage": "", "progress": 0.0, "token": "", "lease_until": None, "hinted_at": None}
        return {"state": State.QUEUED, "attempt": attempt, **fresh}

    def given_up(self, *, timed_out: bool) -> dict[str, Any]:
        """The columns of a job whose worker stopped too often."""
        if timed_out:
            return ended(State.FAILED) | _error("job_timed_out", timed_out_message())
        return ended(State.FAILED) | _error("job_crashed", CRASHED.format(reference=self.pk.hex[:8]))

    def settle(self, before: str, after: str, *, begun: bool) -> None:
        """Have the day of its owner count it again, or no longer: see jobs/quotas.py."""
        if not self.owner_id or not self.seconds_of_sound:
            return
        if before in FINAL:
            count_sound(self.owner, self.seconds_of_sound)
        elif after == State.FAILED or (after == State.CANCELLED and not begun):
            give_sound_back(self.owner_id, timezone.localdate(self.turn_at), self.seconds_of_sound)

    def _rows(self) -> "JobQuerySet[Self]":
        rows: JobQuerySet[Self] = type(self)._default_manager.all()  # type: ignore[assignment]
        return rows

    def _held(self) -> "JobQuerySet[Self]":
        return self._rows().running().filter(pk=self.pk, token=self.token)

    def _leave(self, state: State, changes: Mapping[str, Any]) -> bool:
        reason = str(changes.get("error_code", ""))
        return self._move(self._rows().running().filter(token=self.token), reason, **ended(state), **changes)

    def _move(self, rows: "JobQuerySet[Self]", reason: str, **changes: Any) -> bool:
        """Change our row if it is among these; what happened is written with it, or neither."""
        with transaction.atomic():
            mine = rows.filter(pk=self.pk)
            before, started_at = mine.select_for_update().values_list("state", "started_at").first() or ("", None)
            moved = bool(before) and bool(mine.update(**changes))
            if moved:
                JobEvent.objects.record(self, before, changes["state"], reason)
                self.settle(before, changes["state"], begun=started_at is not None)
        if moved:
            self.refresh_from_db()
        return moved


def timed_out_message() -> str:
    return TIMED_OUT.format(minutes=settings.JOB_TIMEOUT_SECONDS / 60)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error_code": code, "error_message": message[:500]}
