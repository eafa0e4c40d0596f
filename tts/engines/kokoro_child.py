"""The child that speaks texts with Kokoro: sounds by eSpeak NG, samples by onnxruntime.

Runs only inside `rvc.sandbox` and `rvc.resident`.

Format: inputs `input_ids` or `tokens` (1, T), which begin and end with 0, `style`
(1, 256), `speed` (1,); the first output is the samples. A voice is a table of styles: row T − 1 for T sounds.
"""

import base64
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
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

RATE = 24000
WIDTH = 256
MOST_SOUNDS = 500
"""Sounds in one run: the network knows 510 places."""
BETWEEN = 0.1
"""Seconds between sentences, beside what the network itself is silent for."""
ENGLISH = {
    "eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y", "oʊ": "O", "əʊ": "Q", "tʃ": "ʧ", "dʒ": "ʤ", "ɚ": "əɹ", "ɜː": "ɜɹ",
}  # fmt: skip
"""Sounds of English that the network has one sign for, or none."""


class KokoroSpeaker:
    """The network, loaded anew for each text as `tts.engines.piper_child.PiperSpeaker` is."""

    def __init__(self, source: str, threads: int) -> None:
        self._loaded = Loaded(Path(source), threads)

    def make_ready(self) -> None:
        self._loaded.load()

    def answer(self, text: str, voice: Mapping[str, Any]) -> dict[str, Any]:
        """The text, spoken. voice: language, ids of sounds, styles (base64 of (N, 256) float32), speed.

        Raises SpeechError.
        """
        spoken = sentences(text, voice["language"])
        wishes = [wish for sounds in spoken for wish in _cut(tokens("".join(sounds), voice))]
        if not wishes:
            raise SpeechError("text_says_nothing", "This voice knows no sound for this text.", field="text")
        styles = np.frombuffer(base64.b64decode(voice["styles"]), "<f4").reshape(-1, WIDTH)
        try:
            session = self._loaded.take()
            silence = np.zeros(round(BETWEEN * RATE), np.float32)
            pieces = [part for wish in wishes for part in (_run(session, wish, styles, voice["speed"]), silence)]
        except SpeechError:
            raise
        except RVCError as error:
            raise SpeechError("engine_failed", f"Kokoro cannot be used: {error.message}") from error
        return {**as_answer(np.concatenate(pieces[:-1]), RATE), "sentences": len(spoken)}


def tokens(sounds: str, voice: Mapping[str, Any]) -> list[int]:
    """The sounds as the network takes them; those it does not know are left out."""
    if voice["language"].startswith("en"):
        for written, sign in ENGLISH.items():
            sounds = sounds.replace(written, sign)
    known = voice["ids"]
    found: list[int] = []
    for sound in unicodedata.normalize("NFC", sounds):
        parts = [sound] if sound in known else unicodedata.normalize("NFD", sound)
        found += [known[part] for part in parts if part in known]
    return found


def _cut(wish: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(wish), MOST_SOUNDS):
        yield wish[start : start + MOST_SOUNDS]


def _run(session: Session, wish: Sequence[int], styles: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    types = session.input_types
    whole = "int" in types.get("speed", "")
    feeds: dict[str, NDArray[Any]] = {
        "input_ids" if "input_ids" in types else "tokens": np.array([[0, *wish, 0]], np.int64),
        "style": styles[min(len(wish), len(styles)) - 1][None],
        "speed": np.array([round(speed)], np.int32) if whole else np.array([speed], np.float32),
    }
    samples: NDArray[np.float32] = session.run(feeds)[0].astype(np.float32).reshape(-1)
    if not np.isfinite(samples).all():
        raise SpeechError("engine_failed", "Kokoro gave samples that are not numbers.")
    return samples
