"""What to compare, as people write it: an option, and its values one after the other."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversions.models import Conversion
from conversions.sweeps.grid import COMPARED, LONGEST_SECONDS, SHORTEST_SECONDS, USUAL_SECONDS, Axis, checked
from conversions.sweeps.models import Sweep
from models_app.options import LABELS
from rvc.errors import OptionError
from rvc.options import CHOICES, ConversionOptions, option_range

BETWEEN = re.compile(r"[\s,;]+")
USUAL = {"first": "pitch_shift", "first_values": "-12 0 12", "second": "index_rate", "second_values": "0 0.75"}


def compared() -> list[tuple[str, Any]]:
    return [(name, LABELS[name]) for name in COMPARED]


def meanings() -> list[tuple[str, str]]:
    """Every option that can be compared, with the values it may have, in words."""
    return [(str(LABELS[name]), _meaning(name)) for name in COMPARED]


def _meaning(name: str) -> str:
    if name in CHOICES:
        return _("one of %(words)s") % {"words": ", ".join(CHOICES[name])}
    low, high = option_range(name)
    return _("%(low)s to %(high)s") % {"low": f"{low:g}", "high": f"{high:.0f}" if high > 1 else f"{high:g}"}


class SweepForm(forms.Form):
    """One or two options with their values, and the clip."""

    first = forms.ChoiceField(label=gettext_lazy("First option"))
    first_values = forms.CharField(
        label=gettext_lazy("Values of the first option"),
        max_length=200,
        help_text=gettext_lazy("With spaces between: -12 0 12"),
    )
    second = forms.ChoiceField(label=gettext_lazy("Second option"), required=False)
    second_values = forms.CharField(label=gettext_lazy("Values of the second option"), max_length=200, required=False)
    start = forms.FloatField(label=gettext_lazy("Clip from"), min_value=0, initial=0)
    seconds = forms.FloatField(
        label=gettext_lazy("Length of the clip"),
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        initial=f"{USUAL_SECONDS:g}",
    )

    def __init__(self, *args: Any, conversion: Conversion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = dict(USUAL)
        self.conversion = conversion
        self.fields["first"].choices = compared()  # type: ignore[attr-defined]
        self.fields["second"].choices = [("", _("none")), *compared()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            axes = [self._axis("first")] + ([self._axis("second")] if cleaned["second"] else [])
            if not self.errors:
                self._check(axes)
        return cleaned

    def _axis(self, which: str) -> Axis:
        name, words = self.cleaned_data[which], BETWEEN.split(self.cleaned_data[f"{which}_values"].strip())
        try:
            return Axis(name, tuple(_value(name, word) for word in words if word))
        except ValueError:
            self.add_error(f"{which}_values", ValidationError(_("These must be numbers."), code="invalid"))
            return Axis(name, ())

    def _check(self, axes: list[Axis]) -> None:
        try:
            self.cleaned_data["axes"] = checked(axes, self.conversion.options)
        except OptionError as error:
            self.add_error(self.field_of(error, axes), ValidationError(error.message, code=error.code))

    def field_of(self, error: OptionError, axes: list[Axis]) -> str | None:
        """The field of this form that an error about an option is about."""
        if error.field in self.fields:
            return error.field
        named = {axis.name: f"{which}_values" for axis, which in zip(axes, ("first", "second"), strict=False)}
        return named.get(str(error.field))

    def save(self) -> Sweep:
        data = self.cleaned_data
        return Sweep.objects.submit(self.conversion, data["axes"], start=data["start"], seconds=data["seconds"])


def _value(name: str, word: str) -> Any:
    """Raises ValueError for what is no number where one is wanted."""
    if name in CHOICES:
        return word.lower()
    number = float(word.replace("\u2212", "-"))
    return int(number) if ConversionOptions.__dataclass_fields__[name].type is int and number.is_integer() else number
