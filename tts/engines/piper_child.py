"""The child that speaks one text with a Piper voice: sounds by eSpeak NG, samples by onnxruntime.

Runs only inside `rvc.sandbox`. Format: a VITS network with inputs `input` (1, T) ids of sounds, `input_lengths` (1,),
`scales` (3,) noise, length and noise of the durations, for several speakers `sid` (1,); its one output is the samples.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.errors import RVCError
from rvc.voicefile.onnx.session import Session, runtime
from tts.engines.errors import SpeechError
from tts.engines.phonemes import sentences
from tts.engines.sound import write_wav

PAD, BEGIN, END = "_", "^", "$"
BETWEEN_SENTENCES = 0.2
"""Seconds."""
SEED = 1


def speak(source: str, target: str, text: str, voice: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Write the text, spoken, to `target`. voice: the fields of `tts.engines.piper_voice.PiperVoice` that matter here.

    Returns how many sounds the voice did not know. Raises SpeechError.
    """
    spoken = sentences(text, voice["espeak"]) if voice["espeak"] else [list(unicodedata.normalize("NFD", text))]
    wishes = [ids(sounds, voice["ids"]) for sounds in spoken]
    if not any(len(wish) > 4 for wish in wishes):
        raise SpeechError("text_says_nothing", "This voice knows no sound for this text.", field="text")
    unknown = sum(1 for sounds in spoken for sound in sounds if sound not in voice["ids"])
    try:
        samples = _samples(Path(source), wishes, voice, threads)
    except SpeechError:
        raise
    except RVCError as error:
        raise SpeechError("engine_failed", f"This Piper voice cannot be used: {error.message}") from error
    write_wav(Path(target), samples, voice["rate"])
    return {"sentences": len(wishes), "unknown_sounds": unknown}


def ids(sounds: Sequence[str], known: Mapping[str, Sequence[int]]) -> list[int]:
    """The sounds as the network takes them: a beginning, a pad after each, an end; none for those it does not know."""
    found = [*known[BEGIN], *known[PAD]]
    for sound in sounds:
        if sound in known:
            found += [*known[sound], *known[PAD]]
    return [*found, *known[END]]


def _samples(model: Path, wishes: list[list[int]], voice: Mapping[str, Any], threads: int) -> Any:
    runtime().set_seed(SEED)  # the same text gives the same sound
    session = Session(model.read_bytes(), threads=threads, trial=True)  # optimising costs more than one text saves
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
