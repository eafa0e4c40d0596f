"""A throwaway child that answers one question as a kept one would. Runs only inside `rvc.sandbox`."""

import base64
import wave
from collections.abc import Mapping
from typing import Any

from tts.engines import kokoro_child, piper_child

MADE = {
    f"{kind.__module__}:{kind.__name__}": kind for kind in (piper_child.PiperSpeaker, kokoro_child.KokoroSpeaker)
}  # fmt: skip


def speak(source: str, target: str, threads: int, question: Mapping[str, Any], made: str) -> dict[str, Any]:
    """Write what is said to `target`; the rest of the answer. Raises SpeechError."""
    answer = MADE[made](source, threads).answer(**question)
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(answer.pop("sound_rate"))
        file.writeframes(base64.b64decode(answer.pop("pcm")))
    return answer
