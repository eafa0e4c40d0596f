"""Speech by OpenAI, or by another server that speaks like it (POST {base}/audio/speech). Online.

The wire format: JSON with model, voice, input, response_format and speed; the answer is the sound.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from tts.engines.base import Engine, Sound, Speaker, Trouble, Utterance
from tts.engines.service import Question, Service, decoded, key_trouble

WOMEN = ("alloy", "coral", "nova", "sage", "shimmer", "marin")
MEN = ("ash", "ballad", "echo", "fable", "onyx", "verse", "cedar")
WAY = "its operator sets OPENAI_SPEECH_KEY. The text goes to OpenAI, or to OPENAI_SPEECH_URL."


class OpenAI(Engine):
    """Each voice speaks every language."""

    name = "openai"
    label = "OpenAI"
    online = True
    preferred: ClassVar[Mapping[str, str]] = {}

    def trouble(self) -> Trouble | None:
        key = key_trouble("OPENAI_SPEECH_KEY", settings.OPENAI_SPEECH_KEY, WAY)
        return key or self._service().trouble("OPENAI_SPEECH_URL")

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        if settings.OPENAI_SPEECH_VOICES:
            return tuple(Speaker(name, name, "") for name in map(str.strip, settings.OPENAI_SPEECH_VOICES))
        genders = {**dict.fromkeys(WOMEN, "female"), **dict.fromkeys(MEN, "male")}
        return tuple(Speaker(name, name.capitalize(), "", gender) for name, gender in genders.items())

    def _service(self) -> Service:
        headers = {"Authorization": f"Bearer {settings.OPENAI_SPEECH_KEY}"}
        return Service(self.label, settings.OPENAI_SPEECH_URL.rstrip("/"), headers)

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        wish = {
            "model": settings.OPENAI_SPEECH_MODEL,
            "voice": utterance.speaker,
            "input": utterance.text,
            "response_format": "wav",
            "speed": utterance.rate,
        }
        service = self._service()
        headers = {"Content-Type": "application/json", "Accept": "audio/wav"}
        body = service.ask(service.visit(timeout), Question("/audio/speech", json.dumps(wish).encode(), headers))
        sound = decoded(body, folder, self.label)
        return Sound(sound.samples, sound.rate, {"version": settings.OPENAI_SPEECH_MODEL})
