"""Options and states of a conversion in the words of the page; every number comes from `rvc.options`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms, template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversions import methods
from conversions.forms import option_field
from conversions.models import OPTION_NAMES, Conversion, Kind
from jobs.models import State
from rvc.options import CHOICES, FORMAT_LABELS, ConversionOptions, zero_words

register = template.Library()

STAGE_WORDS = {
    "decode": _("Reading the recording"),
    "prepare": _("Loading the voice"),
    "f0": _("Following the melody"),
    "content": _("Listening to the words"),
    "synthesis": _("Speaking with the new voice"),
    "level": _("Matching the loudness"),
    "encode": _("Writing the file"),
}
SPEECH_STAGES = {
    "speak": _("Speaking the text"),
    "synthesis": STAGE_WORDS["synthesis"],
    "encode": STAGE_WORDS["encode"],
}
"""A text goes through the first two with each passage."""
# Some parts of a stage are measured on their own.
TIMING_WORDS = {
    "speak": SPEECH_STAGES["speak"],
    "decode": STAGE_WORDS["decode"],
    "load": STAGE_WORDS["prepare"],
    "prepare": _("Cutting it at quiet places"),
    "f0": STAGE_WORDS["f0"],
    "content": STAGE_WORDS["content"],
    "retrieval": _("Searching the index"),
    "synthesis": STAGE_WORDS["synthesis"],
    "level": STAGE_WORDS["level"],
    "encode": STAGE_WORDS["encode"],
    "measure": _("Measuring recording and result"),
}
SHOWN_FROM = 0.05  # seconds; less is shown as nothing
CHOICE_WORDS: dict[str, Any] = {
    **FORMAT_LABELS,
    "shift": _("By hand"),
    "auto": _("Automatic"),
    "rmvpe": "RMVPE",
    "fcpe": "FCPE",
    "swift-f0": "Swift F0",
    "crepe": "CREPE",
    "crepe-tiny": _("CREPE, small"),
    "harvest": "Harvest",
    "dio": "DIO",
    "keep": _("Keep"),
    "fill": _("Fill"),
    "exact": _("Exact"),
    "fast": _("Fast"),
}
STATE_WORDS = {
    State.RUNNING: _("Starting"),
    State.DONE: _("The result is ready"),
    State.FAILED: _("The conversion failed"),
    State.CANCELLED: _("The conversion was cancelled"),
    State.REJECTED: _("The recording cannot be used"),
}


@dataclass
class ShownOption:
    """One option as the form draws it: its bound field and what the metadata says."""

    field: forms.BoundField

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def label(self) -> str:
        return str(self.field.label)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return ConversionOptions.__dataclass_fields__[self.name].metadata

    @property
    def default(self) -> str:
        return "" if self.zero or self.undecided else _plain(ConversionOptions.__dataclass_fields__[self.name].default)

    @property
    def undecided(self) -> str:
        """What a choice that is left to the voice is called, where it may be."""
        return str(getattr(self.field.form, "undecided", {}).get(self.name, ""))

    @property
    def value(self) -> str:
        value = self.field.value()
        return self.default if value in (None, "") or (self.zero and value in (0, "0")) else _plain(value)

    @property
    def zero(self) -> str:
        """What an empty field stands for, where 0 says so elsewhere."""
        words = zero_words(self.name)
        return gettext(words) if words else ""

    @cached_property
    def choices(self) -> list[tuple[str, str, str]]:
        """Value, words, and why it cannot be chosen here, or nothing."""
        problems = methods.problems() if self.name == "f0_method" else {}
        known = [(value, _choice_words(value), problems.get(value, "")) for value in CHOICES.get(self.name, ())]
        return [("", self.undecided, ""), *known] if self.undecided else known

    @property
    def problems(self) -> list[tuple[str, str]]:
        return [(words, problem) for _, words, problem in self.choices if problem]

    @property
    def low(self) -> str:
        return _plain(self.metadata["low"])

    @property
    def high(self) -> str:
        return _plain(self.metadata["high"])

    @property
    def slides(self) -> bool:
        """Fractions and semitones have a slider; counts, rates and seeds only a number."""
        return ConversionOptions.__dataclass_fields__[self.name].type is float

    @property
    def step(self) -> str:
        return "1" if not self.slides else "0.01" if self.metadata["high"] <= 1 else "0.5"

    @property
    def range_words(self) -> str:
        if self.choices:
            return gettext("Default: {value}.").format(value=self.undecided or _choice_words(self.default))
        low, high = (_number_words(number) for number in (self.low, self.high))
        if self.zero:
            return gettext("{low} to {high}, empty: {zero}.").format(low=low, high=high, zero=self.zero)
        default = _number_words(self.default)
        return gettext("{low} to {high}, default {default}.").format(low=low, high=high, default=default)


@register.filter
def any_errors(options: list[ShownOption]) -> bool:
    return any(option.field.errors for option in options)


@register.simple_tag
def used_options(conversion: Conversion) -> list[tuple[str, str]]:
    """Label and value of every option that made this result."""
    return [(str(option_field(name).label), _used_words(conversion, name)) for name in OPTION_NAMES]


def _used_words(conversion: Conversion, name: str) -> str:
    value = getattr(conversion, name)
    if name == "output_rate" and not value:
        return gettext("the voice's own")
    if name == "pitch_mode" and value == "auto" and conversion.pitch_moved is not None:
        moved = f"{conversion.pitch_moved:+.10g}"
        return gettext("{how}: {moved} semitones").format(how=_choice_words(value), moved=moved)
    if name == "f0_method" and (taken := conversion.facts.get("f0_method", value)) != value:
        return f"{_choice_words(value)}: {_choice_words(taken)}"
    if name == "speaker" and conversion.voice and (called := conversion.voice.speaker_names.get(str(value))):
        return f"{value} – {called}"
    unit = ConversionOptions.__dataclass_fields__[name].metadata["unit"]
    return f"{_value_words(value)} {gettext(unit) if unit else ''}".rstrip()


@register.simple_tag
def option_words(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of some options, as a voice recommends them."""
    return [(str(option_field(name).label), _value_words(values[name])) for name in OPTION_NAMES if name in values]


