"""The joined sound at its loudness and its rate, stretch by stretch, while the rest is still being made."""

import numpy as np
from numpy.typing import NDArray

from rvc.audio import OUTPUT_PEAK, LoudnessMix, Resampling, peak

FloatArray = NDArray[np.floating]


class Leveller:
    """Levels samples in their order; `result` is all of it, but for the peak rule, which only the end can decide."""

    def __init__(
        self, samples: FloatArray, target: FloatArray, rates: tuple[int, int], source: FloatArray, mix: float
    ) -> None:
        """samples: (M,) float32 at rates[0] Hz, written from the front; target: for the result at rates[1], the samples
        themselves where that is the same. source, mix: see LoudnessMix.
        """
        self.mix = LoudnessMix(samples, rates[0], source, mix) if mix != 1 else None
        self.resampling = Resampling(samples, rates, target) if target is not samples else None
        self.result = target
        self.done, self.loudest = 0, 0.0

    def advance(self, ready: int) -> FloatArray:
        """What the first `ready` samples add to the result."""
        done = ready if self.mix is None else self.mix.advance(ready)
        done = done if self.resampling is None else self.resampling.advance(done)
        stretch = self.result[self.done : done]
        self.done = done
        return stretch

    def heard(self, stretch: FloatArray) -> FloatArray:
        """A stretch as it may be heard now: the result itself, or lower where one was too loud until here.

        A peak that comes later lowers the whole result, which nobody could know when the stretch was heard.
        """
        self.loudest = max(self.loudest, peak(stretch))
        excess = self.loudest / OUTPUT_PEAK
        return stretch if excess <= 1 else stretch / np.float32(excess)
