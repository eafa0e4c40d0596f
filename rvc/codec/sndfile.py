"""Decoding child, libsndfile: wav, w64, aiff, caf, au, flac, ogg (vorbis, opus, flac), mp3. Only in `rvc.sandbox`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from rvc.codec.intake import BLOCK, inspect, store
from rvc.codec.limits import DecodeLimits, damaged, not_audio
from rvc.errors import AudioError

FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC", "OGG", "MP3"})
UNKNOWN_LENGTH = 1 << 62
"""libsndfile's frame count for a stream whose header leaves the length open is close to 2**63."""


def read(source: str, target: str | None, limits: dict[str, Any]) -> dict[str, Any]:
    """Facts of the recording at `source`; with a `target` its samples are stored there. See `rvc.codec.intake`."""
    bounds = DecodeLimits(**limits)
    with Path(source).open("rb", buffering=0) as handle, _open(handle) as opened:
        recording = SndfileSource(opened)
        return inspect(recording, bounds) if target is None else store(recording, Path(target), bounds)


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is only read onwards.

    soundfile seeks to where it already is after every block of a file that can be sought in. In MP3 that throws away
    what one frame lends the next: each block then begins with wrong samples.
    """

    def seekable(self) -> bool:
        return False


class SndfileSource:
    """A recording opened by libsndfile."""

    def __init__(self, opened: _Forward) -> None:
        if opened.format not in FORMATS:
            raise not_audio(f"{opened.format} files are not accepted")
        self._opened = opened
        self.rate: int = opened.samplerate
        self.channels: int = opened.channels
        self.codec = f"{opened.format.lower()} {opened.subtype.lower()}"
        self.frames: int | None = opened.frames if opened.frames < UNKNOWN_LENGTH else None

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Samples in order, (n, channels); a FLAC file that ends before its declared length is damaged."""
        buffer = np.empty((BLOCK, self.channels), np.float32)
        done = 0
        # Never asked for more than there is: what stands behind the last frame of a FLAC, as tags do, is no sound.
        while len(block := self._next(buffer if self.frames is None else buffer[: self.frames - done])):
            done += len(block)
            yield block
        # A recorder that was cut off leaves a wrong length in WAV, never in FLAC, whose encoder writes it last.
        if self._opened.format == "FLAC" and self.frames is not None and done < self.frames:
            raise damaged("it ends before its declared length")

    def _next(self, buffer: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            filled: NDArray[np.float32] = self._opened.read(dtype="float32", always_2d=True, out=buffer)
        except soundfile.SoundFileError as error:
            raise damaged("its sound cannot be decoded") from error
        return filled


def _open(handle: BinaryIO) -> _Forward:
    # By descriptor: libsndfile never learns a name, so no extension and no neighbouring file can sway it.
    start = handle.read(4)
    handle.seek(0)
    try:
        return _Forward(handle.fileno(), closefd=False)
    except soundfile.SoundFileError as error:
        raise _refusal(start) from error


def _refusal(start: bytes) -> AudioError:
    """MP3 has no header of its own, so an MP3 that cannot be opened is not one; every other container is broken."""
    if start.startswith((b"ID3", b"\xff")):
        return not_audio("no sound was found in it")
    return damaged("its header makes no sense")
