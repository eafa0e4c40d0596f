"""What an engine of speech is given, what it gives back, and what it does when it cannot."""

import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings

from tts.engines.errors import OF_THE_WISH, SpeechError
from tts.engines.sound import Sound, check_sound, write_wav
from tts.engines.words import clean, says_something

__all__ = [
    "OF_THE_WISH", "Attempt", "Engine", "Sound", "Speaker", "SpeechError", "Spoken", "Trouble", "Utterance"
]  # fmt: skip

LONGEST = 2000
"""Characters in one piece that any engine takes: its caller cuts long before."""
RATES, VOLUMES = (0.5, 2.0), (0.0, 1.0)
SAME = {"zh": "cmn", "no": "nb", "nn": "nb", "iw": "he", "in": "id", "ji": "yi"}
"""Languages under two names."""


@dataclass(frozen=True)
class Utterance:
    """One piece of text. language: BCP 47, or "" for the speaker's own. speaker: an id of the engine, or "".

    rate: 1 is the engine's usual pace, 0.5 to 2. volume: 0 to 1, of what the engine gives.
    """

    text: str
    language: str = ""
    speaker: str = ""
    rate: float = 1.0
    volume: float = 1.0


@dataclass(frozen=True)
class Speaker:
    """Somebody an engine can be. language: BCP 47, "" for all. gender: "male", "female" or "" for unknown."""

    id: str
    name: str
    language: str
    gender: str = ""


@dataclass(frozen=True)
class Trouble:
    """Why an engine cannot be used here: a stable code, and a sentence with the way out for the operator."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Spoken:
    """A mono WAV file of 16 bits. facts: JSON: engine, version, speaker, language, rate, took (seconds)."""

    path: Path
    sample_rate: int
    seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """An engine that was asked and could not."""

    engine: str
    code: str
    sentence: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


class Engine(ABC):
    """One way to speak. Its subclass says who can speak, what is missing, and how one checked utterance is spoken."""

    name: ClassVar[str]
    label: ClassVar[str]
    online: ClassVar[bool] = False
    """Whether the text leaves this machine for somebody else's."""
    ssml: ClassVar[bool] = False
    patience: ClassVar[float] = 60.0
    """Seconds that one piece may take."""
    preferred: ClassVar[Mapping[str, str]] = {}
    """Who speaks a language where several do, by language."""

    @abstractmethod
    def trouble(self) -> Trouble | None:
        """Why it cannot be used here; None when it can. Cheap: nothing is loaded, nobody is asked."""

    @abstractmethod
    def speakers(self) -> tuple[Speaker, ...]:
        """Who can speak; () for an engine that cannot be used. Raises SpeechError when it cannot tell."""

    @abstractmethod
    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        """Speak a checked utterance, whose speaker is known, at full volume. folder: for its own files, gone after."""

    def check(self, utterance: Utterance) -> Utterance:
        """The utterance as it will be spoken: its text clean, its speaker chosen. Raises SpeechError."""
        if (trouble := self.trouble()) is not None:
            raise SpeechError(trouble.code, trouble.sentence)
        text = checked_text(utterance.text)
        _check_range("rate", utterance.rate, RATES)
        _check_range("volume", utterance.volume, VOLUMES)
        speaker = self._speaker(utterance)
        language = utterance.language if speaker.language == "" else speaker.language
        return replace(utterance, text=text, speaker=speaker.id, language=language)

    def speak(self, utterance: Utterance, folder: Path, timeout: float | None = None) -> Spoken:
        """Speak into a new file of `folder`, within `timeout` seconds, or what the engine thinks is enough.

        Raises SpeechError, or StorageError.
        """
        ready = self.check(utterance)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder, prefix=".speech-") as scratch:
            sound = self._say(ready, Path(scratch), timeout or self.patience)
            check_sound(sound, len(ready.text))
            path = folder / f"{uuid.uuid4().hex}.wav"
            write_wav(path, sound.samples * ready.volume, sound.rate)
        facts = {"engine": self.name, "speaker": ready.speaker, "language": ready.language, "rate": ready.rate}
        took = round(time.monotonic() - began, 3)
        return Spoken(path, sound.rate, sound.seconds, {**facts, **sound.facts, "took": took})

    def _speaker(self, utterance: Utterance) -> Speaker:
        known = self.speakers()
        if utterance.speaker:
            return self._named(utterance.speaker, known)
        found = best_speaker(known, utterance.language or self._default_language(), self.preferred)
        if found is None and not utterance.language:
            found = next(iter(known), None)
        if found is None:
            sentence = f"{self.label} does not speak the language {utterance.language[:40]!r}."
            raise SpeechError("unknown_language", sentence, field="language")
        return found

    def _named(self, name: str, known: Iterable[Speaker]) -> Speaker:
        for speaker in known:
            if speaker.id == name:
                return speaker
        raise SpeechError("unknown_speaker", f"{self.label} has no speaker {name[:80]!r}.", field="speaker")

    def _default_language(self) -> str:
        return str(settings.TTS_LANGUAGE)


def checked_text(text: str) -> str:
    """The text as an engine may have it. Raises SpeechError: text_says_nothing, text_too_long."""
    if len(text) > LONGEST:
        raise SpeechError("text_too_long", f"One piece of text may have {LONGEST:,} characters.", field="text")
    cleaned = clean(text)
    if not says_something(cleaned):
        raise SpeechError("text_says_nothing", "There is nothing in this text that can be said.", field="text")
    return cleaned


def _check_range(name: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if not low <= value <= high:  # NaN is not in it
        raise SpeechError("bad_option", f"{name.capitalize()} is {low:g} to {high:g}.", field=name)


def best_speaker(speakers: Iterable[Speaker], language: str, preferred: Mapping[str, str]) -> Speaker | None:
    """Who speaks a language: the engine's choice for it, then whoever's tag is the same, then the plainest alike."""
    wanted = canonical(language)
    known = list(speakers)
    for tag in (wanted, wanted.split("-")[0]):
        for speaker in known:
            if speaker.id == preferred.get(tag):
                return speaker
        alike = [one for one in known if _speaks(one, tag)]
        if alike:
            return min(alike, key=lambda one: len(one.language))
    return None


def _speaks(speaker: Speaker, tag: str) -> bool:
    own = canonical(speaker.language)
    return own in ("", tag) or own.startswith(f"{tag}-")


def canonical(language: str) -> str:
    """A language tag in one spelling: small letters, dashes, one name for each language."""
    first, *rest = language.strip().lower().replace("_", "-").split("-")
    return "-".join((SAME.get(first, first), *rest))
