"""Who speaks with a network that takes long to load: a throwaway child, or the one that a worker keeps meanwhile.

A kept child has loaded the voice of the passage before, and made itself ready for the next while that was converted.
What it says is the same, sample by sample.
"""

import base64
import contextlib
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.errors import RVCError
from rvc.resident import Gone, Resident
from rvc.sandbox import Limits
from tts.engines.children import in_child
from tts.engines.errors import SpeechError
from tts.engines.sound import Sound, read_wav

_kept: ContextVar[bool] = ContextVar("kept", default=False)
GAVE_UP = "The engine gave up on this text."


@dataclass(frozen=True)
class Voice:
    """function: "module:name" of what speaks, with `source` (the network's file) and `threads`; see `Answering`."""

    function: str
    source: Path
    threads: int
    limits: Limits

    @property
    def opening(self) -> dict[str, Any]:
        return {"source": str(self.source), "threads": self.threads}


@contextlib.contextmanager
def kept_child() -> Iterator[None]:
    """For workers: who speaks in here stays for the next who asks for the same voice."""
    before = _kept.set(True)
    try:
        yield
    finally:
        _kept.reset(before)


def said(voice: Voice, question: Mapping[str, Any], folder: Path, timeout: float) -> Sound:
    """The sound that the child answers. folder: for a throwaway child's file.

    Raises SpeechError: its own, engine_timeout, or engine_failed.
    """
    if _kept.get():
        answer = keeper().ask(voice, question, timeout)
        samples = np.frombuffer(base64.b64decode(answer.pop("pcm")), "<i2").astype(np.float32) / np.float32(32768)
        return Sound(samples, answer.pop("sound_rate"), answer)
    target = folder / "said.wav"
    whole = {**voice.opening, "target": str(target), "made": voice.function, "question": question}
    facts = in_child("tts.engines.speaking_child:speak", whole, timeout=timeout, limits=voice.limits)
    sound = read_wav(target)
    return Sound(sound.samples, sound.rate, facts)


def as_answer(samples: NDArray[np.float32], rate: int) -> dict[str, Any]:
    """The child's side: (N,) samples as 16 bits in JSON, cut where they are louder than full scale."""
    whole = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")
    return {"pcm": base64.b64encode(whole.tobytes()).decode(), "sound_rate": rate}


class Keeper:
    """The one child of this worker: another voice takes its place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: Any = None
        self.child: Resident | None = None

    def ask(self, voice: Voice, question: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        with self._lock:
            used = self._ready(voice).answered > 0
            try:
                return self._asked(voice, question, timeout)
            except Gone as gone:
                if gone.late:
                    sentence = f"The engine took longer than {timeout:g} seconds."
                    raise SpeechError("engine_timeout", sentence) from gone
                if not used:
                    raise SpeechError("engine_failed", GAVE_UP) from gone
            try:
                return self._asked(voice, question, timeout)  # it died of age, or of somebody else's text
            except Gone as gone:
                raise SpeechError("engine_failed", GAVE_UP) from gone

    def _asked(self, voice: Voice, question: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._ready(voice).ask(question, seconds=min(timeout, voice.limits.wall_seconds))
        except SpeechError:
            raise
        except RVCError as error:
            raise SpeechError(error.code, error.message) from error
        return answer

    def _ready(self, voice: Voice) -> Resident:
        facts = voice.source.stat()
        key = (os.getpid(), voice, facts.st_mtime_ns, facts.st_size)
        if self.child is None or key != self._key or not self.child.alive:
            self.close()
            self.child = Resident(voice.function, voice.opening, voice.limits)
            self._key = key
        return self.child

    def close(self) -> None:
        """End it, unless it is the child of the process that this one was forked from."""
        if self.child is not None and self.child.pid == os.getpid():
            self.child.close()
        self.child = None


@cache
def keeper() -> Keeper:
    return Keeper()
