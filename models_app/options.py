"""The form fields of conversion options: a voice recommends some, a conversion chooses them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rvc.options import CHOICES, FORMAT_LABELS, ConversionOptions, choice_sentence, option_range, range_sentence

LABELS = {
    "pitch_shift": _("Pitch"),
    "pitch_mode": _("Fitting the pitch"),
    "f0_method": _("Pitch method"),
    "index_rate": _("Index strength"),
    "protect": _("Protect"),
    "loudness_mix": _("Loudness"),
    "speaker": _("Speaker"),
    "unvoiced": _("Unvoiced sounds"),
    "precision": _("Precision"),
    "output_rate": _("Sampling rate"),
    "output_format": _("File format"),
    "seed": _("Seed"),
}


def option_field(name: str, empty: str = "") -> forms.Field:
    """The form field of one conversion option. Left empty, the voice's recommendation or the default is used.

    empty: what a choice is called that is not made, instead of "As recommended".
    """
    spec = ConversionOptions.__dataclass_fields__[name]
    shown: dict[str, Any] = {"required": False, "label": str(LABELS[name])}
    shown["help_text"] = " ".join(filter(None, (gettext(spec.metadata["help"]), _unit(spec.metadata["unit"]))))
    shown["error_messages"] = option_errors(name, shown["label"])
    if name in CHOICES:
        choices = [(value, gettext(FORMAT_LABELS.get(value, value))) for value in CHOICES[name]]
        return forms.ChoiceField(choices=[("", empty or gettext("As recommended")), *choices], **shown)
    kind = forms.IntegerField if spec.type is int else forms.FloatField
    return kind(validators=[within_range(name, shown["label"])], **shown)


def option_errors(name: str, called: str = "") -> dict[str, str]:
    """Our sentences for what a form or API field of this option refuses; `called`: its name, as a person knows it."""
    if name in CHOICES:
        return {"invalid_choice": choice_sentence(name, called)}
    whole = ConversionOptions.__dataclass_fields__[name].type is int
    return {"invalid": f"{called or name} must be a {'whole ' if whole else ''}number."}


def within_range(name: str, called: str = "") -> Callable[[float], None]:
    """A validator for a number option. 0 is always fine: in the range, or with a meaning of its own."""
    low, high = option_range(name)

    def check(value: float) -> None:
        if value != 0 and not low <= value <= high:
            raise ValidationError(range_sentence(name, called), code="out_of_range")

    return check


def _unit(unit: str) -> str:
    return gettext("In {unit}.").format(unit=gettext(unit)) if unit else ""
