"""gTTS: Google Translate's voice. Online, off until the operator allows it.

The package knows languages, cuts the text into the pieces that the service takes and writes the requests. They are
sent by our own means, because the package's own wait for ever, take any amount, and do not look at certificates.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from tts.engines.base import Engine, Sound, Speaker, SpeechError, Trouble, Utterance
from tts.engines.service import Question, Service, decoded
from tts.engines.sound import empty, stretched
from voiceproject.fetching import Visit

PLACE = "https://translate.google.{domain}"
PATH = "/_/TranslateWebserverUi/data/batchexecute"
OFF = "It is off on this server: its operator sets GTTS=true. The text goes to Google."
HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
MOST_ANSWER = 4 << 20
ACCENTS = {
    "en-GB": ("co.uk", "English (United Kingdom)"),
    "en-AU": ("com.au", "English (Australia)"),
    "en-IN": ("co.in", "English (India)"),
    "en-IE": ("ie", "English (Ireland)"),
    "en-ZA": ("co.za", "English (South Africa)"),
    "es-MX": ("com.mx", "Spanish (Mexico)"),
    "fr-CA": ("ca", "French (Canada)"),
}
"""Languages whose accent is that of the site that is asked: its domain, and a name."""


class GTTS(Engine):
    """One speaker for each language, and some accents."""

    name = "gtts"
    label = "gTTS (Google)"
    online = True
    place = PLACE

    def trouble(self) -> Trouble | None:
        if not settings.GTTS:
            return Trouble("engine_off", OFF)
        if find_spec("gtts") is None:
            return Trouble("engine_unavailable", "The package gTTS is missing: run `python3 run.py`.")
        return None

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        from gtts.lang import tts_langs  # noqa: PLC0415 - it imports an HTTP client of its own

        plain = [Speaker(tag, name, tag) for tag, name in tts_langs().items() if tag not in ACCENTS]
        return (*plain, *(Speaker(tag, name, tag) for tag, (_, name) in ACCENTS.items()))

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        domain, _ = ACCENTS.get(utterance.speaker, ("com", ""))
        service = Service(self.label, self.place.format(domain=domain))
        visit = service.visit(timeout)
        # One by one: some MP3 say in their head how long they are, and nobody reads what is put behind them.
        said = [
            decoded(sound, folder, self.label) for body in _bodies(utterance) for sound in _asked(service, visit, body)
        ]
        if not said:
            raise empty()
        samples = np.concatenate([sound.samples for sound in said])
        rate = said[0].rate
        return Sound(stretched(samples, rate, utterance.rate), rate, {"version": version("gTTS")})


def _asked(service: Service, visit: Visit, body: bytes) -> Iterator[bytes]:
    kinds = ("application/json", "text/plain")
    yield from _sounds(service.ask(visit, Question(PATH, body, HEADERS, kinds, MOST_ANSWER)))


def _bodies(utterance: Utterance) -> list[bytes]:
    """The requests for a text, as the package writes them."""
    from gtts import gTTS  # noqa: PLC0415 - as above

    language = utterance.speaker
    if language in ACCENTS:
        language = language if language == "fr-CA" else language.split("-")[0]
    try:
        return [body.encode() for body in gTTS(utterance.text, lang=language, lang_check=False).get_bodies()]
    except AssertionError as error:  # what is left of the text has no words
        raise SpeechError("text_says_nothing", "There is nothing in this text that can be said.") from error


def _sounds(answer: bytes) -> Iterator[bytes]:
    """The pieces of MP3 in an answer: lines of JSON, in which a row of the right name holds JSON with base64."""
    for line in answer.decode("utf-8", "replace").splitlines():
        if '"jQ1olc"' not in line:
            continue
        try:
            yield from (base64.b64decode(text, validate=True) for text in _texts(json.loads(line)))
        except (ValueError, TypeError, IndexError, RecursionError, binascii.Error) as error:
            raise SpeechError("upstream", "gTTS (Google) answered with something that cannot be read.") from error


def _texts(rows: Any) -> Iterator[str]:
    for row in rows:
        if row[1] == "jQ1olc" and row[2]:
            yield json.loads(row[2])[0]
