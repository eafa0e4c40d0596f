"""Keeps one cluster of workers alive, for one queue, and everything they held safe when they are not.

django-q2 leaves orphans when its sentinel is killed, and stands still when an idle worker is: who waits for a hint
holds the lock of the queue, a killed process never gives it back, and the worker that replaces it waits for ever. So
an idle worker that is gone ends the cluster, which is started anew. Whatever else may happen, it is judged by what it
does: work is due, a worker is free, nothing gets claimed - then it is started anew as well.
"""

import logging
import os
import shutil
import socket
import sys
import time
from datetime import timedelta

import psutil
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from jobs import SUPERVISOR_VARIABLE
from jobs.models import State, WorkerBeat
from jobs.processes import Tree
from jobs.queries import job_models
from jobs.queues import hint_list
from jobs.reaper import take_back

logger = logging.getLogger(__name__)

HEALTHY_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 30.0


class Cluster:
    def __init__(self, queue: str, workers: int) -> None:
        self.row = WorkerBeat(host=socket.gethostname(), pid=os.getpid(), queue=queue, workers=workers)
        self.watch = Watch(self.row)
        self.tree: Tree | None = None
        self.workers: set[int] = set()
        self.lame = ""
        """Why it is started anew as soon as nobody is busy; empty while it is well."""
        self.started = 0.0
        self.not_before = 0.0
        self.deaths = 0

    def beat(self) -> None:
        memory = self.tree.memory() if self.tree else 0
        self.row.beat(memory_bytes=memory, disk_free_bytes=shutil.disk_usage(settings.VAR_DIR).free)

    def tick(self) -> None:
        self.take_back_from_the_dead()
        if self.tree is None:
            self.start()
        elif not self.tree.alive():
            self.bury("the cluster died", counted=True)
        elif self.lame and not self.watch.busy():
            self.bury(self.lame, counted=False)
        elif self.watch.stalled():
            self.bury(f"work is due and nobody took any for {self.watch.quiet:.0f} s", counted=False)

    def start(self) -> None:
        if time.monotonic() < self.not_before:
            return
        environment = os.environ | {
            SUPERVISOR_VARIABLE: str(self.row.pk),
            "WORKERS": str(self.row.workers),
            "Q_CLUSTER_NAME": hint_list(self.row.queue),
        }
        self.tree = Tree([sys.executable, settings.BASE_DIR / "manage.py", "qcluster"], environment)
        self.started = time.monotonic()
        self.workers, self.lame = set(), ""
        self.watch.reset()
        logger.info("%s: cluster %d started with %d workers", self.row.queue, self.tree.pid, self.row.workers)

    def bury(self, reason: str, *, counted: bool) -> None:
        """End what is left of the cluster, free its jobs, and start another: at once, or later if they die in a row."""
        lived = time.monotonic() - self.started
        logger.error("%s: the cluster is started anew after %.0f s: %s", self.row.queue, lived, reason)
        self.end(reason, counted=counted)
        self.deaths = 0 if lived > HEALTHY_SECONDS else self.deaths + 1
        self.not_before = time.monotonic() + min(2.0**self.deaths - 1, LONGEST_WAIT_SECONDS)
        self.start()

    def end(self, reason: str, *, counted: bool) -> None:
        if self.tree is not None:
            self.tree.kill()
            self.tree = None
        for model in job_models():
            held = model._default_manager.all().held_by(str(self.row.pk))
            take_back(held, reason, counted=counted)

    def look_for_the_dead(self) -> None:
        """Notice a worker that is gone and had nothing to do; what it waited for is lost to those that live."""
        present = self.tree.workers() if self.tree else set()
        gone, self.workers = self.workers - present, present
        if any(not self.had_work(pid) for pid in gone):
            self.lame = "a worker was killed while it waited for work"

    def outlive_the_database(self) -> None:
        """It was away: who brings hints gave up and sleeps, and nobody can be blamed for work that was not taken."""
        self.watch.reset()
        self.lame = self.lame or "the database was away"

    def had_work(self, pid: int) -> bool:
        """Whether this worker had a job, or ended one just now: it leaves by itself when memory or turns run out."""
        lately = Now() - timedelta(seconds=2 * settings.JOB_TICK_SECONDS)
        rows = [model._default_manager.filter(worker=f"{self.row.pk}:{pid}") for model in job_models()]
        return any(some.filter(Q(state=State.RUNNING) | Q(finished_at__gt=lately)).exists() for some in rows)

    def take_back_from_the_dead(self) -> None:
        """A worker of ours that is gone needs no lease to run out."""
        for model in job_models():
            held = model._default_manager.all().held_by(str(self.row.pk))
            for job in held:
                if not psutil.pid_exists(job.worker_pid):
                    take_back(held.filter(pk=job.pk, token=job.token), "its worker is gone")


class Watch:
    """Tells a cluster that has nothing to do from one that does nothing."""

    def __init__(self, row: WorkerBeat) -> None:
        self.row = row
        self.claimed = row.claimed_at
        self.quiet_since = time.monotonic()
        self.stalls = 0

    def reset(self) -> None:
        self.quiet_since = time.monotonic()

    def stalled(self) -> bool:
        """Work was due, a worker free, and nothing claimed, all the time. Longer each time that a restart was no help.

        A worker that hangs counts as free once its lease is over and its job is due again.
        """
        if self.row.claimed_at != self.claimed:
            self.claimed = self.row.claimed_at
            self.stalls = 0
            self.reset()
        elif not self._work_for_a_free_worker():
            self.reset()
        patience = settings.JOB_STALL_SECONDS * 2 ** min(self.stalls, 3)
        if self.quiet <= patience:
            return False
        self.stalls += 1
        return True

    @property
    def quiet(self) -> float:
        """Seconds for which work was due and nobody took any."""
        return time.monotonic() - self.quiet_since

    def busy(self) -> int:
        """How many jobs our workers hold."""
        return sum(model._default_manager.all().held_by(str(self.row.pk)).count() for model in job_models())

    def _work_for_a_free_worker(self) -> bool:
        queue = self.row.queue
        due = any(model._default_manager.all().due().waiting_in(queue).exists() for model in job_models())
        return due and self.busy() < self.row.workers
