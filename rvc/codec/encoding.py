"""Results to files: which formats there are, and the one verb that writes them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.errors import OptionError

MEDIA_TYPES: dict[str, tuple[str, str]] = {
    "wav": (".wav", "audio/wav"),
    "wav24": (".wav", "audio/wav"),
    "wav32f": (".wav", "audio/wav"),
    "flac": (".flac", "audio/flac"),
    "mp3": (".mp3", "audio/mpeg"),
    "opus": (".opus", "audio/ogg"),
    "m4a": (".m4a", "audio/mp4"),
}
"""Extension and media type of every output format."""


ENDINGS: dict[str, str] = {
    **{extension: name for name, (extension, _) in reversed(MEDIA_TYPES.items())},
    ".ogg": "opus",
}
"""The output format that a file name's ending stands for; of several the plainest."""


def format_of(target: Path, wanted: str | None = None) -> str:
    """The output format of the file that is to be written: the `wanted` one, else the one its ending stands for.

    Raises OptionError for an ending that stands for none, or for another kind of file than the wanted one.
    """
    by_ending = ENDINGS.get(target.suffix.lower())
    if by_ending is None:
        known = ", ".join(sorted(ENDINGS))
        raise OptionError("output_format", f"{target.name} must end in one of {known}: the ending chooses the format.")
    if wanted is not None and MEDIA_TYPES[wanted][1] != MEDIA_TYPES[by_ending][1]:
        raise OptionError("output_format", f"{target.name} does not end like {wanted}; leave one of them out.")
    return wanted or by_ending


def encode(samples: NDArray[np.floating[Any]], sample_rate: int, target: Path, output_format: str) -> int:
    """Write `samples` to `target` and return the sampling rate (Hz) of the written file.

    samples: (N,) mono float, nominally |x| <= 1, possibly mapped from a file; read block by block. 16 and 24 bit
    formats truncate x * 2**15 or x * 2**23 towards zero as the reference does, and clip. A rate that the format does
    not know becomes the next higher one it knows (soxr HQ). The same samples give the same bytes. `target` appears
    complete or not at all. Raises OptionError for an unknown format and OSError where writing fails.
    """
    if output_format not in MEDIA_TYPES:
        raise OptionError("output_format", f"output_format must be one of {', '.join(MEDIA_TYPES)}.")
    from rvc.codec.writing import write  # noqa: PLC0415 - FFmpeg is not for processes that only ask for media types

    part = target.with_name(target.name + ".part")
    try:
        rate = write(samples, sample_rate, part, output_format)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return rate
