"""Who works: a line for each queue that a supervisor serves, which it renews while it lives."""

import os
import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from jobs import SUPERVISOR_VARIABLE
from jobs.queues import Queue


class WorkerBeatQuerySet(models.QuerySet["WorkerBeat"]):
    def alive(self) -> Self:
        """Supervisors that were seen lately, each with its worker processes. Nobody works when this is empty."""
        return self.filter(beat_at__gt=Now() - timedelta(seconds=settings.JOB_STALL_SECONDS))

    def serving(self, queue: str) -> Self:
        return self.alive().filter(queue=queue)

    def forgotten(self) -> Self:
        """Supervisors that ended long ago without a word."""
        return self.filter(beat_at__lt=Now() - timedelta(days=1))

    def note_claim(self) -> None:
        """Called in a worker process that took a job: its supervisor sees that the cluster does something."""
        if supervisor := os.environ.get(SUPERVISOR_VARIABLE):
            self.filter(pk=supervisor).update(claimed_at=Now())


class WorkerBeat(models.Model):
    """One queue that a running supervisor, `manage.py runworkers`, serves on one machine."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    queue = models.CharField(max_length=8, choices=Queue, default=Queue.CPU)
    workers = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, help_text="when one of its workers last took a job")
    memory_bytes = models.BigIntegerField(default=0, help_text="resident, of its worker processes together")
    disk_free_bytes = models.BigIntegerField(null=True, help_text="where this machine keeps what it writes")

    objects = WorkerBeatQuerySet.as_manager()

    class Meta:
        app_label = "jobs"

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    def beat(self, **noticed: int) -> None:
        """Say that we live and what was noticed, and read what the workers noted; `beat_at` is the database's time."""
        if not WorkerBeat.objects.filter(pk=self.pk).update(beat_at=Now(), **noticed):
            self.save(force_insert=True)
        self.refresh_from_db()
