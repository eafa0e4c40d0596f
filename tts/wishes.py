"""What a person wants to hear: the text and how it is to be spoken, checked before anything is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from django.conf import settings
from django.utils.translation import gettext as _

from tts import languages
from tts.engines.base import RATES, VOLUMES, SpeechError, Utterance
from tts.engines.registry import engine, engines
from tts.engines.words import says_something
from tts.splitting import Passage, split

PAUSES = (0.0, 5.0)
USUAL_PAUSE = 0.35
PARAGRAPH_PAUSES = 2.0
"""The silence after a paragraph, in those after a sentence."""
NAME_LENGTH = 60

FIELDS = {"speaker": "engine_speaker", "engine": "engines"}
"""What engines call otherwise than a wish does."""
SIGNS_A_SECOND, LETTERS_A_SECOND = 4.0, 14.0
FIRST_SIGN = "\u2e80"
"""From here on in Unicode a sign is a syllable or a word."""


@dataclass(frozen=True)
class Wish:
    """pause: seconds between sentences; None: as the engine speaks, with a usual pause between passages.

    engines: the chain, in order; () for the offline ones of this server. speaker: an id of the first of them, or "".
    """

    text: str
    language: str = ""
    engines: tuple[str, ...] = ()
    engine_speaker: str = ""
    rate: float = 1.0
    pause: float | None = None
    volume: float = 1.0

    def checked(self) -> Self:
        """The wish as it will be kept: text clean, engines and language known. Raises SpeechError."""
        text = checked_text(self.text)
        if self.pause is not None and not PAUSES[0] <= self.pause <= PAUSES[1]:
            message = _("A pause is {low:g} to {high:g} seconds.").format(low=PAUSES[0], high=PAUSES[1])
            raise SpeechError("bad_option", message, field="pause")
        chain = self.engines or offline_chain()
        language = self.language or languages.guess(text, str(settings.TTS_LANGUAGE))
        wish = replace(self, text=text, engines=tuple(dict.fromkeys(chain)), language=language)
        try:
            return wish._possible()
        except SpeechError as error:
            error.field = FIELDS.get(error.field or "", error.field)
            if self.language or error.code != "unknown_language":
                raise
            return replace(wish, language="")._possible()  # it was only guessed

    def _possible(self) -> Self:
        """Refuse at once what the first engine would refuse, if it is the only one or the wish is wrong."""
        known = [engine(name) for name in self.engines]
        try:
            known[0].check(self.utterance("a"))
        except SpeechError as error:
            if len(self.engines) > 1 and error.code not in ("bad_option", "unknown_speaker"):
                return self  # the next may do it
            raise
        return self

    def utterance(self, text: str) -> Utterance:
        return Utterance(text, self.language, self.engine_speaker, self.rate, self.volume)

    @property
    def passages(self) -> list[Passage]:
        """What is spoken one after the other; what says nothing is left out."""
        return [passage for passage in split(self.text, single=self.pause is not None) if says_something(passage.text)]

    def silence_after(self, passage: Passage) -> float:
        """Seconds."""
        pause = USUAL_PAUSE if self.pause is None else self.pause
        return pause * (PARAGRAPH_PAUSES if passage.ends_paragraph else 1.0)

    @property
    def seconds(self) -> float:
        """About how long it will be, before anybody has spoken it."""
        signs = sum(letter >= FIRST_SIGN for letter in self.text)
        spoken = signs / SIGNS_A_SECOND + (len(self.text) - signs) / LETTERS_A_SECOND
        return round(spoken / self.rate + sum(map(self.silence_after, self.passages[:-1])), 2)


def checked_text(text: str) -> str:
    """The text without what nobody could say. Raises SpeechError: text_too_long, text_says_nothing, text_is_ssml."""
    longest = settings.SPEECH_CHARACTERS
    if len(text) > longest:
        sentence = f"The text has {len(text):,} characters; at most {longest:,} are spoken at once."
        raise SpeechError("text_too_long", sentence, field="text")
    if text.lstrip("\ufeff \t\r\n").lower().startswith(("<speak>", "<speak ", "<?xml")):
        sentence = "SSML is not understood by the engines here: send the words alone, without <speak> and other marks."
        raise SpeechError("text_is_ssml", sentence, field="text")
    # Halves of characters, NUL and the like have no place in a database either; line breaks make paragraphs.
    kept = "".join(sign for sign in text if sign.isprintable() or sign in "\n\r\t\f\u2028\u2029\u200c\u200d\xa0\u3000")
    if not says_something(kept):
        raise SpeechError("text_says_nothing", _("There is nothing in this text that can be said."), field="text")
    return kept.strip()


def offline_chain() -> tuple[str, ...]:
    """The engines that speak where none is named: a text leaves this machine only when somebody says so."""
    usable = [name for name, one in engines().items() if one.trouble() is None]
    chain = [name for name in usable if not engines()[name].online]
    if not chain:
        sentence = "No offline engine of speech can be used here: name one that works, as GET /api/engines/ tells."
        raise SpeechError("no_engine", sentence, field="engines")
    return tuple(chain)


def named(text: str) -> str:
    """What a speech is called: its first words."""
    words = text.replace("/", " ").replace("\\", " ").replace(":", " ").split()
    name = ""
    for word in words:
        if name and len(name) + len(word) >= NAME_LENGTH:
            return f"{name} …"
        name = f"{name} {word}".strip()[:NAME_LENGTH]
    return name


def chain_of(text: str | Sequence[str]) -> tuple[str, ...]:
    """Engines as a person writes them: `piper, pyttsx3`."""
    names = text.split(",") if isinstance(text, str) else text
    return tuple(name.strip() for name in names if name.strip())


__all__ = ["PAUSES", "RATES", "VOLUMES", "Wish", "chain_of", "checked_text", "named", "offline_chain"]
