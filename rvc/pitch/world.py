"""The WORLD estimators harvest and dio (Morise, 2017 and 2009) with stonemask refinement, through pyworld."""

from types import ModuleType

import numpy as np

from rvc import SAMPLE_RATE
from rvc.errors import AssetError
from rvc.pitch.track import F0_MAX, F0_MIN, HOP, FloatArray, Progress, Windowing, measure, no_progress

WINDOWING = Windowing(length=1000, context=200)  # 10 s, so that harvest can be stopped; both look less than 1 s around
FRAME_MS = 1000.0 * HOP / SAMPLE_RATE


def world_problem() -> str | None:
    """Why harvest and dio cannot be used on this machine, or None."""
    try:
        _pyworld()
    except (ImportError, OSError, RuntimeError, ValueError, AttributeError) as error:
        # A compiled module can also fail with these: a missing library, or one built for another numpy.
        return f"The package pyworld cannot be imported: {error}"
    return None


def _pyworld() -> ModuleType:
    import pyworld  # noqa: PLC0415 - an optional native package: its failure must not take the others along

    module: ModuleType = pyworld
    return module


class WorldEstimator:
    """F0 by WORLD. The recording should have no offset and no rumble, as after the pipeline's high-pass filter."""

    nbytes = 0  # no weights

    def __init__(self, name: str, windowing: Windowing = WINDOWING) -> None:
        problem = world_problem()
        if problem is not None:
            raise AssetError("needs_asset", f"{name} is not available here. {problem}")
        self.name = name
        self.windowing = windowing
        self._world = _pyworld()

    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """(N,) mono 16 kHz -> (N // 160 + 1,) Hz. Raises what `progress` raises."""
        f0 = measure(wave, self.windowing, self._refined, progress)
        return median3(f0) if self.name == "harvest" else f0

    def _refined(self, wave: FloatArray) -> FloatArray:
        samples = np.ascontiguousarray(wave, np.float64)
        method = self._world.harvest if self.name == "harvest" else self._world.dio
        f0, times = method(samples, SAMPLE_RATE, f0_floor=F0_MIN, f0_ceil=F0_MAX, frame_period=FRAME_MS)
        refined: FloatArray = self._world.stonemask(samples, f0, times, SAMPLE_RATE)
        return refined


def median3(values: FloatArray) -> FloatArray:
    """Median over three neighbours, with a 0 beyond each end: single wild frames disappear."""
    padded = np.pad(values, 1)
    middle: FloatArray = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return middle
