"""The form of the studio: a voice, one of three ways to give it sound, and the options."""

from typing import Any, ClassVar

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from conversions import clips
from conversions.batches.models import Batch
from conversions.forms import ConversionForm, RecordingsField
from conversions.models import Conversion
from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tts.forms import SpeechForm
from tts.models import Speech

TRY = "try"
"""What the button says that converts some seconds only."""
OF_TEXTS = ("text", "document", "language", "who", "rate", "pause")
OF_SOUND = ("recording", "clip_start")


class Way(TextChoices):
    """How the sound is given."""

    FILES = "files", _("Files")
    MICROPHONE = "microphone", _("Microphone")
    TEXT = "text", _("Text")


def way_of(asked: Any) -> Way:
    """The way that a request or a link names, else files."""
    named = asked.get("way", "")
    return Way(named) if named in Way.values else Way.FILES


class StudioForm(SpeechForm):
    """All three ways stand on the page; only what belongs to the chosen one is looked at."""

    undecided: ClassVar[dict[str, Any]] = {"pitch_mode": _("As usual")}

    recording = RecordingsField(  # type: ignore[assignment]
        allow_empty_file=True,
        error_messages={"required": _("Choose a recording, or record one here.")},
    )

    clip_start = forms.FloatField(label=_("from second"), required=False, min_value=0, max_value=36_000)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.tries = self.is_bound and self.data.get("do") == TRY
        self.way = way_of(self.data if self.is_bound else self.initial)
        if self.way == Way.TEXT:
            self.fields["recording"].required = False
        elif self.way == Way.MICROPHONE:
            self.fields["recording"].error_messages["required"] = _("Record something with the microphone first.")

    def add_error(self, field: Any, error: Any) -> None:
        """What stands where nobody looks cannot be wrong."""
        if field not in (OF_SOUND if self.way == Way.TEXT else OF_TEXTS):
            super().add_error(field, error)

    def clean_recording(self) -> list[Any]:
        if self.way == Way.TEXT:
            return []
        files = super().clean_recording()
        if self.tries and self.parcels:
            raise forms.ValidationError(_("A preview takes one recording: choose one of them."), code="one_only")
        return files

    def options_of(self, voice: VoiceModel, chosen: dict[str, Any]) -> ConversionOptions:
        owner = SpeechForm if self.way == Way.TEXT else ConversionForm
        return owner.options_of(self, voice, chosen)

    def clean(self) -> dict[str, Any]:
        owner = SpeechForm if self.way == Way.TEXT else ConversionForm
        return owner.clean(self)

    def _keeping(self) -> dict[str, Any]:
        """Of a preview only some seconds are meant, which go soon."""
        keeping = super()._keeping()
        if not self.tries or self.way == Way.TEXT:
            return keeping
        clip = {"clip_start": self.cleaned_data["clip_start"] or 0.0, "clip_seconds": clips.USUAL_SECONDS}
        return {"keep_days": clips.KEEP_DAYS, **clip, **keeping}

    def submit(self) -> Conversion | Batch | Speech:
        """Queue what was wished. Raises RVCError."""
        return self.speak() if self.way == Way.TEXT else self.save()
