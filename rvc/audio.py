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
    excess = wave.dtype.type(max(1.0, peak(wave) / INPUT_PEAK))  # rounded as the reference rounds: WORLD hears 1e-8
    for start, stop in blocks(wave, target):
        first, last = max(0, start - MARGIN), min(len(wave), stop + MARGIN)
        filtered = signal.filtfilt(numerator, denominator, wave[first:last] / excess)
        target[start:stop] = filtered[start - first : stop - first]


def loudness_curve(samples: FloatArray, sample_rate: int) -> FloatArray:
    """RMS over one second around every half second, zeros beyond the ends: (N // (rate // 2) + 1,) float64."""
    curve = LoudnessCurve(samples, sample_rate)
    curve.measure(len(samples))
    return curve.values


class LoudnessCurve:
    """The loudness of samples that come one after the other, as far as it has been measured."""

    def __init__(self, samples: FloatArray, sample_rate: int) -> None:
        self.samples, self.hop = samples, sample_rate // 2
        self.energy = np.zeros(len(samples) // self.hop + 2)
        self.measured = 0

    def measure(self, ready: int) -> None:
        """Take in the first `ready` samples: those of whole half seconds, or all there will be."""
        until = ready if ready == len(self.samples) else ready // self.hop * self.hop
        for start in range(self.measured, until, 120 * self.hop):
            stop = min(until, start + 120 * self.hop)
            squares = np.square(self.samples[start:stop], dtype=np.float64)
            sums = np.add.reduceat(squares, np.arange(0, len(squares), self.hop))
            self.energy[start // self.hop + 1 : start // self.hop + 1 + len(sums)] = sums
            let_go(self.samples)
        self.measured = max(self.measured, until)

    @property
    def values(self) -> FloatArray:
        """(N // (rate // 2) + 1,) float64; what lies around the end of the measured is not yet right."""
        return np.asarray(np.sqrt((self.energy[:-1] + self.energy[1:]) / (2 * self.hop)))

    @property
    def judged(self) -> int:
        """The first sample whose loudness, between two values, is not known yet."""
        length = len(self.samples)
        if self.measured == length:
            return length
        known = self.measured // self.hop - 0.5  # half-pixel centres, see _stretched
        return max(0, int(known * (length / (len(self.energy) - 1))) - 2)


class LoudnessMix:
    """Moves the loudness of samples, in place, towards that of the recording they came from, as far as they are there.

    source: (n,) at 16 kHz. mix: 0 takes the source's loudness curve, 1 leaves the samples as they are. What it does to
    a sample does not depend on how many are there at a time.
    """

    def __init__(self, samples: FloatArray, sample_rate: int, source: FloatArray, mix: float) -> None:
        self.samples, self.mix, self.done = samples, mix, 0
        self.wanted, self.own = loudness_curve(source, SAMPLE_RATE), LoudnessCurve(samples, sample_rate)

    def advance(self, ready: int) -> int:
        """Mix all that the first `ready` samples allow to judge, a second less than those; returns where it ends."""
        self.own.measure(ready)  # before any of them is changed
        own, length = self.own.values, len(self.samples)
        for start in range(self.done, self.own.judged, BLOCK):
            stop = min(self.own.judged, start + BLOCK)
            positions = np.arange(start, stop)
            target = _stretched(self.wanted, positions, length)
            present = np.maximum(_stretched(own, positions, length), RMS_FLOOR)
            self.samples[start:stop] *= target ** (1 - self.mix) * present ** (self.mix - 1)
            let_go(self.samples)
        self.done = max(self.done, self.own.judged)
        return self.done


def mix_loudness(samples: FloatArray, sample_rate: int, source: FloatArray, mix: float) -> None:
    """Move the loudness of `samples`, in place, towards that of the recording it came from; see LoudnessMix."""
    LoudnessMix(samples, sample_rate, source, mix).advance(len(samples))


def _stretched(curve: FloatArray, positions: NDArray[np.int64], length: int) -> FloatArray:
    """The curve linearly interpolated to `length` points, half-pixel centres, ends held; values at `positions`."""
    return np.asarray(np.interp((positions + 0.5) * (len(curve) / length) - 0.5, np.arange(len(curve)), curve))


class Resampling:
    """Samples from rates[0] to rates[1] Hz (soxr, HQ), as they come, cut or filled with zeros to fit `target`."""

    def __init__(self, samples: FloatArray, rates: tuple[int, int], target: FloatArray) -> None:
        self.samples, self.target = samples, target
        self.stream = soxr.ResampleStream(rates[0], rates[1], 1, dtype="float32", quality="HQ")
        self.taken = self.done = 0

    def advance(self, ready: int) -> int:
        """Take the first `ready` samples; returns how many of the target are there."""
        while self.taken < ready:
            stop = min(ready, self.taken + BLOCK)
            block = np.ascontiguousarray(self.samples[self.taken : stop], np.float32)
            out = self.stream.resample_chunk(block, last=stop == len(self.samples))[: len(self.target) - self.done]
            self.target[self.done : self.done + len(out)] = out
            self.taken, self.done = stop, self.done + len(out)
            let_go(self.samples)
            let_go(self.target)
        if self.taken == len(self.samples):
            self.target[self.done :] = 0
            self.done = len(self.target)
        return self.done


def resample(samples: FloatArray, rates: tuple[int, int], length: int, scratch: Scratch) -> FloatArray:
    """Samples from rates[0] to rates[1] Hz, exactly `length` of them; see Resampling."""
    target = scratch.empty(length)
    Resampling(samples, rates, target).advance(len(samples))
    return target


def limit_peak(samples: FloatArray) -> bool:
    """Divide, in place, by max|y|/0.99 where that is above 1. True when it was."""
    excess = peak(samples) / OUTPUT_PEAK
    if excess <= 1:
        return False
    for start, stop in blocks(samples):
        samples[start:stop] /= excess
    return True
