"""Microsoft's Azure Speech. Online.

The wire format: POST {base}/cognitiveservices/v1 takes SSML, in which our text is escaped, and answers with the sound;
GET {base}/cognitiveservices/voices/list answers with JSON.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings

from tts.engines.base import Engine, Sound, Speaker, SpeechError, Trouble, Utterance
from tts.engines.keeping import Listing, kept
from tts.engines.service import Question, Service, decoded, key_trouble

WAY = "its operator sets AZURE_SPEECH_KEY and AZURE_SPEECH_REGION. The text goes to Microsoft."
REGION = re.compile(r"[a-z0-9]{1,40}")
LIST_SECONDS, LIST_AGE, LIST_BYTES, MOST_VOICES = 8.0, 86400.0, 4 << 20, 5000
SHORT_NAME = re.compile(r"[A-Za-z0-9:_-]{1,100}")
FORMAT = "riff-24khz-16bit-mono-pcm"
SSML = (
    '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang={language}>'
    "<voice name={voice}><prosody rate={rate}>{text}</prosody></voice></speak>"
)


class Azure(Engine):
    """One key, some hundred voices."""

    name = "azure"
    label = "Azure Speech"
    online = True
    preferred: ClassVar[Mapping[str, str]] = {"en": "en-US-AvaMultilingualNeural"}

    def trouble(self) -> Trouble | None:
        if found := key_trouble("AZURE_SPEECH_KEY", settings.AZURE_SPEECH_KEY, WAY):
            return found
        if settings.AZURE_SPEECH_URL:
            return self._service().trouble("AZURE_SPEECH_URL")
        if not REGION.fullmatch(settings.AZURE_SPEECH_REGION):
            return Trouble("engine_unavailable", "AZURE_SPEECH_REGION is no region, like westeurope.")
        return None

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        service = self._service()
        return tuple(Speaker(**one) for one in kept(service.base, lambda: _listed(service), seconds=LIST_AGE))

    def _service(self) -> Service:
        base = settings.AZURE_SPEECH_URL or f"https://{settings.AZURE_SPEECH_REGION}.tts.speech.microsoft.com"
        return Service(self.label, base.rstrip("/"), {"Ocp-Apim-Subscription-Key": settings.AZURE_SPEECH_KEY})

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        service = self._service()
        headers = {"Content-Type": "application/ssml+xml", "X-Microsoft-OutputFormat": FORMAT}
        question = Question("/cognitiveservices/v1", ssml(utterance).encode(), headers)
        sound = decoded(service.ask(service.visit(timeout), question), folder, self.label)
        return Sound(sound.samples, sound.rate, {"version": "v1"})


def ssml(utterance: Utterance) -> str:
    """The utterance as the service takes it; whatever stands in the text is text."""
    return SSML.format(
        language=quoteattr(utterance.language or "en-US"),
        voice=quoteattr(utterance.speaker),
        rate=quoteattr(f"{(utterance.rate - 1) * 100:+.0f}%"),
        text=escape(utterance.text),
    )


def _listed(service: Service) -> Listing:
    question = Question("/cognitiveservices/voices/list", kinds=("application/json",), limit=LIST_BYTES)
    body = service.ask(service.visit(LIST_SECONDS), question)
    try:
        found = [speaker for one in json.loads(body)[:MOST_VOICES] if (speaker := _speaker(one))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SpeechError("upstream", f"{service.label} sent a list of voices that cannot be read.") from error
    if not found:
        raise SpeechError("upstream", f"{service.label} has no voices.")
    return found


def _speaker(one: Mapping[str, object]) -> dict[str, str]:
    """One voice of the list as the fields of a Speaker; nothing for a name that is none."""
    name, language = str(one["ShortName"]), str(one["Locale"])
    if not SHORT_NAME.fullmatch(name) or not SHORT_NAME.fullmatch(language):
        return {}
    gender = str(one.get("Gender", "")).lower()
    shown = f"{one.get('DisplayName', name)} ({language})"[:100]
    return {"id": name, "name": shown, "language": language, "gender": gender if gender in ("male", "female") else ""}
