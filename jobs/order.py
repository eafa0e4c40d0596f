"""Who comes next. The database decides when a worker is free, whatever order the hints arrive in.

People take turns. Next is the first job of the person who has waited longest: since a job of theirs was last started,
or since their first waiting job came, whichever is later. So a thousand jobs of one person delay another's first by
one start, and nobody waits for ever: a turn that waits keeps its time, and everything new has a later one.

A job's own time, `turn_at`, is when it came plus the seconds of sound that it is about, up to OVERTAKEN_SECONDS: what
is short overtakes what is long, for so long and no longer.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Min, Value
from django.db.models.functions import Now

from jobs.queries import JobQuerySet, job_models

if TYPE_CHECKING:
    from jobs.models import Job

OVERTAKEN_SECONDS = 300.0
SEEN_AHEAD = 8
"""Jobs of one person that a worker looks at before it looks at the whole line again."""
AFTER_ALL = datetime.max.replace(tzinfo=UTC)
"""The turn of somebody who has just had one."""
SERVER = 0
"""Stands for the owner of jobs that the server itself asked for."""


class Turn(models.Model):
    """When a job of a person was last started, in one queue. It outlives the job, which may be deleted at once."""

    person = models.BigIntegerField()
    queue = models.CharField(max_length=8)
    at = models.DateTimeField()

    class Meta:
        app_label = "jobs"
        constraints = (models.UniqueConstraint(fields=("queue", "person"), name="one_turn_of_a_person"),)

    def __str__(self) -> str:
        return f"{self.person} in {self.queue}: {self.at}"

    @classmethod
    def take(cls, job: "Job") -> None:
        """Note that this job was started, in the transaction that starts it."""
        turn = Turn(person=job.owner_id or SERVER, queue=job.queue, at=Now())
        Turn.objects.bulk_create([turn], update_conflicts=True, unique_fields=["queue", "person"], update_fields=["at"])


@dataclass
class Person:
    """Somebody whose jobs wait in a queue."""

    owner: int | None
    first: datetime
    count: int = 0
    models: list[type["Job"]] = field(default_factory=list)
    last: datetime | None = None

    @property
    def turn(self) -> datetime:
        """The person whose time is earliest is next."""
        return max(self.first, self.last or self.first)


def of_all_kinds(select: Callable[[JobQuerySet[Any]], Any]) -> Any:
    """The rows of one selection from the jobs of every kind, which may ask for the number of its kind: one query."""
    numbered = [
        select(model._default_manager.all().order_by().annotate(kind_number=Value(number)))
        for number, model in enumerate(job_models())
    ]
    return numbered[0].union(*numbered[1:], all=True)


class Line:
    """Everybody who waits in a queue, as it is now."""

    def __init__(self, queue: str) -> None:
        self.queue = queue

    @cached_property
    def people(self) -> dict[int | None, Person]:
        kinds = job_models()
        people: dict[int | None, Person] = {}
        for kind, owner, first, count in of_all_kinds(self._waiting):
            person = people.setdefault(owner, Person(owner, first))
            person.first = min(person.first, first)
            person.count += count
            person.models.append(kinds[kind])
        if people:
            numbers = {owner or SERVER: person for owner, person in people.items()}
            for number, at in Turn.objects.filter(queue=self.queue, person__in=numbers).values_list("person", "at"):
                numbers[number].last = at
        return people

    def _waiting(self, jobs: JobQuerySet[Any]) -> Any:
        due = jobs.due().waiting_in(self.queue)
        return due.values_list("kind_number", "owner").annotate(first_turn=Min("turn_at"), waiting=Count("pk"))

    def __iter__(self) -> "Iterator[Job]":
        """The first jobs in the order of their turns, as things stand: whose first another worker was given, next."""
        turns = [(person.turn, number, self._jobs_of(person)) for number, person in enumerate(self.people.values())]
        heapq.heapify(turns)
        for number in itertools.count(len(turns)):
            if not turns:
                return
            _, _, jobs = heapq.heappop(turns)
            if (job := next(jobs, None)) is not None:
                yield job
                heapq.heappush(turns, (AFTER_ALL, number, jobs))

    def next(self) -> "Job | None":
        """The job whose turn it is; None when nobody waits."""
        return next(iter(self), None)

    def _jobs_of(self, person: Person) -> "Iterator[Job]":
        due = (model._default_manager.all().due().waiting_in(self.queue) for model in person.models)
        firsts = [jobs.filter(owner=person.owner).in_turn()[:SEEN_AHEAD] for jobs in due]
        yield from heapq.merge(*firsts, key=lambda job: (job.turn_at, job.pk))

    def position(self, job: "Job") -> int:
        """The place of a waiting job, from 1, if nobody else comes: each before it has had as many turns as its owner,
        and one more if they are earlier."""
        own = self.people.get(job.owner_id) or Person(job.owner_id, job.turn_at)
        before = self._before(job)
        others = (person for person in self.people.values() if person.owner != job.owner_id)
        return 1 + before + sum(min(other.count, before + (other.turn < own.turn)) for other in others)

    def _before(self, job: "Job") -> int:
        """How many jobs of the same person come first."""
        own = self._places_of(job.owner_id)
        return own.get(job.pk, len(own))

    def _places_of(self, owner: int | None) -> dict[Any, int]:
        if owner not in self._places:
            rows = of_all_kinds(
                lambda jobs: jobs.due().waiting_in(self.queue).filter(owner=owner).values_list("turn_at", "pk")
            )
            self._places[owner] = {pk: place for place, (_, pk) in enumerate(sorted(rows))}
        return self._places[owner]

    @cached_property
    def _places(self) -> dict[int | None, dict[Any, int]]:
        return {}
