from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from conversions import recordings
from conversions.methods import check_method
from conversions.models import OPTION_NAMES, Conversion
from models_app.models import VoiceModel
from models_app.options import option_errors, option_field, within_range
from rvc.codec import RecordingFacts
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions

__all__ = ["ConversionForm", "option_errors", "option_field", "within_range"]


KEEP = (
    ("", "As my account says"),
    ("download", "10 minutes after I have downloaded it"),
    ("1", "After a day"),
    ("7", "After a week"),
    ("30", "After 30 days"),
    ("0", "Not by itself"),
)


class ConversionForm(forms.Form):
    """Choose a voice, bring a recording, and submit; the recording is looked at before the form is valid."""

    voice = forms.ModelChoiceField(
        VoiceModel.objects.none(),
        error_messages={
            "required": "Choose a voice.",
            "invalid_choice": "This voice is not there any more, or is not shared with you: choose another.",
        },
    )
    recording = forms.FileField(
        allow_empty_file=True,
        help_text="Speech or singing: WAV, FLAC, MP3, Ogg, Opus, M4A, WebM.",
        error_messages={"required": "Choose a recording, or record one here."},
    )

    keep = forms.ChoiceField(label="Delete it", choices=KEEP, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.facts: RecordingFacts | None = None
        self.fields["voice"].queryset = VoiceModel.objects.visible_to(user)  # type: ignore[attr-defined]
        for spec in fields(ConversionOptions):
            self.fields[spec.name] = option_field(spec.name)

    def clean_voice(self) -> VoiceModel:
        voice: VoiceModel = self.cleaned_data["voice"]
        try:
            voice.check_usable()
        except RVCError as error:
            raise ValidationError(error.message, code=error.code) from error
        return voice

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
        return Conversion.objects.submit(
            self.user, data["voice"], data["recording"], data["options"], self.facts, **self._keeping()
        )

    def _keeping(self) -> dict[str, Any]:
        keep = self.cleaned_data["keep"]
        if keep == "download":
            return {"delete_after_download": True}
        return {"keep_days": int(keep)} if keep else {}
