"""A recording beside what was made of it: the numbers of both, and their picture."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc import SAMPLE_RATE
from rvc.measures import level_facts, pitch_facts, sampled_f0
from rvc.pitch import F0Estimator
from rvc.pitch.track import frame_count
from rvc.spectrogram import columns_of, pitch_row, spectrogram, write_picture

FloatArray = NDArray[np.floating[Any]]
LISTENER = "swift-f0"
"""What hears the pitch of results, whatever heard that of the recording: it needs no weights and costs little."""


@dataclass(frozen=True)
class Sound:
    """samples: (N,) at `rate` Hz, may be mapped. f0: (T,) Hz, 100 frames a second, 0 unvoiced, NaN not measured.

    method: the estimator that heard it, empty where none has. facts: what is known better than the samples tell.
    """

    samples: FloatArray
    rate: int
    f0: FloatArray = field(default_factory=lambda: np.zeros(1))
    method: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def measured(self) -> dict[str, Any]:
        """Its length in seconds, level, peak, clipped samples and pitch."""
        pitch = {**pitch_facts(self.f0), "method": self.method} if self.method else None
        return {"seconds": round(self.seconds, 3), **level_facts(self.samples), **self.facts, "pitch": pitch}


def heard(sound: Sound, listener: F0Estimator) -> Sound:
    """The sound with its pitch, if that is not known yet."""
    if sound.method:
        return sound
    return replace(sound, f0=sampled_f0(sound.samples, sound.rate, listener), method=listener.name)


def compare(source: Sound, result: Sound, target: FloatArray, picture: Path) -> dict[str, Any]:
    """Measure both, and write their picture: spectra of source and result, then F0 of source, target and result.

    target: (T,) Hz, the pitch that the synthesizer was told to follow; empty for voices that follow none.
    """
    columns = columns_of(source.seconds)
    spectra = [spectrogram(sound.samples, sound.rate, columns) for sound in (source, result)]
    rows = [pitch_row(track if len(track) else np.zeros(1), columns) for track in (source.f0, target, result.f0)]
    write_picture(picture, spectra, rows)
    return {"source": source.measured(), "result": result.measured()}


def joined(parts: Sequence[tuple[float, FloatArray]], seconds: float) -> FloatArray:
    """Tracks that begin at so many seconds each, as one of that length: (T,) Hz, 0 between them."""
    whole = np.zeros(frame_count(round(seconds * SAMPLE_RATE)))
    for start, track in parts:
        first = round(start * 100)
        kept = track[: max(0, len(whole) - first)]
        whole[first : first + len(kept)] = kept
    return whole