@register.simple_tag
def timings(conversion: Conversion) -> list[tuple[str, float, int]]:
    """Words, seconds and share of the whole in percent of each stage that was measured."""
    measured: Mapping[str, float] = conversion.facts.get("timings", {})
    whole = sum(measured.values()) or 1.0
    known = [
        (str(words), measured[stage]) for stage, words in TIMING_WORDS.items() if measured.get(stage, 0) >= SHOWN_FROM
    ]
    return [(words, seconds, round(100 * seconds / whole)) for words, seconds in known]


@register.simple_tag
def stage_steps(conversion: Conversion) -> list[tuple[Any, str]]:
    """Every stage in words, each with `past`, `now` or nothing."""
    stages = _stages(conversion)
    order = list(stages)
    place = order.index(conversion.stage) if conversion.stage in stages else -1
    when = ["past" if number < place else "now" if number == place else "" for number in range(len(order))]
    return list(zip(stages.values(), when, strict=True))


def stage_words(conversion: Conversion) -> str:
    """What it is, or was, busy with; its own name of a stage that has no words."""
    return str(_stages(conversion).get(conversion.stage, conversion.stage))


def _stages(conversion: Conversion) -> Mapping[str, Any]:
    return SPEECH_STAGES if conversion.kind == Kind.SPEECH else STAGE_WORDS


@register.filter
def state_words(conversion: Conversion) -> str:
    if conversion.state == State.QUEUED:
        ahead = (conversion.position or 1) - 1
        if not ahead:
            return gettext("Waiting, next in line")
        return ngettext("Waiting, {count} before it", "Waiting, {count} before it", ahead).format(count=ahead)
    if conversion.state == State.RUNNING:
        return str(_stages(conversion).get(conversion.stage, STATE_WORDS[State.RUNNING]))
    return str(STATE_WORDS[State(conversion.state)])


@register.filter
def estimate(conversion: Conversion) -> str:
    """How long until it has ended, in words; empty where nobody knows."""
    seconds = conversion.estimate_seconds
    if seconds is None:
        return ""
    if seconds < 10:
        return gettext("a few seconds")
    if seconds < 90:
        return gettext("about {count} seconds").format(count=round(seconds, -1))
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext("about {count} minute", "about {count} minutes", minutes).format(count=minutes)
    hours = round(seconds / 3600)
    return ngettext("about {count} hour", "about {count} hours", hours).format(count=hours)


@register.filter
def percent(fraction: float) -> int:
    return int(100 * fraction)


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in its largest unit."""
    if (timezone.now() - moment).total_seconds() < 60:
        return gettext("just now")
    return gettext("{time} ago").format(time=timesince(moment, depth=1))


@register.filter
def as_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values)


def _choice_words(value: str) -> str:
    words = CHOICE_WORDS.get(value, value)
    return gettext(words) if isinstance(words, str) and words else str(words)


def _number_words(number: str) -> str:
    return number_format(Decimal(number)).replace("-", "−")


def _value_words(value: object) -> str:
    return _number_words(_plain(value)) if isinstance(value, float) else _choice_words(str(value))


def _plain(value: object) -> str:
    """A number without idle zeros, as a number field takes it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
