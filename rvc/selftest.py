"""Whether a voice speaks: half a second straight from its synthesizer, without a recording or a content encoder."""

import numpy as np
import torch
from numpy.typing import NDArray

from rvc.errors import VoiceFileError
from rvc.network.noise import SeededNoise
from rvc.network.synthesizer import Segment
from rvc.parts import LoadedVoice
from rvc.pitch.track import coarse_bins
from rvc.voicefile.config import FRAMES_PER_SECOND

SECONDS = 0.5
F0 = 200.0
"""Hz: inside the range of nearly every voice."""
FEATURE_DEVIATION = 0.3
"""About that of the values a content encoder gives."""
SEED = 1

QUIETEST = 1e-4
"""Standard deviation of sound (−80 dB): below it there is silence, or a level that never moves."""
RAIL, RAIL_SHARE = 0.99, 0.5
"""A voice whose samples lie beyond RAIL for this share of the time does not speak, it is stuck there."""

FloatArray = NDArray[np.floating]


def speak(voice: LoadedVoice, device: torch.device) -> FloatArray:
    """(rate / 2,) samples that the voice makes of a steady pitch and random features; the same ones each time."""
    frames = round(SECONDS * FRAMES_PER_SECOND)
    noise = SeededNoise(SEED)
    f0 = np.full(frames, F0)
    segment = Segment(
        phone=noise.normal(frames, voice.header.feature_width).mul(FEATURE_DEVIATION).to(device),
        coarse=torch.from_numpy(coarse_bins(f0)).to(device),
        f0=torch.from_numpy(f0.astype(np.float32)).to(device),
        speaker=0,
        keep=(0, frames),
    )
    tiles = voice.network(segment, *voice.network.draw(noise, frames))
    return np.concatenate([tile.float().cpu().numpy() for tile in tiles])


def check_sound(samples: FloatArray) -> None:
    """Raise a VoiceFileError when samples (N,) are no sound: voice_not_finite, voice_silent or voice_clipped."""
    if not np.isfinite(samples).all():
        raise VoiceFileError("voice_not_finite", "The voice gives values that are no numbers: its weights are broken.")
    if samples.std() < QUIETEST:
        raise VoiceFileError("voice_silent", "The voice gives nothing but silence: its weights are empty or broken.")
    if (np.abs(samples) > RAIL).mean() > RAIL_SHARE:
        raise VoiceFileError("voice_clipped", "The voice gives nothing but full level: its weights are broken.")
