from dataclasses import fields
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conversions import recordings
from conversions.batches import intake
from conversions.batches.intake import Parcel
from conversions.batches.models import Batch
from conversions.methods import check_method
from conversions.models import OPTION_NAMES, Conversion
from models_app.models import VoiceModel
from models_app.options import option_errors, option_field, within_range
from rvc.codec import RecordingFacts
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions

__all__ = ["ConversionForm", "option_errors", "option_field", "within_range"]


KEEP = (
    ("", _("As my account says")),
    ("download", _("10 minutes after I have downloaded it")),
    ("1", _("After a day")),
    ("7", _("After a week")),
    ("30", _("After 30 days")),
    ("0", _("Not by itself")),
)


class RecordingsInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class RecordingsField(forms.FileField):
    """Any number of files, each checked by itself; a list of them."""

    widget = RecordingsInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list) else [data]
        return [super(RecordingsField, self).clean(file, initial) for file in files or [None]]


class ConversionForm(forms.Form):
    """Choose a voice, bring recordings, and submit; they are looked at before the form is valid."""

    undecided: ClassVar[dict[str, Any]] = {}
    """Options that may be left to the voice, and how that is called."""

    voice = forms.ModelChoiceField(
        VoiceModel.objects.none(),
        error_messages={
            "required": _("Choose a voice."),
            "invalid_choice": _("This voice is not there any more, or is not shared with you: choose another."),
        },
    )
    recording = RecordingsField(
        allow_empty_file=True,
        help_text=_("Speech or singing: WAV, FLAC, MP3, Ogg, Opus, M4A, WebM."),
        error_messages={"required": _("Choose a recording, or record one here.")},
    )

    keep = forms.ChoiceField(label=_("Delete it"), choices=KEEP, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.facts: RecordingFacts | None = None
        self.parcels: list[Parcel] = []
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

    def clean_recording(self) -> list[Any]:
        """One recording is checked now; of many each is checked by the worker that takes them in."""
        files: list[Any] = self.cleaned_data["recording"]
        try:
            if intake.is_batch(files):
                self.parcels = intake.look(files)
            else:
                self.facts = recordings.probe(files[0])
        except RVCError as error:
            raise ValidationError(error.message, code=error.code) from error
        return files

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            chosen = {name: cleaned[name] for name in OPTION_NAMES if cleaned[name] not in (None, "")}
            try:
                cleaned["options"] = self.options_of(cleaned["voice"], chosen)
                check_method(cleaned["voice"], cleaned["options"])
            except OptionError as error:
                self.add_error(error.field, ValidationError(error.message, code=error.code))
        return cleaned

    def options_of(self, voice: VoiceModel, chosen: dict[str, Any]) -> ConversionOptions:
        return voice.options(**chosen)

    def save(self) -> Conversion | Batch:
        data, keeping = self.cleaned_data, self._keeping()
        if self.parcels:
            wish = intake.Wish(data["voice"], data["options"], keeping)
            return Batch.objects.submit(self.user, wish, self.parcels)
        [recording] = data["recording"]
        return Conversion.objects.submit(self.user, data["voice"], recording, data["options"], self.facts, **keeping)

    def _keeping(self) -> dict[str, Any]:
        keep = self.cleaned_data["keep"]
        if keep == "download":
            return {"delete_after_download": True}
        return {"keep_days": int(keep)} if keep else {}
