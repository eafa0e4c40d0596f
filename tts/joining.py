"""Spoken passages put together without a seam: the engine's own silence cut off, soft edges, silence of our length."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUIET = 0.01
"""Of the loudest, 40 dB below: a frame that is quieter at either end is silence."""
FRAME_SECONDS = 0.01
MARGIN_SECONDS = 0.05
"""What stays of the engine's silence: breath and the end of the last sound are quieter than it seems."""
FADE_SECONDS = 0.008

Samples = NDArray[np.floating[Any]]


def trimmed(samples: Samples, rate: int) -> Samples:
    """(N,) without the silence at both ends; all of it where nothing is louder than the rest."""
    frame = max(1, round(FRAME_SECONDS * rate))
    count = -(-len(samples) // frame)
    peaks = np.abs(np.pad(samples, (0, count * frame - len(samples)))).reshape(count, frame).max(axis=1, initial=0)
    loud = np.flatnonzero(peaks > QUIET * peaks.max(initial=0))
    if not len(loud):
        return samples
    margin = round(MARGIN_SECONDS * rate)
    return samples[max(0, loud[0] * frame - margin) : (loud[-1] + 1) * frame + margin]


def faded(samples: Samples, rate: int) -> Samples:
    """(N,) float32 that begins and ends in silence without a click."""
    length = min(round(FADE_SECONDS * rate), len(samples) // 2)
    result = np.array(samples, np.float32)
    if length:
        ramp = np.linspace(0, 1, length, dtype=np.float32)
        result[:length] *= ramp
        result[-length:] *= ramp[::-1]
    return result


def followed(samples: Samples, rate: int, silence: float) -> Samples:
    """(N,) and `silence` seconds of nothing."""
    return np.concatenate((samples, np.zeros(round(silence * rate), np.float32)))
