"""Gives jobs of dead workers to living ones, and reminds the queue of what it forgot. Any number may run."""

import logging
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from jobs.hints import AWAY, hints_waiting
from jobs.queries import JobQuerySet, job_models
from jobs.queues import EVERY_QUEUE

__all__ = ["Reaper", "job_models", "take_back"]

logger = logging.getLogger(__name__)

HINTS_WAITING = 20
"""With so many hints in the queue it needs no reminder: jobs far behind wait for their turn, not for a hint."""


def take_back(jobs: "JobQuerySet[Any]", reason: str, *, counted: bool = True) -> None:
    for job in jobs.take_back(reason, counted=counted):
        logger.warning("%s: %s, now %s after attempt %d", job, reason, job.state, job.attempt)


class Reaper:
    """Compares leases with the clock of the database, as long as that clock can be trusted.

    After it was set, or the machine slept, leases say nothing: living workers get the time to renew theirs.
    """

    def __init__(self) -> None:
        self.offset: float | None = None
        self.trusted_from = 0.0

    def tick(self, database_time: datetime) -> None:
        if self.trusts(database_time):
            for model in job_models():
                take_back(model._default_manager.all().expired(), "its lease is over")
        try:
            self.remind()
        except RedisError as error:
            logger.warning(AWAY, error)

    def trusts(self, database_time: datetime) -> bool:
        """Whether the database's clock has gone on like our own for as long as a lease lasts."""
        now = time.monotonic()
        offset = database_time.timestamp() - now
        if self.offset is not None and abs(offset - self.offset) > settings.JOB_LEASE_SECONDS / 3:
            logger.warning("the clock jumped by %.0f s: leases are checked again later", offset - self.offset)
            self.trusted_from = now + settings.JOB_LEASE_SECONDS
        self.offset = offset
        return now >= self.trusted_from

    def remind(self) -> None:
        """Send hints again for due jobs of which the queue has not heard lately, the oldest first."""
        for queue in EVERY_QUEUE:
            room = HINTS_WAITING - hints_waiting(queue)
            for model in job_models():
                forgotten = model._default_manager.all().waiting_in(queue).unhinted()
                for job in forgotten.order_by("created_at")[: max(room, 0)]:
                    job.hint()
                    room -= 1
