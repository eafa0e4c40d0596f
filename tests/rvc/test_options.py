"""The one table of options: what is taken, and the sentence for what is not."""

from argparse import ArgumentParser

import pytest

from rvc.arguments import add_options, chosen_options
from rvc.errors import OptionError
from rvc.options import ConversionOptions


@pytest.mark.parametrize(
    ("name", "value"), [("output_rate", 0), ("output_rate", 8000), ("output_rate", 192000), ("seed", 0), ("seed", 1)]
)
def test_zero_is_taken_beside_the_range(name: str, value: int) -> None:
    assert getattr(ConversionOptions(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("output_rate", 7999, "output_rate must be 0 (the voice's own) or between 8000 and 192000 Hz."),
        ("output_rate", -1, "output_rate must be 0 (the voice's own) or between 8000 and 192000 Hz."),
        ("seed", 2**32, "seed must be 0 (chosen for you and shown with the result) or between 1 and 4294967295."),
        ("protect", 0.6, "protect must be between 0 and 0.5."),
        ("pitch_shift", float("nan"), "pitch_shift must be between -24 and 24 semitones."),
        ("speaker", 1.5, "speaker must be a whole number."),
    ],
)
def test_a_refusal_says_exactly_what_is_allowed(name: str, value: float, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        ConversionOptions(**{name: value})
    assert (caught.value.field, caught.value.message) == (name, sentence)


def test_a_seed_is_drawn_only_where_none_is_given() -> None:
    assert ConversionOptions(seed=7).seeded().seed == 7
    drawn = [ConversionOptions(pitch_shift=2).seeded() for _ in range(3)]
    assert all(1 <= options.seed < 2**32 and options.pitch_shift == 2 for options in drawn)
    assert len({options.seed for options in drawn}) == 3


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([], {}),
        (["--pitch", "2.5"], {"pitch_shift": 2.5}),
        (["--pitch", "auto"], {"pitch_mode": "auto"}),
        (["--pitch-mode", "auto", "--pitch-shift", "-3"], {"pitch_mode": "auto", "pitch_shift": -3.0}),
    ],
)
def test_a_command_line_takes_the_pitch_as_a_number_or_as_auto(given: list[str], chosen: dict[str, object]) -> None:
    parser = ArgumentParser()
    add_options(parser)
    assert chosen_options(vars(parser.parse_args(given))) == chosen
    with pytest.raises(SystemExit):
        parser.parse_args(["--pitch", "high"])
