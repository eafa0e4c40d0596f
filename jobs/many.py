"""Many jobs of one kind moved at once: a few statements for all of them, however many, in one transaction.

Whoever is killed in the middle has moved none; a worker that ends one of them at that moment is first or second.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Value
from django.utils import timezone

from jobs.events import JobEvent
from jobs.queries import AGAIN, STOPPED, JobQuerySet, State, afresh, ended
from jobs.quotas import admitted, count_sound, give_sound_back
from voiceproject.errors import SlowDown

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.models import Job

AT_ONCE = 500
"""Rows that one statement names."""
FIRST_HINTS = 8


def cancel_all(jobs: "JobQuerySet[Any]") -> int:
    """Stop all of these that wait at once, and those that run at their next beat; how many it were."""
    with transaction.atomic():
        stopped = _locked(jobs.active())
        _change(stopped, **ended(State.CANCELLED))
        _record(stopped, State.CANCELLED, STOPPED)
        _give_back([job for job in stopped if job.started_at is None])
    return len(stopped)


def retry_all(user: "User", jobs: "JobQuerySet[Any]") -> "tuple[int, SlowDown | None]":
    """Queue these jobs of one person once more, in their order; how many, and why not all if they are too many."""
    with transaction.atomic():
        wanted = list(jobs.values_list("pk", jobs.model.length or Value(0.0)))
        count, refusal = admitted(user, (seconds or 0.0 for _, seconds in wanted))  # locks the person, before any job
        places = {pk: place for place, (pk, _) in enumerate(wanted[:count])}
        again = [job for job in _locked(jobs) if job.pk in places]
        _change(again, **afresh())
        _queue_up(sorted(again, key=lambda job: places[job.pk]))
        _record(again, State.QUEUED, AGAIN)
        if again:
            count_sound(user, sum(job.seconds_of_sound for job in again))
        transaction.on_commit(partial(_hint, again), robust=True)
    return len(again), refusal


def _locked(jobs: "JobQuerySet[Any]") -> "list[Job]":
    """Those that are so now, and stay so until the end of the transaction. All who lock many do it in this order."""
    return list(jobs.select_for_update(of=("self",)).order_by("pk"))


def _change(jobs: "Sequence[Job]", **changes: Any) -> None:
    for some in _some(jobs):
        type(some[0])._default_manager.filter(pk__in=[job.pk for job in some]).update(**changes)


def _queue_up(jobs: "Sequence[Job]") -> None:
    """One after the other, as if each had been queued by itself."""
    now = timezone.now()
    for place, job in enumerate(jobs):
        job.turn_at = job.turn_from(now + timedelta(microseconds=place))
    for some in _some(jobs):
        type(some[0])._default_manager.bulk_update(some, ["turn_at"])


def _record(jobs: "Sequence[Job]", after: State, reason: str) -> None:
    if jobs:
        JobEvent.objects.record_all(jobs, [job.state for job in jobs], after, reason)


def _give_back(jobs: "Sequence[Job]") -> None:
    """What nobody worked on counts for no day."""
    owed: dict[tuple[int, date], float] = {}
    for job in jobs:
        if job.owner_id and job.seconds_of_sound:
            key = job.owner_id, timezone.localdate(job.turn_at)
            owed[key] = owed.get(key, 0.0) + job.seconds_of_sound
    for (owner, day), seconds in sorted(owed.items()):
        give_sound_back(owner, day, seconds)


def _hint(jobs: "Sequence[Job]") -> None:
    """For those who are free now; of the others the reaper reminds the queue."""
    for job in jobs[:FIRST_HINTS]:
        job.hint()


def _some(jobs: "Sequence[Job]") -> "list[Sequence[Job]]":
    return [jobs[start : start + AT_ONCE] for start in range(0, len(jobs), AT_ONCE)]
