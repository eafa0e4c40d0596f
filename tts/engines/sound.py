"""What an engine has said: checked, made as loud as was wished, and written as a WAV file."""

import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.engines.errors import SpeechError

QUIETEST = 0.003
"""The peak below which nothing was said: 50 dB below full scale."""
SHORTEST = 0.05
"""Seconds."""
SECONDS_A_SIGN, SECONDS_MORE = 2.0, 10.0
"""The longest that a text may take at the usual rate: a digit of a long number takes less than a second."""


@dataclass(frozen=True)
class Sound:
    """samples: (N,) float32, mono, in −1 to 1. rate: Hz. facts: what the engine knows of it, as JSON."""

    samples: NDArray[np.float32]
    rate: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def check_sound(sound: Sound, signs: int) -> None:
    """Refuse what cannot be a text of so many signs: silence, noise without end, samples that are no numbers."""
    if sound.seconds < SHORTEST or not np.isfinite(sound.samples).all():
        raise empty()
    if np.abs(sound.samples).max() < QUIETEST:
        raise empty()
    if sound.seconds > SECONDS_MORE + SECONDS_A_SIGN * signs:
        raise SpeechError("engine_failed", "The engine said far more than it was given.")


def empty() -> SpeechError:
    return SpeechError("speech_empty", "The engine said nothing that can be heard.", field="text")


def read_wav(path: Path) -> Sound:
    """A WAV file of 16 bits, mono, as our own children write it."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise SpeechError("engine_failed", "The engine wrote a file of another kind than it should.")
            rate, data = file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise empty() from error
    whole = np.frombuffer(data[: len(data) // 2 * 2], "<i2")
    return Sound(whole.astype(np.float32) / np.float32(32768), rate)


def write_wav(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    """Write (N,) samples as 16 bits, cut where they are louder than full scale."""
    whole = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())


def stretched(samples: NDArray[np.float32], rate: int, factor: float) -> NDArray[np.float32]:
    """(N,) samples spoken `factor` times as fast, 0.5 to 2, at the same pitch: about (N / factor,)."""
    if factor == 1.0:
        return samples
    import av  # noqa: PLC0415 - FFmpeg is for workers

    graph = av.filter.Graph()
    layout = {"sample_rate": str(rate), "sample_fmt": "flt", "channel_layout": "mono", "time_base": f"1/{rate}"}
    graph.link_nodes(
        graph.add("abuffer", **layout), graph.add("atempo", str(factor)), graph.add("abuffersink")
    ).configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), format="flt", layout="mono")
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    return np.concatenate(list(_pulled(graph)))


def _pulled(graph: Any) -> Iterator[NDArray[np.float32]]:
    import av  # noqa: PLC0415 - as above

    while True:
        try:
            yield graph.pull().to_ndarray().reshape(-1)
        except (av.error.EOFError, av.error.BlockingIOError):
            return
