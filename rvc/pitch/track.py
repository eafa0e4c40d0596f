"""Pitch tracks: the grid they live on, transposition, filling, coarse bins, and windows over long recordings.

A track is one value per 10 ms frame in Hz, 0 where unvoiced. Nothing here needs torch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HOP = 160  # samples per frame: 10 ms
F0_MIN, F0_MAX = 50.0, 1100.0  # Hz, the range every estimator searches and the coarse bins span
COARSE_BINS = 255

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Progress = Callable[[float], None]


def no_progress(fraction: float) -> None:
    """Report nothing."""


def frame_count(samples: int) -> int:
    """Frames of a wave of that many samples: frame i is centred on sample 160·i, both ends included."""
    return samples // HOP + 1


def transpose(f0: FloatArray, semitones: float) -> FloatArray:
    """F0 moved by a number of semitones; (T,) Hz, unvoiced frames stay 0."""
    moved: FloatArray = f0 * 2.0 ** (semitones / 12.0)
    return moved


def fill_unvoiced(f0: FloatArray) -> FloatArray:
    """Draw a line through unvoiced frames, from the last voiced value to the next; both ends are held.

    f0: (T,) Hz. A track without any voiced frame comes back unchanged.
    """
    voiced = f0 > 0
    if not voiced.any():
        return f0
    frames = np.arange(len(f0))
    return np.interp(frames, frames[voiced], f0[voiced])


def coarse_bins(f0: FloatArray) -> IntArray:
    """Quantise F0 to the 255 mel-spaced bins that the text encoder embeds.

    f0: (T,) Hz, 100 frames per second, 0 where unvoiced. Returns (T,) in 1..255; 1 is unvoiced, or about 50 Hz and
    below.
    """
    low, high = _mel(np.float64(F0_MIN)), _mel(np.float64(F0_MAX))
    bins = (_mel(f0) - low) * (COARSE_BINS - 1) / (high - low) + 1
    coarse: IntArray = np.rint(np.clip(bins, 1, COARSE_BINS)).astype(np.int64)
    return coarse


def _mel(hertz: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


@dataclass(frozen=True)
class Window:
    """One piece of a long wave, in frames: [left, right) is measured, [start, stop) of it is kept."""

    start: int
    stop: int
    left: int
    right: int
    last: bool

    def read(self, wave: FloatArray) -> FloatArray:
        """The samples to measure. The last window takes the wave's tail that fills no frame with it."""
        return wave[self.left * HOP :] if self.last else wave[self.left * HOP : self.right * HOP]

    def kept(self, track: Any) -> Any:
        """The frames to keep of what was measured on `read`; frames are the first axis."""
        return track[self.start - self.left : self.stop - self.left]


@dataclass(frozen=True)
class Windowing:
    """How a long wave is cut: `length` kept frames a window, and `context` frames measured on both sides.

    A wave of at most `length` frames is one window, so it is measured as a whole. For a method whose frames depend
    on no more than `context` frames around them, the joined track equals the one of the whole wave.
    """

    length: int
    context: int

    def over(self, samples: int) -> Iterator[Window]:
        """The windows of a wave of that many samples, in order."""
        frames = frame_count(samples)
        for start in range(0, frames, self.length):
            stop = min(start + self.length, frames)
            right = min(stop + self.context, frames)
            yield Window(start, stop, max(start - self.context, 0), right, right == frames)


def measure(
    wave: FloatArray, windowing: Windowing, method: Callable[[FloatArray], FloatArray], progress: Progress
) -> FloatArray:
    """Measure a wave window by window and join the tracks.

    wave: (N,) mono 16 kHz, may be memory-mapped; only one window of it is read at a time.
    method: samples -> (samples // 160 + 1,) Hz. Returns (N // 160 + 1,) float64 Hz; no samples give one unvoiced frame.
    """
    frames = frame_count(len(wave))
    track = np.zeros(frames)
    if len(wave) == 0:
        return track
    for window in windowing.over(len(wave)):
        track[window.start : window.stop] = window.kept(method(window.read(wave)))
        progress(window.stop / frames)
    return track
