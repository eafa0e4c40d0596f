"""Results to sound again, for whoever wants one in another format. The files are ours, so no child is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import av
import numpy as np
from numpy.typing import NDArray

from rvc.codec.writing import ENCODERS
from rvc.errors import RVCError

DEMUXERS = {"ipod": "mov"}
"""Where FFmpeg reads a container under another name than it writes it."""
DAMAGED = "The stored result cannot be read any more: convert the recording once more."

Block = NDArray[np.float32]


@contextmanager
def reread(file: IO[bytes], output_format: str) -> Iterator[tuple[int, Iterator[Block]]]:
    """The rate (Hz) of an open file that `encode` wrote in this format, and its mono blocks, (n,) within about -1..1.

    One block is in memory at a time. The container is the one that the format says; nothing is guessed from the bytes.
    Raises RVCError("damaged") where the file is not, or no longer, what was written.
    """
    written = ENCODERS[output_format].container
    with named_errors(), av.open(file, "r", format=DEMUXERS.get(written, written)) as container:
        stream = container.streams.audio[0]
        yield stream.rate, _blocks(container, stream)


def _blocks(container: Any, stream: Any) -> Iterator[Block]:
    one_kind = av.AudioResampler(format="flt", layout="mono")
    for frame in container.decode(stream):
        for piece in one_kind.resample(frame):
            yield piece.to_ndarray()[0]
    for piece in one_kind.resample(None):
        yield piece.to_ndarray()[0]


@contextmanager
def named_errors() -> Iterator[None]:
    """What FFmpeg's library raises becomes RVCError `damaged`."""
    try:
        yield
    except (av.error.InvalidDataError, av.error.EOFError, IndexError) as error:  # IndexError: no sound in it
        raise RVCError("damaged", DAMAGED) from error
