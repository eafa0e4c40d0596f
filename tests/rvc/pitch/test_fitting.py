"""Bringing a recording to where a voice usually speaks: by how much, and when not."""

import numpy as np
import pytest

from rvc.errors import OptionError
from rvc.options import ConversionOptions
from rvc.pitch.fitting import check_usual_pitch, median_f0, moved_by, shift_towards

AUTO = ConversionOptions(pitch_mode="auto")


@pytest.mark.parametrize(
    ("usual", "median", "semitones"),
    [(220, 110, 12), (110, 220, -12), (200, 120, 9), (120, 121, 0), (0, 120, 0), (120, 0, 0), (103.5, 100, 1)],
)
def test_the_way_is_a_whole_number_of_semitones(usual: float, median: float, semitones: float) -> None:
    assert shift_towards(usual, median) == semitones


@pytest.mark.parametrize("median", [60.0, 97.3, 180.0, 399.0])
def test_what_is_left_is_half_a_semitone_at_most(median: float) -> None:
    moved = median * 2 ** (shift_towards(165, median) / 12)
    assert abs(12 * np.log2(165 / moved)) <= 0.5


def test_the_shift_comes_on_top_within_the_range_of_the_option() -> None:
    assert moved_by(AUTO, 220, 110) == 12
    assert moved_by(ConversionOptions(pitch_mode="auto", pitch_shift=-0.5), 220, 110) == 11.5
    assert moved_by(ConversionOptions(pitch_mode="auto", pitch_shift=20), 220, 110) == 24
    assert moved_by(AUTO, 55, 800) == -24
    assert moved_by(ConversionOptions(pitch_shift=3), 220, 110) == 3, "nobody asked for more"


def test_only_what_is_voiced_counts_and_enough_of_it() -> None:
    track = np.zeros(500)
    track[:19] = 100
    assert median_f0(track) == 0
    track[100:140] = 130
    assert median_f0(track) == 130


def test_a_voice_without_a_usual_pitch_is_named_at_the_option() -> None:
    check_usual_pitch(ConversionOptions(), follows=True, usual=0)
    check_usual_pitch(AUTO, follows=True, usual=120)
    for follows, words in ((True, "usually speaks"), (False, "does not follow pitch")):
        with pytest.raises(OptionError, match=words) as caught:
            check_usual_pitch(AUTO, follows=follows, usual=0 if follows else 120)
        assert (caught.value.code, caught.value.field) == ("needs_usual_pitch", "pitch_mode")
