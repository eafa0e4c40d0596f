"""The options of a conversion as flags of a command line: of `python -m rvc`, and of the commands of the server."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from rvc.options import CHOICES, ConversionOptions, option_range, zero_words

SHORT_NAMES = {"pitch_shift": "--pitch", "f0_method": "--f0", "output_format": "--format"}
AUTO = "auto"


def add_options(parser: ArgumentParser, short: Mapping[str, str] = SHORT_NAMES) -> None:
    """One flag per option, with the words, ranges and defaults of `rvc.options`; None where it is left out."""
    for spec in fields(ConversionOptions):
        flags = [f"--{spec.name.replace('_', '-')}", *filter(None, [short.get(spec.name)])]
        text = f"{spec.metadata['help']} Default {spec.default}"
        if spec.name in CHOICES:
            parser.add_argument(*flags, choices=CHOICES[spec.name], help=text)
            continue
        low, high = option_range(spec.name)
        zero = f", or 0: {words}" if (words := zero_words(spec.name)) else ""
        auto = ", or auto: as --pitch-mode" if spec.name == "pitch_shift" else ""
        kind = _semitones if spec.name == "pitch_shift" else spec.type
        parser.add_argument(*flags, type=kind, metavar="N", help=f"{text}; {low:.10g} to {high:.10g}{zero}{auto}.")


def chosen_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen among the flags of `add_options`, by name; `--pitch auto` is a way and no number."""
    chosen = {spec.name: given[spec.name] for spec in fields(ConversionOptions) if given[spec.name] is not None}
    if chosen.get("pitch_shift") == AUTO:
        chosen.setdefault("pitch_mode", AUTO)
        del chosen["pitch_shift"]
    return chosen


def _semitones(text: str) -> float | str:
    try:
        return AUTO if text == AUTO else float(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is neither a number of semitones nor auto") from error
