"""swift-f0: a small network that comes with its package, so that a fresh machine has a pitch estimator.

The track is read off its 16 ms frames as the bundled starter voice was trained: frame i at t = (i + 0.5)·10 ms, linear
in log F0 between the voiced frames, voiced where the interpolated voicing exceeds one half.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rvc import SAMPLE_RATE
from rvc.errors import AssetError
from rvc.pitch.track import F0_MAX, F0_MIN, HOP, BoolArray, FloatArray, Progress, frame_count, no_progress
from rvc.voicefile.onnx.session import runtime

CONFIDENCE = 0.7
BLOCK = 10 * SAMPLE_RATE  # samples handed over at a time


def swift_problem() -> str | None:
    """Why swift-f0 cannot be used on this machine, or None. Imports nothing: the runtime behind it is large."""
    for package in ("swift_f0", "onnxruntime"):
        if find_spec(package) is None:
            return f"The package {package} is not installed."
    return None


class SwiftEstimator:
    """F0 by swift-f0 on the processor, in a stream: blocks are joined exactly, with the context the network needs."""

    name = "swift-f0"

    def __init__(self, threads: int = 0, block: int = BLOCK) -> None:
        problem = swift_problem()
        if problem is not None:
            raise AssetError("needs_asset", f"swift-f0 is not available here. {problem}")
        runtime()
        import swift_f0  # noqa: PLC0415 - loads onnxruntime, which a web process must not carry

        self._detector = swift_f0.SwiftF0(threads=threads or None, spin=False)
        self._block = block
        self.nbytes = Path(swift_f0.__file__).with_name("model.onnx").stat().st_size

    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """(N,) mono 16 kHz -> (N // 160 + 1,) Hz. Raises what `progress` raises."""
        if len(wave) == 0:
            return np.zeros(1)
        stream = self._detector.stream(fmin=F0_MIN, fmax=F0_MAX)
        parts = []
        for start in range(0, len(wave), self._block):
            parts.append(stream.push(np.asarray(wave[start : start + self._block], np.float32), SAMPLE_RATE))
            progress(min(start + self._block, len(wave)) / len(wave))
        parts.append(stream.flush())
        times, pitch, confidence = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("timestamps", "pitch_hz", "confidence")
        )
        return on_frames(times, pitch, confidence > CONFIDENCE, frame_count(len(wave)))


def on_frames(times: FloatArray, pitch: FloatArray, voiced: BoolArray, frames: int) -> FloatArray:
    """Resample a pitch curve at `times` (seconds) to that many 10 ms frames, 0 where unvoiced."""
    if not voiced.any():
        return np.zeros(frames)
    at = (np.arange(frames) + 0.5) * (HOP / SAMPLE_RATE)
    log_f0 = np.interp(at, times[voiced], np.log(pitch[voiced]))
    return np.where(np.interp(at, times, voiced.astype(np.float64)) > 0.5, np.exp(log_f0), 0.0)
