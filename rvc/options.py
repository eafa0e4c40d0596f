"""The options of one conversion: names, units, ranges and defaults. They exist here and nowhere else."""

import secrets
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self, get_args

from rvc.errors import OptionError

F0Method = Literal["auto", "rmvpe", "fcpe", "swift-f0", "crepe", "crepe-tiny", "harvest", "dio"]
PitchMode = Literal["shift", "auto"]
Unvoiced = Literal["keep", "fill"]
Precision = Literal["exact", "fast"]
OutputFormat = Literal["wav", "wav24", "wav32f", "flac", "mp3", "opus", "m4a"]

FORMAT_LABELS: dict[str, str] = {
    "wav": "WAV, 16 bit",
    "wav24": "WAV, 24 bit",
    "wav32f": "WAV, 32 bit float",
    "flac": "FLAC, 24 bit",
    "mp3": "MP3, 192 kbit/s",
    "opus": "Ogg Opus, 128 kbit/s",
    "m4a": "M4A (AAC), 192 kbit/s",
}
"""Every output format with the words a person reads."""


def _option(default: Any, help_text: str, **limits: Any) -> Any:
    """limits: `low` and `high` of a number, its `unit`, and what `zero` stands for where 0 lies outside of them."""
    known = {"low": None, "high": None, "unit": "", "zero": ""}
    return field(default=default, metadata={"help": help_text, **known, **limits})


@dataclass(frozen=True)
class ConversionOptions:
    """What a person may choose about one conversion. Construction validates; an OptionError names the option."""

    pitch_shift: float = _option(
        0.0, "Moves the melody up or down; 12 is one octave.", low=-24.0, high=24.0, unit="semitones"
    )
    pitch_mode: PitchMode = _option(
        "shift",
        "Auto first brings the melody to where the voice usually speaks, by whole semitones; the shift comes on top.",
    )
    f0_method: F0Method = _option("auto", "How the pitch is measured. Auto takes the best method installed.")
    index_rate: float = _option(
        0.75, "How strongly the voice's own recordings colour the result; 0 leaves the index out.", low=0.0, high=1.0
    )
    protect: float = _option(
        0.33, "Keeps breath and consonants from the recording; lower protects more, 0.5 is off.", low=0.0, high=0.5
    )
    loudness_mix: float = _option(
        0.25, "0 follows the loudness of the recording, 1 keeps the loudness of the voice.", low=0.0, high=1.0
    )
    speaker: int = _option(0, "Which speaker of a voice that has several.", low=0, high=65535)
    unvoiced: Unvoiced = _option("keep", "Keep leaves unvoiced sounds without pitch; fill draws a pitch through them.")
    precision: Precision = _option(
        "exact", "Fast computes the last stage in bfloat16 where the processor has it: quicker, 44 dB close."
    )
    output_rate: int = _option(
        0, "Sampling rate of the result.", low=8000, high=192000, unit="Hz", zero="the voice's own"
    )
    output_format: OutputFormat = _option("wav", "The kind of file that is written.")
    seed: int = _option(
        0,
        "Same seed, same recording, same machine: the same bytes.",
        low=1,
        high=2**32 - 1,
        zero="chosen for you and shown with the result",
    )

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            choices = CHOICES.get(spec.name)
            if choices is not None:
                _check_choice(spec.name, value, choices)
            else:
                object.__setattr__(self, spec.name, _checked_number(spec.name, value, whole=spec.type is int))

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Self:
        """Options from plain values, as a request or a database row holds them. Unknown names are refused."""
        known = {spec.name for spec in fields(cls)}
        for name in values:
            if name not in known:
                raise OptionError(name, f"There is no option called {name[:40]!r}.")
        return cls(**values)

    def seeded(self) -> Self:
        """The same options with a seed: the one that is given, or one drawn at random."""
        return self if self.seed else replace(self, seed=1 + secrets.randbelow(2**32 - 1))


CHOICES: dict[str, tuple[str, ...]] = {
    "pitch_mode": get_args(PitchMode),
    "f0_method": get_args(F0Method),
    "unvoiced": get_args(Unvoiced),
    "precision": get_args(Precision),
    "output_format": get_args(OutputFormat),
}
"""The options that are a choice, with their values."""


def option_range(name: str) -> tuple[float, float]:
    """Lowest and highest value of a number option; 0 may be allowed besides, see `zero_words`."""
    metadata = ConversionOptions.__dataclass_fields__[name].metadata
    return metadata["low"], metadata["high"]


def zero_words(name: str) -> str:
    """What 0 stands for in an option whose range does not hold it; empty where 0 is nothing special."""
    return str(ConversionOptions.__dataclass_fields__[name].metadata["zero"])


def range_sentence(name: str, called: str = "") -> str:
    """The one sentence about a number option that was given another value; `called`: its name, as a person knows it."""
    low, high = option_range(name)
    zero, unit = zero_words(name), ConversionOptions.__dataclass_fields__[name].metadata["unit"]
    allowed = f"between {low:.10g} and {high:.10g} {unit}".rstrip()
    return f"{called or name} must be {f'0 ({zero}) or ' if zero else ''}{allowed}."


def choice_sentence(name: str, called: str = "") -> str:
    """The one sentence about a choice that was given another value."""
    return f"{called or name} must be one of {', '.join(CHOICES[name])}."


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise OptionError(name, choice_sentence(name))


def _checked_number(name: str, value: object, *, whole: bool) -> float | int:
    low, high = option_range(name)
    zero = bool(zero_words(name)) and value == 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OptionError(name, f"{name} must be a number.")
    if not (zero or low <= value <= high):  # as no comparison with NaN is true
        raise OptionError(name, range_sentence(name))
    if whole and value != int(value):
        raise OptionError(name, f"{name} must be a whole number.")
    return int(value) if whole else float(value)
