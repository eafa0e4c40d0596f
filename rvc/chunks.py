"""Where a long recording is cut, how it is padded, and how the converted pieces are joined. Numpy only.

Positions are samples at 16 kHz. Reference section 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rvc import SAMPLE_RATE
from rvc.scratch import let_go

HOP = 160
FADE_SECONDS = 0.01

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class Cutting:
    """Lengths in seconds: context on both sides, how far a quiet place is searched, where, and from what length on."""

    pad: float = 1
    query: float = 6
    center: float = 38
    longest: float = 41

    @classmethod
    def within(cls, *most: float | None) -> "Cutting":
        """The reference's lengths, or shorter ones for networks that take no more than so many seconds at once."""
        limits = [seconds for seconds in most if seconds is not None]
        if not limits:
            return cls()
        room = min(limits) - 2 * cls.pad - 1  # one second to spare
        query = min(cls.query, room / 12)
        return cls(query=query, center=room - 2 * query, longest=room)


@dataclass(frozen=True)
class Piece:
    """One stretch [start, stop) of the recording, and the stretch [first, last) of the padded one that is computed."""

    start: int
    stop: int
    first: int
    last: int


def cut_points(wave: FloatArray, cutting: Cutting) -> list[int]:
    """Sample positions, multiples of 160, at the quietest 10 ms near each multiple of `center`; none for short audio.

    wave: (N,) the high-passed recording; may be memory-mapped, only the searched stretches are read.
    """
    n = len(wave)
    if n + HOP <= SAMPLE_RATE * cutting.longest:
        return []
    step, reach = int(cutting.center * SAMPLE_RATE), int(cutting.query * SAMPLE_RATE)
    points = []
    for middle in range(step, n, step):
        first, last = middle - reach, min(n, middle + reach)
        points.append((first + int(np.argmin(_energy(wave, first, last)))) // HOP * HOP)
        let_go(wave)
    return points


def _energy(wave: FloatArray, first: int, last: int) -> FloatArray:
    """Σ |a| over the 160 samples around each position of [first, last), with reflection at the ends."""
    stretch = np.abs(padded(wave, HOP // 2, first, last + HOP - 1))
    energy = np.zeros(last - first)
    for offset in range(HOP):  # differences of running sums would lose, in silence, what is left of the filter's tail
        energy += stretch[offset : offset + last - first]
    return energy


def pieces(n: int, points: list[int], pad: int) -> Iterator[Piece]:
    """The pieces between cuts, with the padded stretch that each is computed from (one frame more at inner ends)."""
    edges = [0, *points, n]
    for index in range(len(edges) - 1):
        start, stop = edges[index], edges[index + 1]
        inner = index < len(points)
        yield Piece(start, stop, start, stop + 2 * pad + (HOP if inner else 0))


def padded(wave: FloatArray, pad: int, first: int, last: int) -> FloatArray:
    """Samples [first, last) of the recording padded by `pad` samples of reflection on both sides.

    Equal to numpy.pad(wave, pad, mode="reflect")[first:last] without padding the whole recording.
    """
    n = len(wave)
    if first >= pad and last <= pad + n:
        return np.array(wave[first - pad : last - pad])
    if n == 1:
        return np.full(last - first, wave[0])
    period = 2 * (n - 1)
    positions = np.abs((np.arange(first, last) - pad) % period)
    return np.asarray(wave[np.minimum(positions, period - positions)])


class Joiner:
    """Writes converted pieces one after the other into an array, with a short cross-fade at each cut.

    Each piece brings the samples of its own stretch and, except for the last, a tail of the following 10 ms, which
    fades out while the next piece fades in.
    """

    def __init__(self, target: FloatArray, sample_rate: int) -> None:
        self.target = target
        self.fade = round(FADE_SECONDS * sample_rate)
        self.tail = np.zeros(0, np.float32)

    def write(self, position: int, samples: FloatArray, length: int) -> None:
        """Put `length` samples at `position`; what `samples` has beyond is the tail for the next piece."""
        body = np.array(samples[:length], dtype=np.float32)
        overlap = min(len(self.tail), len(body))
        if overlap:
            rise = (np.arange(overlap, dtype=np.float32) + 0.5) / overlap
            body[:overlap] = self.tail[:overlap] * (1 - rise) + body[:overlap] * rise
        self.target[position : position + len(body)] = body
        self.tail = np.array(samples[length : length + self.fade], dtype=np.float32)
