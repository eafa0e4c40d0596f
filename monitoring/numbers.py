"""How the service is, in numbers, out of the database: every web process of every machine says the same."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db.models import Count, Min, Sum
from django.utils import timezone

from conversions.models import Conversion
from jobs.events import JobEvent
from jobs.models import Job, State, WorkerBeat
from jobs.reaper import job_models

RECENT = timedelta(days=1)
MOST_CONVERSIONS = 1000
"""Of so many of the latest conversions the stages are added up: a busy site is not asked for a day of them."""
STORED_SECONDS = 300
"""All rows are added up for what is stored: no more often than that."""


def kind_of(model: type[Job]) -> str:
    return str(model._meta.model_name)


@dataclass(frozen=True)
class Waiting:
    """The jobs of one kind that wait in one queue."""

    kind: str
    queue: str
    count: int
    since: datetime

    @property
    def seconds(self) -> float:
        """How long the oldest has waited."""
        return max(0.0, (timezone.now() - self.since).total_seconds())


def waiting() -> list[Waiting]:
    found = []
    for model in job_models():
        queues = model._default_manager.all().waiting().order_by().values("queue")
        for row in queues.annotate(count=Count("pk"), since=Min("created_at")):
            found.append(Waiting(kind_of(model), row["queue"], row["count"], row["since"]))
    return found


def states(since: datetime | None = None) -> dict[str, dict[str, int]]:
    """By kind, how many jobs are in each state; of those that came since then."""
    return {kind_of(model): _states(model, since) for model in job_models()}


def _states(model: type[Job], since: datetime | None) -> dict[str, int]:
    jobs = model._default_manager.order_by()
    if since is not None:
        jobs = jobs.filter(state__in=State.values, created_at__gte=since)  # with the state, the index is of use
    return dict.fromkeys(State.values, 0) | dict(jobs.values_list("state").annotate(count=Count("pk")))


@dataclass(frozen=True)
class Failure:
    """How many jobs of a kind ended with a code, of those that came lately."""

    kind: str
    code: str
    state: str
    count: int


def failures() -> list[Failure]:
    found = []
    for model in job_models():
        ended = model._default_manager.order_by().filter(
            state__in=(State.FAILED, State.REJECTED), created_at__gte=timezone.now() - RECENT
        )
        rows = ended.values_list("error_code", "state").annotate(count=Count("pk"))
        found += [Failure(kind_of(model), code, state, count) for code, state, count in rows]
    return sorted(found, key=lambda failure: -failure.count)


def attempts() -> dict[str, int]:
    """By kind, how often a worker began a job, of those that came lately."""
    recent = {"state__in": State.values, "created_at__gte": timezone.now() - RECENT}
    return {
        kind_of(model): model._default_manager.order_by().filter(**recent).aggregate(n=Sum("attempt", default=0))["n"]
        for model in job_models()
    }


def interruptions() -> dict[str, int]:
    """By kind, how often lately a job went back into the queue because its worker died, hung or was stopped."""
    back = {"before": State.RUNNING, "after": State.QUEUED, "at__gte": timezone.now() - RECENT}
    counts = dict(JobEvent.objects.filter(**back).order_by().values_list("kind").annotate(count=Count("pk")))
    return {kind_of(model): counts.get(kind_of(model), 0) for model in job_models()}


@dataclass
class Work:
    """What the latest conversions cost: at most MOST_CONVERSIONS of those that came lately and are done."""

    count: int = 0
    audio_seconds: float = 0.0
    stages: Counter[str] = field(default_factory=Counter)
    wanted: int = 0
    computed: int = 0

    @property
    def seconds(self) -> float:
        return sum(self.stages.values())

    @property
    def costliest(self) -> Sequence[tuple[str, float]]:
        """Stages and their seconds, the longest first."""
        return self.stages.most_common()

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound; None while nothing was converted."""
        return self.seconds / self.audio_seconds if self.audio_seconds else None

    @property
    def cache_hits(self) -> float | None:
        """Share of the features that came out of the cache; None while none was wanted."""
        return 1 - self.computed / self.wanted if self.wanted else None


def work() -> Work:
    done = Conversion.objects.filter(state=State.DONE, created_at__gte=timezone.now() - RECENT).order_by("-created_at")
    total = Work()
    columns = ("source_seconds", "facts__timings", "facts__features")
    for seconds, timings, features in done.values_list(*columns)[:MOST_CONVERSIONS]:
        total.count += 1
        total.audio_seconds += seconds or 0.0
        total.stages.update(timings or {})
        total.wanted += (features or {}).get("wanted", 0)
        total.computed += (features or {}).get("computed", 0)
    return total


def machines() -> Iterable[WorkerBeat]:
    """What was seen of workers lately, those that live and those that fell silent."""
    return WorkerBeat.objects.order_by("host", "queue", "started_at")


@dataclass(frozen=True)
class Stored:
    """What lies in storage for one kind of record."""

    kind: str
    count: int
    bytes: int


def stored() -> list[Stored]:
    """How much there is of each kind, as the rows say; added up again when the last sum is some minutes old."""
    found: list[tuple[str, int, int]] = cache.get_or_set("monitoring:stored", _sums, STORED_SECONDS) or []
    return [Stored(*row) for row in found]


def _sums() -> list[tuple[str, int, int]]:
    kinds: list[Any] = [model for model in apps.get_models() if hasattr(model, "bytes_column")]
    found = []
    for model in kinds:
        sums = model._base_manager.aggregate(count=Count("pk"), bytes=Sum(model.bytes_column, default=0))
        found.append((str(model._meta.model_name), sums["count"], sums["bytes"]))
    return found
