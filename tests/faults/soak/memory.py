"""How much each worker process takes as time goes by."""

import collections
import time
from dataclasses import dataclass

import psutil

MIB = 1 << 20
WARM_SECONDS = 180.0
"""The engine, the voice and the caches come in the first minutes of a process."""
LOADED = 250 * MIB
"""What has less has not worked: it brings hints or takes results."""


@dataclass(frozen=True)
class Growth:
    """The slope of one process' memory, by least squares."""

    pid: int
    minutes: float
    mib: float
    mib_per_hour: float


class Memory:
    def __init__(self) -> None:
        self.samples = collections.defaultdict(list)

    def look(self, processes) -> None:
        for process in processes:
            try:
                who = (process.pid, process.create_time())
                self.samples[who].append((time.time(), process.memory_info().rss))
            except psutil.Error:
                continue

    def growths(self, shortest_seconds: float) -> list[Growth]:
        """Of the processes that worked, and lived long enough after they were warm."""
        found = []
        for (pid, born), points in self.samples.items():
            warm = [(at, rss) for at, rss in points if at - born > WARM_SECONDS and rss > LOADED]
            if warm and warm[-1][0] - warm[0][0] >= shortest_seconds:
                length = (warm[-1][0] - warm[0][0]) / 60
                found.append(Growth(pid, length, warm[-1][1] / MIB, slope(warm) * 3600 / MIB))
        return found


def slope(points) -> float:
    """Least squares, per second."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
