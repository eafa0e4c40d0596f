"""Signal processing around the networks: level guard, high-pass, loudness mix, resampling, peak rule.

Everything works block by block on arrays that may be memory-mapped. Reference sections 1 and 9.
"""

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from rvc import SAMPLE_RATE
from rvc.scratch import Scratch, let_go

INPUT_PEAK = 0.95
OUTPUT_PEAK = 0.99
HIGH_PASS_HZ = 48
HIGH_PASS_ORDER = 5
BLOCK = 60 * SAMPLE_RATE
MARGIN = SAMPLE_RATE  # the filter's transient has fallen below double precision long before
RMS_FLOOR = 1e-6

FloatArray = NDArray[np.floating]


def blocks(*arrays: FloatArray, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Stretches [start, stop) of the first array, at most `size` long; pages of mapped arrays go after each."""
    length = len(arrays[0])
    for start in range(0, length, size):
        yield start, min(length, start + size)
        for array in arrays:
            let_go(array)


def peak(samples: FloatArray) -> float:
    """Largest absolute value."""
    return max((float(np.abs(samples[start:stop]).max()) for start, stop in blocks(samples)), default=0.0)


def high_pass(wave: FloatArray, target: FloatArray) -> None:
    """Write the wave, lowered to a peak of 0.95 where it is louder, without what lies under 48 Hz, into target.

    wave (N,) at 16 kHz, more than 18 samples; target (N,) float64. Zero phase: applied forward and backward.
    """
    numerator, denominator = signal.butter(HIGH_PASS_ORDER, HIGH_PASS_HZ, btype="high", fs=SAMPLE_RATE)
    gain = 1 / max(1.0, peak(wave) / INPUT_PEAK)
    for start, stop in blocks(wave, target):
        first, last = max(0, start - MARGIN), min(len(wave), stop + MARGIN)
        filtered = signal.filtfilt(numerator, denominator, wave[first:last].astype(np.float64) * gain)
        target[start:stop] = filtered[start - first : stop - first]


def loudness_curve(samples: FloatArray, sample_rate: int) -> FloatArray:
    """RMS over one second around every half second, zeros beyond the ends: (N // (rate // 2) + 1,) float64."""
    hop = sample_rate // 2
    energy = np.zeros(len(samples) // hop + 2)
    for start, stop in blocks(samples, size=120 * hop):
        squares = np.square(samples[start:stop], dtype=np.float64)
        energy[start // hop + 1 : start // hop + 1 + -(-len(squares) // hop)] = np.add.reduceat(
            squares, np.arange(0, len(squares), hop)
        )
    return np.asarray(np.sqrt((energy[:-1] + energy[1:]) / (2 * hop)))


def mix_loudness(samples: FloatArray, sample_rate: int, source: FloatArray, mix: float) -> None:
    """Move the loudness of `samples`, in place, towards that of the recording it came from.

    source: (n,) at 16 kHz. mix: 0 takes the source's loudness curve, 1 leaves the samples as they are.
    """
    wanted, own = loudness_curve(source, SAMPLE_RATE), loudness_curve(samples, sample_rate)
    for start, stop in blocks(samples):
        positions = np.arange(start, stop)
        target = _stretched(wanted, positions, len(samples))
        present = np.maximum(_stretched(own, positions, len(samples)), RMS_FLOOR)
        samples[start:stop] *= target ** (1 - mix) * present ** (mix - 1)


def _stretched(curve: FloatArray, positions: NDArray[np.int64], length: int) -> FloatArray:
    """The curve linearly interpolated to `length` points, half-pixel centres, ends held; values at `positions`."""
    return np.asarray(np.interp((positions + 0.5) * (len(curve) / length) - 0.5, np.arange(len(curve)), curve))


def resample(samples: FloatArray, rates: tuple[int, int], length: int, scratch: Scratch) -> FloatArray:
    """Samples from rates[0] to rates[1] Hz (soxr, HQ), cut or filled with zeros to exactly `length`."""
    target = scratch.empty(length)
    stream = soxr.ResampleStream(rates[0], rates[1], 1, dtype="float32", quality="HQ")
    position = 0
    for start, stop in blocks(samples, target):
        block = np.ascontiguousarray(samples[start:stop], np.float32)
        out = stream.resample_chunk(block, last=stop == len(samples))[: length - position]
        target[position : position + len(out)] = out
        position += len(out)
    target[position:] = 0
    return target


def limit_peak(samples: FloatArray) -> bool:
    """Divide, in place, by max|y|/0.99 where that is above 1. True when it was."""
    excess = peak(samples) / OUTPUT_PEAK
    if excess <= 1:
        return False
    for start, stop in blocks(samples):
        samples[start:stop] /= excess
    return True
