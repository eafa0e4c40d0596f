"""What can be said of a sound in numbers: its level, its peak, its pitch. Numpy only, block by block.

Levels are in dB below full scale: a sine that fills it has a peak of 0 and an RMS level of -3.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from rvc import SAMPLE_RATE
from rvc.audio import blocks
from rvc.codec.intake import FULL_SCALE
from rvc.pitch.track import HOP, frame_count

LOW, HIGH = 5, 95
"""Percentiles of the voiced frames between which the pitch is said to lie."""
MOST_SECONDS = 60
"""Of a long sound the pitch is measured in so many stretches of a second, spread over all of it."""
CONTEXT = 0.1  # seconds on both sides of a stretch, measured and dropped

FloatArray = NDArray[np.floating[Any]]
Estimator = Callable[[FloatArray], FloatArray]


def level_facts(samples: FloatArray) -> dict[str, Any]:
    """`level_db` (RMS) and `peak_db`, None for silence, and `clipped`, the samples at full scale. samples: (N,)."""
    energy, peak, clipped = 0.0, 0.0, 0
    for start, stop in blocks(samples):
        sizes = np.abs(samples[start:stop])
        energy += float(np.sum(np.square(sizes, dtype=np.float64)))
        peak = max(peak, float(sizes.max()))
        clipped += int(np.count_nonzero(sizes >= FULL_SCALE))
    return {
        "level_db": decibels(np.sqrt(energy / max(1, len(samples)))),
        "peak_db": decibels(peak),
        "clipped": clipped,
    }


def decibels(amplitude: float) -> float | None:
    """A share of full scale in dB, to a tenth; None for nothing."""
    return round(20 * float(np.log10(amplitude)), 1) if amplitude > 0 else None


def pitch_facts(f0: FloatArray) -> dict[str, Any]:
    """Hz and shares of a track (T,), 0 where unvoiced, NaN where nobody looked.

    `voiced_share` of the frames looked at, and over the voiced ones `median_hz`, `low_hz` and `high_hz`, between which
    nine tenths of them lie; None where no frame is voiced.
    """
    seen = f0[~np.isnan(f0)]
    voiced = seen[seen > 0]
    low, median, high = np.percentile(voiced, (LOW, 50, HIGH)) if len(voiced) else (None, None, None)
    return {
        "median_hz": _tenth(median),
        "low_hz": _tenth(low),
        "high_hz": _tenth(high),
        "voiced_share": round(len(voiced) / max(1, len(seen)), 3),
    }


def _tenth(hertz: Any) -> float | None:
    return None if hertz is None else round(float(hertz), 1)


def sampled_f0(samples: FloatArray, rate: int, estimator: Estimator) -> FloatArray:
    """F0 of a sound at any rate, (T,) Hz at 100 frames a second; NaN where it was not measured because it is long.

    estimator: a wave at 16 kHz -> its F0. What it costs is bounded by MOST_SECONDS of sound.
    """
    seconds = len(samples) / rate
    track = np.full(frame_count(round(seconds * SAMPLE_RATE)), np.nan)
    for start, stop in _stretches(seconds):
        first = max(0.0, start - CONTEXT)
        cut = np.asarray(samples[round(first * rate) : round((stop + CONTEXT) * rate)], np.float32)
        wave = cut if rate == SAMPLE_RATE else soxr.resample(cut, rate, SAMPLE_RATE, "HQ")
        f0 = estimator(wave)[_frame(start - first) :]
        begin, end = _frame(start), min(len(track), _frame(stop) + 1)
        count = min(end - begin, len(f0))
        track[begin : begin + count] = f0[:count]
    return track


def _stretches(seconds: float) -> Iterator[tuple[float, float]]:
    """What is measured, in seconds: the whole, or a second in the middle of each of MOST_SECONDS equal parts."""
    if seconds <= MOST_SECONDS:
        yield 0.0, seconds
        return
    part = seconds / MOST_SECONDS
    for number in range(MOST_SECONDS):
        start = round((number + 0.5) * part - 0.5, 2)
        yield start, start + 1


def _frame(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / HOP)
