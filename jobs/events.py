"""What happened to every job, a line for each time its state changed, written in the transaction that changed it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from jobs.models import Job


class JobEventQuerySet(models.QuerySet["JobEvent"]):
    def record(self, job: "Job", before: str, after: str, reason: str = "") -> None:
        """`before` is the state that the job left, empty for one that is new."""
        self.record_all([job], [before], after, reason)

    def record_all(self, jobs: "Sequence[Job]", before: Sequence[str], after: str, reason: str = "") -> None:
        """The same of many that moved together. Listeners hear of all of them at once."""
        self.bulk_create(self._line(job, left, after, reason) for job, left in zip(jobs, before, strict=True))
        for listener in settings.JOB_LISTENERS:
            import_string(listener)(jobs, after)

    def _line(self, job: "Job", before: str, after: str, reason: str) -> "JobEvent":
        return self.model(
            job=job.pk,
            kind=str(job._meta.model_name),
            owner_id=job.owner_id,
            queue=job.queue,
            before=before,
            after=after,
            attempt=job.attempt,
            worker=job.worker,
            reason=reason[: JobEvent.LONGEST],
        )

    def of(self, job: "Job") -> Self:
        """The story of one job, from its beginning."""
        return self.filter(job=job.pk).order_by("pk")

    def outdated(self) -> Self:
        return self.filter(at__lt=Now() - timedelta(days=settings.JOB_EVENT_DAYS))

    def forget(self) -> int:
        """Delete those that are older than JOB_EVENT_DAYS; 0 keeps them."""
        return self.outdated().delete()[0] if settings.JOB_EVENT_DAYS else 0


class JobEvent(models.Model):
    """One change of one job's state. It outlives the job, and says nothing of what the job was about."""

    LONGEST = 200

    job = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=40)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    queue = models.CharField(max_length=8)
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10)
    at = models.DateTimeField(db_default=Now(), db_index=True)
    attempt = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=LONGEST, blank=True)

    objects = JobEventQuerySet.as_manager()

    class Meta:
        app_label = "jobs"
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.kind} {self.job}: {self.before or 'new'} → {self.after}"
