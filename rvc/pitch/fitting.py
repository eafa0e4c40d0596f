"""Bringing a recording to where a voice usually speaks: one number for the whole of it. Nothing here needs torch."""

import numpy as np

from rvc.errors import OptionError
from rvc.options import ConversionOptions, option_range
from rvc.pitch.track import FloatArray

FEWEST_VOICED = 20
"""Frames, 0.2 s: the median of less says nothing about where somebody speaks."""
LOWEST_USUAL, HIGHEST_USUAL = 50.0, 800.0
"""Hz: between these lies the usual pitch of anybody who speaks or sings."""


def check_usual_pitch(options: ConversionOptions, *, follows: bool, usual: float) -> None:
    """Raise OptionError("needs_usual_pitch") when `pitch_mode` auto is wished of a voice that it means nothing to.

    follows: whether the voice follows pitch at all. usual: its usual pitch, Hz; 0 where nobody knows.
    """
    if options.pitch_mode != "auto" or (follows and usual > 0):
        return
    sentence = (
        "Nobody has said yet at which pitch this voice usually speaks: its owner can, or choose the shift yourself."
        if follows
        else "This voice does not follow pitch: there is none to bring the recording to."
    )
    raise OptionError("pitch_mode", sentence, code="needs_usual_pitch")


def median_f0(f0: FloatArray) -> float:
    """Median of the voiced frames of a track; (T,) Hz in, Hz out, 0 where there are fewer than FEWEST_VOICED."""
    voiced = f0[f0 > 0]
    return float(np.median(voiced)) if len(voiced) >= FEWEST_VOICED else 0.0


def shift_towards(usual: float, median: float) -> float:
    """Whole semitones that bring a median to the usual pitch of a voice, both in Hz; 0 where either is 0.

    Whole ones, so that what is sung goes into another key and not between two; the rest, half a semitone at most, is
    far less than the range in which anybody speaks.
    """
    return float(np.rint(12 * np.log2(usual / median))) if usual > 0 and median > 0 else 0.0


def moved_by(options: ConversionOptions, usual: float, median: float) -> float:
    """Semitones by which a track with this median is moved, within the range of `pitch_shift`.

    usual and median: Hz; without a median only the shift that was chosen is left.
    """
    low, high = option_range("pitch_shift")
    fitting = shift_towards(usual, median) if options.pitch_mode == "auto" else 0.0
    return min(max(fitting + options.pitch_shift, low), high)
