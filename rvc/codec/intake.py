"""What the decoding child does with an opened recording: check, mix down, resample and store it block by block."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from rvc import SAMPLE_RATE
from rvc.codec.limits import DecodeLimits, damaged

BLOCK = 1 << 15
"""Frames decoded at a time: at 8 channels 1 MiB of float32, whatever the recording's length."""
PEAK = 16.0
"""Largest sample that is still a recording (24 dB above full scale): beyond, squares overflow further down the line."""
FULL_SCALE = 1 - 2.0**-15
"""The largest sample of 16 bit sound."""


class Source(Protocol):
    """An opened recording. `frames` is what the header declares, None where it declares nothing."""

    rate: int
    channels: int
    codec: str
    frames: int | None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Samples in order, each block (n, channels), n > 0; raises AudioError where they cannot be decoded."""


def inspect(source: Source, limits: DecodeLimits) -> dict[str, Any]:
    """Facts of a recording from its header and first block. Raises AudioError as `store` would for the same bytes.

    Values of samples are not judged here, only that some can be decoded.
    """
    _check_header(source, limits)
    first = next(source.blocks(), None)
    if first is None:
        limits.check_shortest(0.0)
    return _facts(source, source.frames)


def store(source: Source, target: Path, limits: DecodeLimits) -> dict[str, Any]:
    """Write the recording to `target` as raw little-endian float32, mono, 16 kHz, and return its measured facts.

    Channels are averaged; other rates go through soxr HQ as one stream, so no block boundary can be heard.
    Raises AudioError: audio_params, audio_too_long, audio_too_short, audio_damaged.
    """
    _check_header(source, limits)
    resampler = soxr.ResampleStream(source.rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
    frames = written = clipped = 0
    peak = 0.0
    with target.open("wb") as out:
        for block in source.blocks():
            frames += len(block)
            limits.check_longest(frames / source.rate)
            written += _write(out, _at_16_khz(_mono(block), source.rate, resampler))
            loudest = np.abs(block).max(axis=1)
            peak, clipped = max(peak, float(loudest.max())), clipped + int(np.count_nonzero(loudest >= FULL_SCALE))
        if source.rate != SAMPLE_RATE:
            written += _write(out, resampler.resample_chunk(np.empty(0, np.float32), last=True))
    limits.check_shortest(frames / source.rate)
    return {**_facts(source, frames), "samples": written, "peak": peak, "clipped": clipped}


def _check_header(source: Source, limits: DecodeLimits) -> None:
    limits.check_layout(source.rate, source.channels)
    if source.frames is not None:
        limits.check_longest(source.frames / source.rate)
        limits.check_shortest(source.frames / source.rate)


def _facts(source: Source, frames: int | None) -> dict[str, Any]:
    seconds = None if frames is None else frames / source.rate
    return {"source_rate": source.rate, "channels": source.channels, "seconds": seconds, "codec": source.codec}


def _mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    if not (block.max() <= PEAK and block.min() >= -PEAK):  # written so that NaN is refused too
        raise damaged("it holds samples that are not sound (infinite, not a number, or far above full scale)")
    channels = block.shape[1]
    if channels == 1:
        return block[:, 0]
    return block @ np.full(channels, 1 / channels, np.float32)  # the mean, ten times as fast as numpy's over rows


def _at_16_khz(mono: NDArray[np.float32], rate: int, resampler: Any) -> NDArray[np.float32]:
    if rate == SAMPLE_RATE:
        return mono
    resampled: NDArray[np.float32] = resampler.resample_chunk(np.ascontiguousarray(mono))
    return resampled


def _write(out: Any, samples: NDArray[np.float32]) -> int:
    out.write(samples.astype("<f4", copy=False).tobytes())
    return len(samples)
