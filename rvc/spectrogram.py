"""Two sounds and their pitch as one small picture: what lies where in frequency, over the same time.

The picture is grey, one byte a point, COLUMNS wide at most however long the sounds are. From above: the BANDS rows of
the first sound, high frequencies first, those of the second, then one row for each pitch track. A row of pitch holds
0 where there is none, else 1 to 255 for LOWEST to HIGHEST Hz, as a logarithm: the axis of the bands.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft

from rvc.scratch import let_go

BANDS, COLUMNS = 96, 1200
LOWEST, HIGHEST = 50.0, 8000.0  # Hz
FLOOR_DB = -100.0
LEVELS = 63
"""Steps between FLOOR_DB and 0: 1.6 dB each, which nobody sees and a packer likes."""
COLUMNS_A_SECOND = 50
FRAME_SECONDS = 0.064
BATCH = 32
"""Columns that are computed at a time."""
MOST_FRAMES = 8
"""Frames that are averaged for a column of a long sound: the cost is bounded."""

FloatArray = NDArray[np.floating[Any]]
ByteArray = NDArray[np.uint8]


def columns_of(seconds: float) -> int:
    """How wide the picture of so much sound is."""
    return min(COLUMNS, max(1, round(seconds * COLUMNS_A_SECOND)))


def centres() -> FloatArray:
    """The middle of each band in Hz, (BANDS,), from LOWEST to HIGHEST."""
    return np.asarray(np.geomspace(LOWEST, HIGHEST, BANDS))


def spectrogram(samples: FloatArray, rate: int, columns: int) -> ByteArray:
    """Level by band and column, (BANDS, columns), low bands first: 0 for FLOOR_DB and below, 252 for a full sine.

    samples: (N,) at `rate` Hz, may be mapped.
    """
    length = round(FRAME_SECONDS * rate)
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    window *= 2 / window.sum()
    weights = _weights(length, rate)
    power = np.zeros((BANDS, columns))
    each = min(MOST_FRAMES, max(1, round(len(samples) / rate / columns * COLUMNS_A_SECOND)))
    for first in range(0, columns, BATCH):
        last = min(columns, first + BATCH)
        spread = (np.arange(first * each, last * each) + 0.5) * len(samples) / (columns * each)
        frames = np.stack([_frame(samples, int(middle) - length // 2, length) for middle in spread])
        spectrum = fft.rfft(frames * window)[:, : weights.shape[1]]
        squares = np.square(spectrum.real) + np.square(spectrum.imag)
        power[:, first:last] = weights @ squares.reshape(last - first, each, -1).mean(axis=1).T
        let_go(samples)
    decibels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    steps = np.rint(np.clip(1 - decibels / FLOOR_DB, 0, 1) * LEVELS)
    return (steps * (252 // LEVELS)).astype(np.uint8)


def _frame(samples: FloatArray, start: int, length: int) -> FloatArray:
    """Samples from `start` on, with zeros beyond both ends."""
    inner = np.asarray(samples[max(0, start) : max(0, start + length)], np.float32)
    if len(inner) == length:
        return inner
    before = min(length, max(0, -start))
    return np.pad(inner, (before, length - before - len(inner)))


def _weights(length: int, rate: int) -> FloatArray:
    """What each bin of a spectrum lends to each band, (BANDS, bins): triangles as wide as a band, or a bin at least.

    There are no more bins than the bands need.
    """
    middles = centres()[:, None]
    bins = np.arange(min(length // 2 + 1, int(1.1 * HIGHEST * length / rate))) * rate / length
    width = np.maximum(middles * ((HIGHEST / LOWEST) ** (1 / (BANDS - 1)) - 1), rate / length)
    return np.asarray(np.maximum(0, 1 - np.abs(bins - middles) / width), np.float32)


def pitch_row(f0: FloatArray, columns: int) -> ByteArray:
    """A track (T,) in Hz as a row of the picture: the median of the voiced frames where they are at least half.

    Frames that are NaN were not measured and count for nothing.
    """
    row = np.zeros(columns, np.uint8)
    for column, frames in enumerate(_shares(f0, columns)):
        seen = frames[~np.isnan(frames)]
        voiced = seen[seen > 0]
        if len(voiced) and 2 * len(voiced) >= len(seen):
            row[column] = pitch_code(float(np.median(voiced)))
    return row


def pitch_code(hertz: float) -> int:
    place = np.log(hertz / LOWEST) / np.log(HIGHEST / LOWEST)
    return 1 + round(254 * float(np.clip(place, 0, 1)))


def _shares(f0: FloatArray, columns: int) -> Iterator[FloatArray]:
    """The frames of each column, one at least."""
    for column in range(columns):
        start = column * len(f0) // columns
        yield f0[start : max(start + 1, (column + 1) * len(f0) // columns)]


def write_picture(path: Path, spectra: Sequence[ByteArray], rows: Sequence[ByteArray]) -> None:
    """Write a PNG: the spectra (BANDS, columns) one below the other, and the rows (columns,) below them."""
    picture = np.concatenate([*(spectrum[::-1] for spectrum in spectra), *(row[None] for row in rows)])
    Image.fromarray(np.ascontiguousarray(picture)).save(path, "PNG", optimize=True)
