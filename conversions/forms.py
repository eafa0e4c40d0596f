from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from conversions import recordings
from conversions.methods import check_method
from conversions.models import OPTION_NAMES, Conversion
from models_app.models import VoiceModel
from rvc.codec import RecordingFacts
from rvc.errors import OptionError, RVCError
from rvc.options import CHOICES, FORMAT_LABELS, ConversionOptions, choice_sentence, option_range, range_sentence

LABELS = {
    "pitch_shift": "Pitch",
    "f0_method": "Pitch method",
    "index_rate": "Index strength",
    "loudness_mix": "Loudness",
    "unvoiced": "Unvoiced sounds",
    "output_rate": "Sampling rate",
    "output_format": "File format",
}


def option_field(name: str) -> forms.Field:
    """The form field of one conversion option. Left empty, the voice's recommendation or the default is used."""
    spec = ConversionOptions.__dataclass_fields__[name]
    shown: dict[str, Any] = {"required": False, "label": LABELS.get(name, name.replace("_", " ").capitalize())}
    shown["help_text"] = " ".join(filter(None, (spec.metadata["help"], _unit(spec.metadata["unit"]))))
    shown["error_messages"] = option_errors(name, shown["label"])
    if name in CHOICES:
        choices = [(value, FORMAT_LABELS.get(value, value)) for value in CHOICES[name]]
        return forms.ChoiceField(choices=[("", "As recommended"), *choices], **shown)
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
    return f"In {unit}." if unit else ""


class ConversionForm(forms.Form):
    """Choose a voice, bring a recording, and submit; the recording is looked at before the form is valid."""

    voice = forms.ModelChoiceField(VoiceModel.objects.none())
    recording = forms.FileField(
        allow_empty_file=True, help_text="Speech or singing: WAV, FLAC, MP3, Ogg, Opus, M4A, WebM."
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.facts: RecordingFacts | None = None
        self.fields["voice"].queryset = VoiceModel.objects.visible_to(user)  # type: ignore[attr-defined]
        for spec in fields(ConversionOptions):
            self.fields[spec.name] = option_field(spec.name)

    def clean_recording(self) -> Any:
        try:
            self.facts = recordings.probe(self.cleaned_data["recording"])
        except RVCError as error:
            raise ValidationError(error.message, code=error.code) from error
        return self.cleaned_data["recording"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            chosen = {name: cleaned[name] for name in OPTION_NAMES if cleaned[name] not in (None, "")}
            try:
                cleaned["options"] = cleaned["voice"].options(**chosen)
                check_method(cleaned["voice"], cleaned["options"])
            except OptionError as error:
                self.add_error(error.field, ValidationError(error.message, code=error.code))
        return cleaned

    def save(self) -> Conversion:
        data = self.cleaned_data
        return Conversion.objects.submit(self.user, data["voice"], data["recording"], data["options"], self.facts)
