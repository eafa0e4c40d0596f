"""The numbers in the words of Prometheus. The rows they come from may be deleted, so none of them is a counter."""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.models import WorkerBeat
from jobs.queues import EVERY_QUEUE
from jobs.reaper import job_models
from monitoring import numbers

PREFIX = "voiceproject_"


def exposition() -> bytes:
    """Everything, in the text format 0.0.4."""
    registry = CollectorRegistry()
    registry.register(Numbers())
    return generate_latest(registry)


class Numbers(Collector):
    """Asks the database when it is asked."""

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is asked at registration

    def collect(self) -> Iterator[Metric]:
        for part in PARTS:
            yield from part()


def _gauge(name: str, help_text: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, help_text, labels=labels)


def _version() -> Iterator[Metric]:
    gauge = _gauge("info", "The version that answers; always 1.", ("version",))
    gauge.add_metric([settings.VERSION], 1)
    yield gauge


def _queues() -> Iterator[Metric]:
    """Zeros too: an alarm cannot be set on a line that comes and goes."""
    found = {(row.kind, row.queue): row for row in numbers.waiting()}
    count = _gauge("queue_jobs", "Jobs that wait.", ("kind", "queue"))
    oldest = _gauge("queue_oldest_seconds", "How long the oldest job that waits has waited.", ("kind", "queue"))
    for kind in map(numbers.kind_of, job_models()):
        for queue in EVERY_QUEUE:
            row = found.get((kind, queue))
            count.add_metric([kind, queue], row.count if row else 0)
            oldest.add_metric([kind, queue], row.seconds if row else 0)
    yield from (count, oldest)


def _jobs() -> Iterator[Metric]:
    count = _gauge("jobs", "Jobs in the database.", ("kind", "state"))
    for kind, states in numbers.states().items():
        for state, number in states.items():
            count.add_metric([kind, state], number)
    attempts = _gauge("recent_attempts", "How often workers began the jobs of the last 24 hours.", ("kind",))
    for kind, number in numbers.attempts().items():
        attempts.add_metric([kind], number)
    interruptions = _gauge("recent_interruptions", "Attempts of the last 24 hours that were cut short.", ("kind",))
    for kind, number in numbers.interruptions().items():
        interruptions.add_metric([kind], number)
    failures = _gauge(
        "recent_failures", "Jobs of the last 24 hours that failed or were rejected.", ("kind", "state", "code")
    )
    for failure in numbers.failures():
        failures.add_metric([failure.kind, failure.state, failure.code], failure.count)
    yield from (count, attempts, interruptions, failures)


def _work() -> Iterator[Metric]:
    work = numbers.work()
    of = f"of the last 24 hours' conversions, at most {numbers.MOST_CONVERSIONS}"
    stages = _gauge("recent_stage_seconds", f"Seconds of work, {of}.", ("stage",))
    for stage, seconds in sorted(work.stages.items()):
        stages.add_metric([stage], seconds)
    yield stages
    plain = {
        "recent_conversions": ("Conversions that these figures are of.", work.count),
        "recent_audio_seconds": (f"Seconds of sound, {of}.", work.audio_seconds),
        "recent_real_time_factor": (f"Seconds of work for a second of sound, {of}.", work.real_time_factor),
        "recent_features_wanted": (f"Features that were asked for, {of}.", work.wanted),
        "recent_features_cached": (f"Features that the cache had, {of}.", work.wanted - work.computed),
    }
    for name, (help_text, value) in plain.items():
        gauge = _gauge(name, help_text)
        if value is not None:
            gauge.add_metric([], value)
        yield gauge


def _workers() -> Iterator[Metric]:
    labels = ("host", "queue", "pid")
    processes = _gauge("workers", "Worker processes of supervisors that were seen in the last seconds.", labels)
    silence = _gauge("worker_silence_seconds", "Since the supervisor was last seen.", labels)
    memory = _gauge("worker_memory_bytes", "Resident memory of the worker processes together.", labels)
    room = _gauge("worker_disk_free_bytes", "Free where that machine keeps what it writes.", labels)
    alive = {beat.pk for beat in WorkerBeat.objects.alive()}
    for beat in numbers.machines():
        names = [beat.host, beat.queue, str(beat.pid)]
        processes.add_metric(names, beat.workers if beat.pk in alive else 0)
        silence.add_metric(names, max(0.0, (timezone.now() - beat.beat_at).total_seconds()))
        memory.add_metric(names, beat.memory_bytes)
        if beat.disk_free_bytes is not None:
            room.add_metric(names, beat.disk_free_bytes)
    yield from (processes, silence, memory, room)


def _storage() -> Iterator[Metric]:
    size = _gauge("storage_bytes", "Bytes in the storage, added up every five minutes.", ("kind",))
    count = _gauge("storage_records", "Records that these belong to.", ("kind",))
    for kept in numbers.stored():
        size.add_metric([kept.kind], kept.bytes)
        count.add_metric([kept.kind], kept.count)
    yield from (size, count)


PARTS: tuple[Callable[[], Iterator[Metric]], ...] = (_version, _queues, _jobs, _work, _workers, _storage)
