"""The child that speaks texts with a Piper voice: sounds by eSpeak NG, samples by onnxruntime.

Runs only inside `rvc.sandbox` and `rvc.resident`.

Format: a VITS network with inputs `input` (1, T) ids of sounds, `input_lengths` (1,),
`scales` (3,) noise, length and noise of the durations, for several speakers `sid` (1,); its one output is the samples.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.errors import RVCError
from rvc.voicefile.onnx.session import Session
from tts.engines.errors import SpeechError
from tts.engines.loaded import Loaded
from tts.engines.phonemes import sentences
from tts.engines.speaking import as_answer

PAD, BEGIN, END = "_", "^", "$"
BETWEEN_SENTENCES = 0.2
"""Seconds."""


class PiperSpeaker:
    """One network. It is loaded anew for each text: the noise it draws begins where it did for the text before, so
    that the same text gives the same sound; where nobody waits, that is while nobody waits.
    """

    def __init__(self, source: str, threads: int) -> None:
        self._loaded = Loaded(Path(source), threads)

    def make_ready(self) -> None:
        self._loaded.load()

    def answer(self, text: str, voice: Mapping[str, Any]) -> dict[str, Any]:
        """The text, spoken. voice: the fields of `tts.engines.piper_voice.PiperVoice` that matter here.

        With it, how many sounds the voice did not know. Raises SpeechError.
        """
        spoken = sentences(text, voice["espeak"]) if voice["espeak"] else [list(unicodedata.normalize("NFD", text))]
        wishes = [ids(sounds, voice["ids"]) for sounds in spoken]
        if not any(len(wish) > 4 for wish in wishes):
            raise SpeechError("text_says_nothing", "This voice knows no sound for this text.", field="text")
        unknown = sum(1 for sounds in spoken for sound in sounds if sound not in voice["ids"])
        try:
            samples = _samples(self._loaded.take(), wishes, voice)
        except SpeechError:
            raise
        except RVCError as error:
            raise SpeechError("engine_failed", f"This Piper voice cannot be used: {error.message}") from error
        return {**as_answer(samples, voice["rate"]), "sentences": len(wishes), "unknown_sounds": unknown}


def ids(sounds: Sequence[str], known: Mapping[str, Sequence[int]]) -> list[int]:
    """The sounds as the network takes them: a beginning, a pad after each, an end; none for those it does not know."""
    found = [*known[BEGIN], *known[PAD]]
    for sound in sounds:
        if sound in known:
            found += [*known[sound], *known[PAD]]
    return [*found, *known[END]]


def _samples(session: Session, wishes: list[list[int]], voice: Mapping[str, Any]) -> Any:
    silence = np.zeros(round(BETWEEN_SENTENCES * voice["rate"]), np.float32)
    pieces: list[Any] = []
    for wish in wishes:
        pieces += [_run(session, wish, voice), silence]
    return np.concatenate(pieces[:-1])


def _run(session: Session, wish: list[int], voice: Mapping[str, Any]) -> Any:
    feeds: dict[str, NDArray[Any]] = {
        "input": np.array([wish], np.int64),
        "input_lengths": np.array([len(wish)], np.int64),
        "scales": np.array(voice["scales"], np.float32),
    }
    if voice["speaker"] is not None:
        feeds["sid"] = np.array([voice["speaker"]], np.int64)
    samples = session.run(feeds)[0].astype(np.float32).reshape(-1)
    if not np.isfinite(samples).all():
        raise SpeechError("engine_failed", "This Piper voice gives samples that are not numbers.")
    return samples
