"""The form of the studio: a voice, one of three ways to give it sound, and the options."""

from typing import Any, ClassVar

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from conversions.batches.models import Batch
from conversions.forms import ConversionForm, RecordingsField
from conversions.models import Conversion
from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tts.forms import SpeechForm
from tts.models import Speech


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

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.way = way_of(self.data if self.is_bound else self.initial)
        if self.way == Way.TEXT:
            self.fields["recording"].required = False
        elif self.way == Way.MICROPHONE:
            self.fields["recording"].error_messages["required"] = _("Record something with the microphone first.")

    def clean_recording(self) -> list[Any]:
        return [] if self.way == Way.TEXT else super().clean_recording()

    def options_of(self, voice: VoiceModel, chosen: dict[str, Any]) -> ConversionOptions:
        owner = SpeechForm if self.way == Way.TEXT else ConversionForm
        return owner.options_of(self, voice, chosen)

    def clean(self) -> dict[str, Any]:
        owner = SpeechForm if self.way == Way.TEXT else ConversionForm
        return owner.clean(self)

    def submit(self) -> Conversion | Batch | Speech:
        """Queue what was wished. Raises RVCError."""
        return self.speak() if self.way == Way.TEXT else self.save()
