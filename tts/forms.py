"""The form of the text page: what a conversion is asked, with a text in place of the recording."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from conversions.batches.models import Batch
from conversions.forms import ConversionForm
from models_app.models import VoiceModel
from rvc.errors import RVCError
from rvc.options import ConversionOptions
from tts.documents.intake import Document, look, submit
from tts.engines.base import RATES, Engine, Speaker, SpeechError, canonical
from tts.engines.registry import engines
from tts.models import Speech
from tts.wishes import PAUSES, Wish, offline_chain

AUTOMATIC = ""
LISTED_AS = {"cmn": "zh-hans"}
PLAIN = 40
"""So many speakers of one engine stay in its own order; more are put in order of their language."""


class LongSelect(forms.Select):
    """The same list as ever, without a template for each of its hundreds of lines."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        lines = format_html_join("", "{}", ((_group(words, some, chosen),) for words, some in self._groups()))
        named = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>{}</select>', name, named, lines)

    def _groups(self) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        for value, words in self.choices:
            yield (str(value), words) if isinstance(words, list) else ("", [(str(value), str(words))])


def _group(name: str, some: list[tuple[str, str]], chosen: set[str]) -> SafeString:
    selected = {True: flatatt({"selected": True}), False: ""}
    lines = format_html_join(
        "", '<option value="{}"{}>{}</option>', ((value, selected[value in chosen], words) for value, words in some)
    )
    return format_html('<optgroup label="{}">{}</optgroup>', name, lines) if name else lines


class SpeechForm(ConversionForm):
    recording = None  # type: ignore[assignment]
    undecided: ClassVar = {"pitch_mode": _("Automatic where the voice's usual pitch is known")}

    text = forms.CharField(strip=False, required=False, widget=forms.Textarea)
    document = forms.FileField(
        label=_("A whole document"),
        allow_empty_file=True,
        required=False,
        help_text=_("Plain text, Markdown or EPUB, instead of the text: its chapters become one batch."),
        widget=forms.FileInput(attrs={"accept": ".txt,.md,.epub"}),
    )
    language = forms.ChoiceField(label=_("Language of the text"), required=False, widget=LongSelect)
    who = forms.ChoiceField(label=_("Who speaks"), required=False, widget=LongSelect)
    rate = forms.FloatField(
        label=_("Pace"),
        required=False,
        min_value=RATES[0],
        max_value=RATES[1],
        help_text=_("1 is usual."),
    )
    pause = forms.FloatField(
        label=_("Pause"),
        required=False,
        min_value=PAUSES[0],
        max_value=PAUSES[1],
        help_text=_("Seconds between sentences; empty: as the engine speaks."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["who"].choices = who_choices()  # type: ignore[attr-defined]
        self.fields["language"].choices = language_choices()  # type: ignore[attr-defined]
        self.whole: Document | None = None

    def options_of(self, voice: VoiceModel, chosen: dict[str, Any]) -> ConversionOptions:
        return voice.speech_options(**chosen)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                cleaned["wish"] = self._wished(cleaned).checked()
            except RVCError as error:
                field = error.field if error.field in self.fields else "who" if error.field else None
                self.add_error(field, forms.ValidationError(error.message, code=error.code))
        return cleaned

    def _wished(self, cleaned: dict[str, Any]) -> Wish:
        """Of a document the first part stands for all until they are submitted. Raises RVCError."""
        engine, _, speaker = cleaned["who"].partition("|")
        text = cleaned["text"]
        if cleaned.get("document") is not None:
            if text.strip():
                raise RVCError("bad_request", gettext("Send a text or a document, not both."), field="document")
            self.whole = look(cleaned["document"])
            text = self.whole.parts[0].text
        return Wish(
            text,
            language=cleaned["language"],
            engines=(engine,) if engine else (),
            engine_speaker=speaker,
            rate=cleaned["rate"] or 1.0,
            pause=cleaned["pause"],
        )

    def speak(self) -> Speech | Batch:
        """Queue the text, or all parts of the document. Raises RVCError."""
        data, keeping = self.cleaned_data, self._keeping()
        if self.whole is None:
            return Speech.objects.submit(self.user, data["voice"], data["wish"], data["options"], **keeping)
        wish = replace(data["wish"], language=data["language"])  # else it is guessed for each part
        return submit(self.user, data["voice"], wish, data["options"], self.whole, **keeping)


def usable() -> list[Engine]:
    return [engine for engine in engines().values() if engine.trouble() is None]


def who_choices() -> list[Any]:
    """Everybody who can speak here, by engine; whose text goes elsewhere says so."""
    choices: list[Any] = [(AUTOMATIC, gettext("Automatic: whoever speaks the language of the text"))]
    for engine in usable():
        online = gettext("{name}, online: the text goes to a third party").format(name=engine.label)
        named = online if engine.online else engine.label
        everybody = [(f"{engine.name}|", gettext("Whoever speaks the language of the text"))]
        everybody += [(f"{engine.name}|{speaker.id}", _words(speaker)) for speaker in _speakers(engine)]
        choices.append((named, everybody))
    return choices


def language_choices() -> list[Any]:
    """The languages that somebody here speaks, each once, by the name that its speakers give it where we know it."""
    spoken = {canonical(one.language).split("-")[0] for engine in usable() for one in _speakers(engine)}
    named = sorted((_language_words(code), code) for code in spoken if code)
    return [("", gettext("Guess it from the text")), *((code, words) for words, code in named)]


def _language_words(code: str) -> str:
    try:
        return f"{get_language_info(LISTED_AS.get(code, code))['name_local']} ({code})"
    except KeyError:
        return code


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
