"""The engines of this server, in the operator's order, and what happens when one of them fails."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from django.conf import settings

from tts.engines.base import OF_THE_WISH, Attempt, Engine, SpeechError, Spoken, Utterance

PLACES = {
    "pyttsx3": "tts.engines.pyttsx3:Pyttsx3",
    "piper": "tts.engines.piper:Piper",
    "kokoro": "tts.engines.kokoro:Kokoro",
    "gtts": "tts.engines.gtts:GTTS",
    "openai": "tts.engines.openai:OpenAI",
    "azure": "tts.engines.azure:Azure",
}
"""Where the engines are: the names that TTS_ENGINES may have."""


@cache
def _made(name: str) -> Engine:
    module, kind = PLACES[name].split(":")
    made: Engine = getattr(import_module(module), kind)()
    return made


def engines() -> dict[str, Engine]:
    """The engines of TTS_ENGINES by name, in its order, whether they can be used or not."""
    return {name: _made(name) for name in map(str.strip, settings.TTS_ENGINES) if name in PLACES}


def engine(name: str) -> Engine:
    """Raises SpeechError("unknown_engine")."""
    known = engines()
    if name not in known:
        there = ", ".join(known) or "none"
        raise SpeechError("unknown_engine", f"There is no engine {name[:40]!r}; there is {there}.", field="engine")
    return known[name]


def speak_with(
    chain: Sequence[str], utterance: Utterance, folder: Path, *, timeout: float | None = None
) -> tuple[Spoken, tuple[Attempt, ...]]:
    """Speak with the first engine of the chain that can; with it, those that were asked before and could not.

    The speaker is the first engine's: it has to know it, and engines that come after it choose their own where they
    do not. timeout: seconds for each; None for what each thinks is enough. Raises SpeechError: the only engine's own,
    what the text itself causes, or engines_failed.
    """
    if not chain:
        raise SpeechError("no_engine", "No engine of speech was chosen.", field="engine")
    attempts: list[Attempt] = []
    for name in chain:
        try:
            return engine(name).speak(_for(name, chain, utterance), folder, timeout), tuple(attempts)
        except SpeechError as error:
            if len(chain) == 1 or error.code in OF_THE_WISH or (not attempts and error.code == "unknown_speaker"):
                raise
            attempts.append(Attempt(name, error.code, error.message))
    said = " ".join(f"{attempt.engine}: {attempt.sentence}" for attempt in attempts)
    raise SpeechError("engines_failed", f"None of the engines could say this. {said}")


def _for(name: str, chain: Sequence[str], utterance: Utterance) -> Utterance:
    """The utterance as this engine of the chain may have it: somebody else's speaker is left out."""
    if name == chain[0] or not utterance.speaker:
        return utterance
    known = {speaker.id for speaker in engine(name).speakers()}
    return utterance if utterance.speaker in known else replace(utterance, speaker="")
