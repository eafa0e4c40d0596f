"""The options of a conversion as fields of the API."""

from typing import Any

from drf_spectacular.drainage import set_override
from rest_framework import serializers

from conversions.forms import option_errors, within_range
from rvc.options import CHOICES, FORMAT_LABELS, ConversionOptions, option_range, zero_words
from voiceproject.numbers import NumberField


def option_field(name: str) -> "serializers.Field[Any, Any, Any, Any]":
    """The API field of one conversion option. Left out, the voice's recommendation or the default is used."""
    spec = ConversionOptions.__dataclass_fields__[name]
    shown: dict[str, Any] = {
        "required": False,
        "help_text": spec.metadata["help"],
        "error_messages": option_errors(name),
    }
    if name in CHOICES:
        labels = [(choice, FORMAT_LABELS.get(choice, choice)) for choice in CHOICES[name]]
        return serializers.ChoiceField(choices=labels, **shown)
    kind = serializers.IntegerField if spec.type is int else NumberField
    if zero := zero_words(name):
        shown["help_text"] += f" 0: {zero}."
    field = kind(validators=[within_range(name)], **shown)
    set_override(field, "field", _number_schema(name))
    return field


def _number_schema(name: str) -> dict[str, Any]:
    """What OpenAPI says of a number option: its range, and 0 where that stands for something else."""
    low, high = option_range(name)
    kind = "integer" if ConversionOptions.__dataclass_fields__[name].type is int else "number"
    limits = {"minimum": low, "maximum": high}
    return {"type": kind, "anyOf": [{"const": 0}, limits]} if zero_words(name) else {"type": kind, **limits}
