"""Sound to bytes that leave at once, in the kinds that programs ask for by codec, rate and bit rate."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rvc.codec.writing import Encoder

Block = NDArray[np.floating[Any]]

# The header of an MP3 that says how long it is can only be written at the end; Ogg would collect a second, in us.
ONWARDS = {"mp3": {"write_xing": "0"}, "ogg": {"page_duration": "100000"}}
KINDS: dict[str, tuple[str, str, str]] = {
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "opus": ("ogg", "libopus", "flt"),
    "aac": ("adts", "aac", "fltp"),
    "flac": ("flac", "flac", "s16"),
    "wav": ("wav", "pcm_s16le", "s16"),
    "pcm": ("s16le", "pcm_s16le", "s16"),
    "ulaw": ("mulaw", "pcm_mulaw", "s16"),
    "alaw": ("alaw", "pcm_alaw", "s16"),
}
"""Container, codec and kind of sample, in FFmpeg's words; pcm, ulaw and alaw have no header."""


def encoder(kind: str, *, rate: int = 0, bit_rate: int = 0) -> "Encoder":
    """The encoder of a kind. rate: Hz, 0 for the sound's own or the next that the kind knows; bit_rate: 0 for usual."""
    from rvc.codec.writing import MPEG_RATES, Encoder  # noqa: PLC0415 - FFmpeg is only for who encodes

    container, codec, samples = KINDS[kind]
    known = {"mp3": MPEG_RATES, "aac": MPEG_RATES, "opus": (48000,)}.get(kind, ())
    return Encoder(container, codec, samples, bit_rate, (rate,) if rate else known)


def sent(blocks: Iterable[Block], sample_rate: int, encoder: "Encoder") -> Iterator[bytes]:
    """The bytes of mono blocks at `sample_rate` Hz, each as soon as it is encoded; a WAV leaves its length open."""
    from rvc.codec.writing import encoded  # noqa: PLC0415 - as above

    out = _Onwards()
    own = ONWARDS.get(encoder.container, {})
    onwards = replace(encoder, options={**encoder.options, "flush_packets": "1", **own})
    for _ in encoded(blocks, sample_rate, onwards, out):
        if out.waiting:
            yield out.take()


def written(blocks: Iterable[Block], sample_rate: int, encoder: "Encoder", file: IO[bytes]) -> None:
    """All of it into an open file, whose header then says how long it is."""
    from rvc.codec.writing import encoded  # noqa: PLC0415 - as above

    for _ in encoded(blocks, sample_rate, encoder, file):
        pass


class _Onwards:
    """What FFmpeg writes into and cannot seek in."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self.waiting)
        self.waiting.clear()
        return data
