"""What goes into a conversion, and what comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.options import ConversionOptions

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class Request:
    """What is to be converted, and how.

    wave: (N,) mono at 16 kHz, may be memory-mapped. voice and index: stored files. seconds: exact length of the
    recording where the wave was resampled; the result is round(seconds · rate) samples long. scratch: a folder for
    arrays that are too large for memory. remember: whether what is measured in it may go to the feature cache.
    heard: called with each stretch of the result, and its rate in Hz, while a recording of several pieces is converted:
    joined they are the result, unless that has to be lowered as a whole in the end. It may raise Cancelled.
    usual_f0: Hz, where the voice usually speaks, for `pitch_mode` auto; 0 where nobody knows.
    """

    wave: FloatArray
    voice: Path
    scratch: Path
    options: ConversionOptions = field(default_factory=ConversionOptions)
    index: Path | None = None
    seconds: float | None = None
    remember: bool = True
    heard: Callable[[FloatArray, int], None] | None = None
    usual_f0: float = 0.0


@dataclass
class Converted:
    """The result: samples (M,) float32 at sample_rate, and the record of how it was made.

    timings and cpu: seconds by stage, of the clock and of all processors. f0: (T,) Hz of the recording, 100 frames a
    second, 0 where unvoiced; target: what the synthesizer was told to follow. Both are empty for voices without F0.
    """

    samples: FloatArray
    sample_rate: int
    f0_method: str
    device: str
    timings: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    f0: FloatArray = field(default_factory=lambda: np.zeros(0))
    target: FloatArray = field(default_factory=lambda: np.zeros(0))
