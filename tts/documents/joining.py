"""The spoken parts of a document as one recording, for whoever wants no zip."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from rvc.codec import encode

if TYPE_CHECKING:
    from conversions.batches.models import Batch

BLOCK = 1 << 18
PAUSE = 0.7
"""Seconds between two parts, as after a paragraph."""


def join(batch: "Batch", target: Path, output_format: str) -> tuple[float, int]:
    """Write all results of a batch, which are WAV files of one rate, to `target`: its seconds and its rate in Hz.

    However long it is, a block of it is in memory. Raises OptionError and OSError, as `encode` does.
    """
    with tempfile.TemporaryFile() as whole:
        rate = 0
        for conversion in batch.conversions.order_by("batch_position"):
            whole.write(bytes(4 * round(rate * PAUSE)))
            with conversion.result.open("rb") as stored, soundfile.SoundFile(stored) as sound:
                rate = sound.samplerate
                for block in sound.blocks(BLOCK, dtype="float32"):
                    whole.write(block.tobytes())
        whole.flush()
        samples = np.memmap(whole, np.float32, mode="r")
        return len(samples) / rate, encode(samples, rate, target, output_format)
