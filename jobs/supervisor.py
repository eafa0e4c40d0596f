"""Keeps the clusters of this machine, one for each queue it serves, and looks after the jobs of all machines."""

import logging
import signal
import time
from collections.abc import Mapping

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from jobs.cluster import Cluster
from jobs.models import WorkerBeat
from jobs.reaper import Reaper
from jobs.schema import Schema
from jobs.sweeper import Sweeper

logger = logging.getLogger(__name__)

NAP_SECONDS = 0.2


class Supervisor:
    def __init__(self, queues: Mapping[str, int]) -> None:
        """queues: how many jobs of each are done at a time."""
        self.clusters = [Cluster(queue, workers) for queue, workers in queues.items()]
        self.reaper = Reaper()
        self.sweeper = Sweeper()
        self.schema = Schema()
        self.misfit = ""
        self.stopping = False

    def run(self) -> None:
        """Until a signal asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        for cluster in self.clusters:
            cluster.row.save(force_insert=True)
        WorkerBeat.objects.forgotten().delete()
        try:
            while not self.stopping:
                self.tick_or_wait_for_the_database()
                self.nap()
        finally:
            self.drain()

    def stop(self, *_signal: object) -> None:
        self.stopping = True

    def nap(self) -> None:
        """Short naps: a signal handler may only raise a flag, and somebody has to look at it."""
        end = time.monotonic() + settings.JOB_TICK_SECONDS
        while not self.stopping and time.monotonic() < end:
            time.sleep(NAP_SECONDS)

    def tick_or_wait_for_the_database(self) -> None:
        try:
            self.tick()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the database does not answer, trying again: %s", error)
            connection.close()
            for cluster in self.clusters:
                cluster.outlive_the_database()

    def tick(self) -> None:
        if self.fits():
            self.look_after_everything()

    def fits(self) -> bool:
        """Whether our code knows the database. If not, those who do look after its jobs, and our workers take none."""
        before, self.misfit = self.misfit, self.schema.misfit()
        if self.misfit != before:
            logger.warning("%s", self.misfit or "the database fits again")
            for cluster in self.clusters:
                cluster.watch.reset()  # nobody could take work meanwhile
        return not self.misfit

    def look_after_everything(self) -> None:
        for cluster in self.clusters:
            cluster.beat()
        self.sweeper.tick()
        for cluster in self.clusters:
            cluster.look_for_the_dead()
        self.reaper.tick(self.clusters[-1].row.beat_at)
        for cluster in self.clusters:
            cluster.tick()

    def drain(self) -> None:
        """Stop at once: what was running goes back to the queue and costs no attempt."""
        logger.info("stopping")
        try:
            self.sweeper.end()
            for cluster in self.clusters:
                cluster.end("the worker was asked to stop", counted=False)
                cluster.row.delete()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the database does not answer, leases will run out instead: %s", error)
        logger.info("stopped")
