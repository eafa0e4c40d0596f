"""Encoding with FFmpeg through PyAV: one row per format, one loop for all. The input is ours, so no child is needed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from rvc.scratch import let_go

BLOCK = 1 << 16
"""Samples encoded at a time."""
TAGS = {"title": "Voice conversion", "comment": "AI-generated voice conversion by Voiceproject"}

Block = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Encoder:
    """A format in FFmpeg's words. `rates` (Hz, rising) are the legal ones, empty where every rate is."""

    container: str
    codec: str
    samples: str
    bit_rate: int = 0
    rates: tuple[int, ...] = ()
    options: dict[str, str] = field(default_factory=dict)

    def legal_rate(self, rate: int) -> int:
        """`rate` itself where it is legal, else the next higher legal rate, else the highest."""
        if not self.rates:
            return rate
        return next((legal for legal in self.rates if legal >= rate), self.rates[-1])


MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
WAV_SIZES = {"rf64": "auto"}  # a WAV beyond 4 GiB says so instead of lying about its length
ENCODERS = {
    "wav": Encoder("wav", "pcm_s16le", "s16", options=WAV_SIZES),
    "wav24": Encoder("wav", "pcm_s24le", "s32", options=WAV_SIZES),
    "wav32f": Encoder("wav", "pcm_f32le", "flt", options=WAV_SIZES),
    "flac": Encoder("flac", "flac", "s32"),
    "mp3": Encoder("mp3", "libmp3lame", "fltp", bit_rate=192_000, rates=MPEG_RATES),
    "opus": Encoder("ogg", "libopus", "flt", bit_rate=128_000, rates=(48000,)),
    "m4a": Encoder("ipod", "aac", "fltp", bit_rate=192_000, rates=(*MPEG_RATES, 64000, 88200, 96000)),
}


def write(samples: Block, sample_rate: int, target: Path, output_format: str) -> int:
    """Encode (N,) mono samples at `sample_rate` Hz into `target`; returns the rate of the written file in Hz."""
    encoder = ENCODERS[output_format]
    for _ in encoded(_blocks(samples), sample_rate, encoder, str(target)):
        pass
    return encoder.legal_rate(sample_rate)


def encoded(blocks: Iterable[Block], sample_rate: int, encoder: Encoder, target: Any) -> Iterator[None]:
    """Encode mono blocks into `target`, a path or an open file, as they come; yields after each.

    A file that cannot be sought in is only written onwards: a header that would have to be mended later stays open.
    """
    rate = encoder.legal_rate(sample_rate)
    # bitexact: no random stream numbers and no version strings, so the same samples give the same bytes
    options = {"fflags": "+bitexact", **encoder.options}
    with av.open(target, "w", format=encoder.container, options=options) as container:
        container.metadata.update(TAGS)
        stream = container.add_stream(encoder.codec, rate=rate, layout="mono")
        stream.codec_context.format = encoder.samples
        if encoder.bit_rate:
            stream.bit_rate = encoder.bit_rate
        position = 0
        for block in _resampled(blocks, sample_rate, rate):
            frame = _frame(block, encoder.samples, rate)
            frame.pts = position  # without time stamps MP4 cannot mark the encoder's lead-in, which is then heard
            container.mux(stream.encode(frame))
            position += len(block)
            yield
        container.mux(stream.encode(None))
    yield


def to_pcm(block: Block, bits: int) -> NDArray[np.int32]:
    """x * 2**(bits - 1) truncated towards zero and clipped, as RVC writes 16 bit; in the low bits of int32.

    float32 times a power of two is exact, so nothing is rounded on the way.
    """
    full = 2.0 ** (bits - 1)
    return np.clip(np.trunc(block.astype(np.float64) * full), -full, full - 1).astype(np.int32)


def _blocks(samples: Block) -> Iterator[Block]:
    for start in range(0, len(samples), BLOCK):
        yield samples[start : start + BLOCK]
        let_go(samples)


def _resampled(blocks: Iterable[Block], sample_rate: int, rate: int) -> Iterator[Block]:
    if rate == sample_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(sample_rate, rate, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield from _if_any(stream.resample_chunk(np.ascontiguousarray(block, np.float32)))
    yield from _if_any(stream.resample_chunk(np.empty(0, np.float32), last=True))


def _if_any(block: Block) -> Iterator[Block]:
    if len(block):
        yield block


def _frame(block: Block, kind: str, rate: int) -> Any:
    if kind == "s16":
        values: NDArray[Any] = to_pcm(block, 16).astype(np.int16)
    elif kind == "s32":
        values = to_pcm(block, 24) << 8  # FFmpeg takes 24 bits from the top of 32
    else:
        values = np.ascontiguousarray(block, np.float32)
    frame = av.AudioFrame.from_ndarray(values[np.newaxis], format=kind, layout="mono")
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    return frame
