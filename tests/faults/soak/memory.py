"""How much each process takes as time goes by: memory, and open files."""

import collections
import time
from dataclasses import dataclass

import psutil

MIB = 1 << 20
WARM_SECONDS = 600.0
"""The engine, the voice and the caches come in the first minutes of a process, with its first thirty conversions."""
LOADED = 250 * MIB
"""A worker that has less has not worked: it brings hints or takes results."""


@dataclass(frozen=True)
class Sample:
    at: float
    bytes: int
    files: int


@dataclass(frozen=True)
class Growth:
    """The slope of one process' memory, by least squares, since it was warm."""

    role: str
    pid: int
    minutes: float
    mib: float
    mib_per_hour: float
    files: int
    """More than at first."""


class Memory:
    def __init__(self) -> None:
        self.samples = collections.defaultdict(list)

    def look(self, role: str, processes) -> None:
        for process in processes:
            try:
                who = (role, process.pid, process.create_time())
                sample = Sample(time.time(), process.memory_info().rss, process.num_fds())
            except psutil.Error:
                continue
            if role != "worker" or sample.bytes > LOADED:
                self.samples[who].append(sample)

    def growths(self, shortest_seconds: float) -> list[Growth]:
        """Of the processes that lived long enough after they were warm."""
        found = []
        for (role, pid, _), samples in self.samples.items():
            warm = [sample for sample in samples if sample.at - samples[0].at > WARM_SECONDS]
            if warm and warm[-1].at - warm[0].at >= shortest_seconds:
                length = (warm[-1].at - warm[0].at) / 60
                rise = slope([(sample.at, sample.bytes) for sample in warm]) * 3600 / MIB
                files = warm[-1].files - warm[0].files
                found.append(Growth(role, pid, length, warm[-1].bytes / MIB, rise, files))
        return found


def slope(points) -> float:
    """Least squares, per second."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
