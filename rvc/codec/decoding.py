"""A stranger's recording to mono 16 kHz float32. No decoder runs here: each file gets its own throwaway child."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rvc import SAMPLE_RATE, sandbox
from rvc.codec.limits import DecodeLimits
from rvc.codec.sniff import Reader, readers_of
from rvc.errors import AudioError, RVCError, StorageError

DIED = ("audio_damaged", "The recording is damaged: decoding it failed or took too long.")


@dataclass(frozen=True)
class RecordingFacts:
    """What the header says. `seconds` is None where only decoding can tell (recordings made in a browser)."""

    source_rate: int
    channels: int
    seconds: float | None
    codec: str


@dataclass(frozen=True)
class Recording:
    """A decoded recording. samples: (N,) float32, mono, 16 kHz, |x| <= about 16, mapped from a file, read-only.

    `source_rate` (Hz), `channels` and `codec` are the file's own; `seconds` is measured, as are `peak`, the largest
    sample before anything was mixed, and `clipped`, the frames with a sample at full scale or above.
    """

    samples: NDArray[np.float32]
    source_rate: int
    channels: int
    seconds: float
    codec: str
    peak: float = 0.0
    clipped: int = 0

    rate: ClassVar[int] = SAMPLE_RATE
    """Hz, of `samples`."""

    def part(self, start: float, seconds: float) -> "Recording":
        """So many seconds from `start` on, fewer where it ends before; peak and clipped frames stay the whole's."""
        first = round(start * self.rate)
        samples = self.samples[first : first + round(seconds * self.rate)]
        return replace(self, samples=samples, seconds=len(samples) / self.rate)


def probe(source: Path, limits: DecodeLimits = DecodeLimits()) -> RecordingFacts:  # noqa: B008 - frozen
    """Header checks for an upload form, at most 5 s of processor time.

    Raises the AudioError that `decode` would raise, as far as the header and the first block tell.
    """
    facts = _read(source, None, limits, sandbox.Limits(cpu_seconds=5, wall_seconds=20))
    return RecordingFacts(**facts)


def decode(source: Path, folder: Path, limits: DecodeLimits = DecodeLimits()) -> Recording:  # noqa: B008 - frozen
    """Decode `source` into `folder`/decoded.f32, mapped as the result's samples.

    Raises AudioError: empty_file, too_large, not_audio, audio_params, audio_too_short, audio_too_long,
    audio_damaged; nothing is left in `folder` then.
    """
    target = folder / "decoded.f32"
    try:
        facts = _read(source, target, limits, _child_limits(limits))
        return _mapped(target, facts)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _read(source: Path, target: Path | None, limits: DecodeLimits, child: sandbox.Limits) -> dict[str, Any]:
    limits.check_size(source.stat().st_size)
    arguments = {"source": str(source.resolve()), "target": target and str(target.resolve()), "limits": asdict(limits)}
    first, *others = readers_of(source)
    try:
        return _in_child(first, arguments, child)
    except AudioError as error:
        if error.code != "audio_damaged" or not others:
            raise
    return _in_child(others[0], arguments, child)


def _in_child(reader: Reader, arguments: dict[str, Any], child: sandbox.Limits) -> dict[str, Any]:
    function, chosen = reader
    try:
        facts: dict[str, Any] = sandbox.run(function, {**arguments, **chosen}, limits=child, died=DIED)
    except StorageError:
        raise
    except RVCError as error:
        raise AudioError(error.code, error.message) from error  # a child that died is a recording that cannot be read
    return facts


def _mapped(target: Path, facts: dict[str, Any]) -> Recording:
    count = facts.pop("samples")
    if count * 4 != target.stat().st_size:  # the child is not trusted further than its file
        raise AudioError(*DIED)
    return Recording(samples=np.memmap(target, "<f4", "r", shape=(count,)), **facts)


def _child_limits(limits: DecodeLimits) -> sandbox.Limits:
    """Room for the decoded file and time in proportion to the longest recording allowed."""
    return sandbox.Limits(
        cpu_seconds=30 + int(limits.max_seconds / 50),
        wall_seconds=60 + limits.max_seconds / 20,
        file_bytes=int(limits.max_seconds * SAMPLE_RATE * 4) + (8 << 20),
    )
