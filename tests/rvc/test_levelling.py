"""What is heard of a result before its end is the result: whatever pieces it comes in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvc import audio
from rvc.assets import AssetStore
from rvc.chunks import Cutting
from rvc.levelling import Leveller
from rvc.options import ConversionOptions
from rvc.pipeline import Converted, Converter, Request
from rvc.scratch import Scratch
from rvc.voicefile.voice import read_voice, write_voice
from tests.rvc.golden import Arrays, golden
from tests.rvc.test_pipeline import CHUNKED, PLAIN, StubEncoder, features_of

RATE = 40000
Hear = Callable[[np.ndarray, int], None]


@pytest.fixture
def convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Converted]:
    """Convert the golden recording, in several pieces unless it is to be whole."""

    def run(hear: Hear | None = None, *, whole: bool = False, **options: Any) -> Converted:
        converter = Converter(AssetStore(tmp_path / "assets"), threads=1)
        monkeypatch.setattr(converter.loader, "encoder", lambda name: StubEncoder(features_of(768)))
        if not whole:
            monkeypatch.setattr(Cutting, "within", lambda *limits: CHUNKED)
        voice = tmp_path / "voice.safetensors"
        write_voice(read_voice(golden("tiny_v2_40k_f0.pth")), voice)
        wave = np.array(Arrays("audio_front.npz")["decoded_16k"])
        settings = ConversionOptions(**{**PLAIN, "seed": 7, **options})
        return converter.convert(Request(wave, voice, tmp_path, settings, heard=hear))

    return run


def sound(seconds: float, seed: int = 3) -> np.ndarray:
    """Noise whose loudness goes up and down, float32."""
    count = round(seconds * RATE)
    swell = 0.02 + 0.2 * np.square(np.sin(np.arange(count) / 9000))
    return np.asarray(np.random.default_rng(seed).standard_normal(count) * swell, np.float32)


def levelled(samples: np.ndarray, ends: list[int], scratch: Path, *, rate: int, mix: float) -> list[np.ndarray]:
    """The stretches that come out when the samples arrive up to each of these ends."""
    source = sound(len(samples) / RATE, seed=4)[:: RATE // 16000].astype(np.float64)
    written = np.zeros_like(samples)
    target = written if rate == RATE else Scratch(scratch).empty(round(len(samples) / RATE * rate))
    leveller = Leveller(written, target, (RATE, rate), source, mix)
    stretches, start = [], 0
    for end in ends:
        written[start:end] = samples[start:end]  # what comes later is not there yet
        stretches.append(np.array(leveller.advance(end)))
        start = end
    assert np.array_equal(np.concatenate(stretches), leveller.result)
    return stretches


@pytest.mark.parametrize("mix", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("rate", [RATE, 16000, 48000])
def test_every_sample_is_the_same_however_it_comes(tmp_path: Path, rate: int, mix: float) -> None:
    samples = sound(9.3)
    [whole] = levelled(samples, [len(samples)], tmp_path, rate=rate, mix=mix)
    for ends in ([150_000, len(samples)], [1, 19_999, 40_001, 123_457, 300_000, len(samples) - 1, len(samples)]):
        stretches = levelled(samples, ends, tmp_path, rate=rate, mix=mix)
        assert np.array_equal(np.concatenate(stretches), whole)


def test_it_follows_what_comes_by_about_a_second(tmp_path: Path) -> None:
    samples = sound(9.3)
    first, _ = levelled(samples, [5 * RATE, len(samples)], tmp_path, rate=RATE, mix=0.25)
    assert 3.9 * RATE < len(first) < 5 * RATE


def test_it_is_what_the_plain_functions_do(tmp_path: Path) -> None:
    samples = sound(9.3)
    source = sound(9.3, seed=4)[:: RATE // 16000].astype(np.float64)
    plain = samples.copy()
    wanted = audio.loudness_curve(source, 16000), audio.loudness_curve(plain, RATE)
    positions = [(np.arange(len(plain)) + 0.5) * (len(curve) / len(plain)) - 0.5 for curve in wanted]
    target, own = (np.interp(at, np.arange(len(curve)), curve) for at, curve in zip(positions, wanted, strict=True))
    plain *= target**0.75 * np.maximum(own, audio.RMS_FLOOR) ** -0.75
    mixed = np.concatenate(levelled(samples, [90_000, 200_000, len(samples)], tmp_path, rate=RATE, mix=0.25))
    assert np.array_equal(mixed, plain)


def test_what_is_too_loud_is_heard_lower_from_there_on() -> None:
    leveller = Leveller(np.zeros(9, np.float32), np.zeros(0), (RATE, RATE), np.zeros(RATE), 1.0)
    quiet, loud = np.full(9, 0.5, np.float32), np.full(9, 1.98, np.float32)
    assert leveller.heard(quiet) is quiet
    assert leveller.heard(loud).max() == pytest.approx(0.99)
    assert leveller.heard(quiet).max() == pytest.approx(0.25)


@pytest.mark.parametrize("options", [{}, {"output_rate": 16000, "loudness_mix": 0.25}, {"loudness_mix": 0.0}])
def test_the_pieces_of_a_conversion_are_its_result(convert: Any, options: dict[str, Any]) -> None:
    heard: list[np.ndarray] = []
    rates = set()

    def hear(stretch: np.ndarray, rate: int) -> None:
        heard.append(np.array(stretch))
        rates.add(rate)

    silent, done = convert(**options), convert(hear, **options)
    assert len(heard) == done.facts["pieces"] > 1
    assert rates == {done.sample_rate}
    assert not any("lowered" in warning for warning in done.warnings), "this recording is quiet enough"
    assert np.array_equal(np.concatenate(heard), done.samples)
    assert np.array_equal(silent.samples, done.samples), "nothing sounds otherwise because somebody listens"


def test_what_is_one_piece_has_no_pieces(convert: Any) -> None:
    heard: list[np.ndarray] = []
    convert(lambda stretch, rate: heard.append(stretch), whole=True)
    assert heard == []
