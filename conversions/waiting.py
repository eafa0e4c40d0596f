"""For whoever waits in the same request until a conversion has ended, or until some of it can be heard."""

import time
import wave
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conversions.models import Conversion, Piece
from conversions.streaming import BLOCK, pieces_of
from jobs.models import State
from rvc.errors import RVCError

if TYPE_CHECKING:
    from django.db.models.fields.files import FieldFile
    from numpy.typing import NDArray

LOOK_SECONDS = 0.2
CRASHES = ("job_crashed", "job_timed_out", "out_of_memory")


def awaited(conversion: Conversion, seconds: float, *, heard: bool = False) -> Conversion:
    """The conversion once it has ended, or once these seconds are over. heard: its first piece is enough."""
    until = time.monotonic() + seconds
    while not conversion.is_final and time.monotonic() < until:
        if heard and Piece.objects.filter(conversion=conversion).exists():
            break
        time.sleep(LOOK_SECONDS)
        conversion.refresh_from_db()
    return conversion


def told(conversion: Conversion) -> RVCError:
    """The end of a job that somebody has waited for, as the error of the request."""
    if conversion.state == State.CANCELLED:
        return RVCError("cancelled", "The conversion was cancelled.")
    code = "internal" if conversion.error_code in CRASHES else conversion.error_code
    return RVCError(code, conversion.error_message)


class Sounding:
    """The result of a conversion whose result is a WAV of 16 bits, while it is made.

    `rate` is in Hz, known once the first block is there. `pieces` are those that were read so far, none where the
    whole result was there already. Raises what `told` says where it ends ill.
    """

    def __init__(self, conversion: Conversion) -> None:
        self.conversion = conversion
        self.rate = 0
        self.pieces: list[Piece] = []
        self._blocks = self._read()
        self._first = next(self._blocks, None)

    def blocks(self) -> "Iterator[NDArray[Any]]":
        """(n,) float32 each, in order, once."""
        if self._first is not None:
            yield self._first
            yield from self._blocks

    def _read(self) -> "Iterator[NDArray[Any]]":
        import numpy as np  # noqa: PLC0415 - most web processes never need it

        for file in self._files():
            with file.open("rb") as stored, wave.open(stored) as sound:
                self.rate = sound.getframerate()
                while frames := sound.readframes(BLOCK):
                    yield np.frombuffer(frames, "<i2").astype(np.float32) / 32768

    def _files(self) -> "Iterator[FieldFile]":
        """The pieces, as they come; the result alone where there are none, or where it is there already."""
        conversion = self.conversion
        conversion.refresh_from_db()
        if conversion.state != State.DONE:
            for piece in pieces_of(conversion):
                self.pieces.append(piece)
                yield piece.file
            conversion.refresh_from_db()
        if conversion.state != State.DONE:
            raise told(conversion)
        if not self.pieces:
            yield conversion.result
