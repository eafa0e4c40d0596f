"""The form of the text page: what a conversion is asked, with a text in place of the recording."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from conversions.forms import ConversionForm
from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tts.engines.base import RATES, Engine, Speaker, SpeechError
from tts.engines.registry import engines
from tts.models import Speech
from tts.wishes import PAUSES, Wish, offline_chain

AUTOMATIC = ""
PLAIN = 40
"""So many speakers of one engine stay in its own order; more are put in order of their language."""


class SpeechForm(ConversionForm):
    recording = None  # type: ignore[assignment]
    undecided: ClassVar = {"pitch_mode": _("Automatic where the voice's usual pitch is known")}

    text = forms.CharField(strip=False, required=False, widget=forms.Textarea)
    who = forms.ChoiceField(label="Who speaks", required=False)
    rate = forms.FloatField(
        label="Pace",
        required=False,
        min_value=RATES[0],
        max_value=RATES[1],
        help_text=f"{RATES[0]:g} to {RATES[1]:g}; 1 is usual.",
    )
    pause = forms.FloatField(
        label="Pause",
        required=False,
        min_value=PAUSES[0],
        max_value=PAUSES[1],
        help_text="Seconds between sentences; empty: as the engine speaks.",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["who"].choices = who_choices()  # type: ignore[attr-defined]

    def options_of(self, voice: VoiceModel, chosen: dict[str, Any]) -> ConversionOptions:
        return voice.speech_options(**chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            engine, _, speaker = cleaned["who"].partition("|")
            wish = Wish(
                cleaned["text"],
                engines=(engine,) if engine else (),
                engine_speaker=speaker,
                rate=cleaned["rate"] or 1.0,
                pause=cleaned["pause"],
            )
            try:
                cleaned["wish"] = wish.checked()
            except SpeechError as error:
                field = error.field if error.field in self.fields else "who" if error.field else None
                self.add_error(field, forms.ValidationError(error.message, code=error.code))
        return cleaned

    def speak(self) -> Speech:
        data = self.cleaned_data
        return Speech.objects.submit(self.user, data["voice"], data["wish"], data["options"], **self._keeping())


def usable() -> list[Engine]:
    return [engine for engine in engines().values() if engine.trouble() is None]


def who_choices() -> list[Any]:
    """Everybody who can speak here, by engine; whose text goes elsewhere says so."""
    choices: list[Any] = [(AUTOMATIC, "Automatic: whoever speaks the language of the text")]
    for engine in usable():
        named = f"{engine.label}, online: the text goes to a third party" if engine.online else engine.label
        everybody = [(f"{engine.name}|", "Whoever speaks the language of the text")]
        everybody += [(f"{engine.name}|{speaker.id}", _words(speaker)) for speaker in _speakers(engine)]
        choices.append((named, everybody))
    return choices


def _speakers(engine: Engine) -> Iterable[Speaker]:
    try:
        found = engine.speakers()
    except SpeechError:
        return ()
    return found if len(found) <= PLAIN else sorted(found, key=lambda one: (one.language, one.name))


def _words(speaker: Speaker) -> str:
    language = f"{speaker.language}: " if speaker.language else ""
    gender = f", {speaker.gender}" if speaker.gender and speaker.gender not in speaker.name.lower() else ""
    return f"{language}{speaker.name}{gender}"


def notes() -> list[str]:
    """What is to be known about the engines that cannot be used, each in a sentence."""
    troubles = ((engine, engine.trouble()) for engine in engines().values())
    return [f"{engine.label}: {trouble.sentence}" for engine, trouble in troubles if trouble is not None]


def offline_labels() -> list[str]:
    """Who speaks where nobody is chosen, in order."""
    try:
        return [engines()[name].label for name in offline_chain()]
    except SpeechError:
        return []


def most_characters() -> int:
    return int(settings.SPEECH_CHARACTERS)
