"""Whole conversions: against the reference's, and what we chose to do otherwise."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from rvc import audio
from rvc.assets import AssetStore
from rvc.chunks import Cutting
from rvc.errors import AudioError, Cancelled, OptionError, VoiceFileError
from rvc.features import FeatureCache
from rvc.network.noise import SeededNoise
from rvc.options import ConversionOptions
from rvc.parts import Parts
from rvc.pipeline import Converted, Converter, Request
from rvc.voicefile.index import read_index, write_index
from rvc.voicefile.voice import read_voice, write_voice
from tests.rvc.golden import Arrays, golden
from tests.rvc.voices import SHALLOW, make_voice

PLAIN = {"f0_method": "dio", "index_rate": 0.0, "loudness_mix": 1.0, "protect": 0.5, "speaker": 1}
INDEX = {"tiny_v2_40k_f0": "tiny_768.index", "tiny_v1_40k_f0": "tiny_256.index", "tiny_v2_40k_nof0": "tiny_768.index"}
STARTER = Path(__file__).parents[2] / "models_app" / "starter"
BESIDES = ("seconds", "progress", "features", "usual_f0")
CHUNKED = Cutting(pad=1, query=1, center=1, longest=2)


class StubEncoder:
    """Answers with the first rows of stored features, as the reference run did."""

    name, nbytes, max_seconds = "stub", 0, None

    def __init__(self, features: np.ndarray) -> None:
        self.features = features
        self.segments: list[int] = []

    def encode(self, wave: torch.Tensor, version: str) -> torch.Tensor:
        self.segments.append(len(wave))
        return torch.from_numpy(self.features[: (len(wave) - 400) // 320 + 1])


def features_of(width: int) -> np.ndarray:
    """The features that the reference run had; others of that width where only the complete set has them."""
    stored, name = Arrays("retrieval.npz").file, f"d{width}_feats"
    return np.asarray(stored[name] if name in stored.files else np.random.RandomState(3).randn(229, width).astype("f4"))


@pytest.fixture
def convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Convert a wave with a golden voice and stub features; noise is zero unless told otherwise."""
    converter = Converter(AssetStore(tmp_path / "assets"), threads=1)

    def run(model: str, wave: np.ndarray, *, noise: bool = False, index: str = "", **changes: Any) -> Converted:
        width = 256 if "v1" in model else 768
        run.encoder = StubEncoder(features_of(width))  # type: ignore[attr-defined]
        monkeypatch.setattr(converter.loader, "encoder", lambda name: run.encoder)  # type: ignore[attr-defined]
        if not noise:
            monkeypatch.setattr(SeededNoise, "normal", lambda self, *shape: torch.zeros(shape))
        write_voice(read_voice(golden(f"{model}.pth")), tmp_path / f"{model}.safetensors")
        if index:
            write_index(read_index(golden(index)), tmp_path / "index.safetensors")
        settings = {key: changes.pop(key) for key in list(changes) if key not in BESIDES}
        progress = changes.pop("progress", lambda stage, fraction: None)
        converter.features = changes.pop("features", None)
        request = Request(
            wave=wave,
            voice=tmp_path / f"{model}.safetensors",
            scratch=tmp_path,
            options=ConversionOptions(**{**PLAIN, **settings}),
            index=tmp_path / "index.safetensors" if index else None,
            **changes,
        )
        return converter.convert(request, progress)

    return run


@pytest.fixture
def wave() -> np.ndarray:
    return np.array(Arrays("audio_front.npz")["decoded_16k"])


def counts(samples: np.ndarray) -> np.ndarray:
    """16-bit values as the reference writes them."""
    return (samples * np.float32(32768)).astype(np.int16).astype(int)


@pytest.mark.parametrize("model", ["tiny_v2_40k_f0", "tiny_v1_40k_f0", "tiny_v2_40k_nof0"])
def test_a_plain_conversion_is_the_references(convert: Any, wave: np.ndarray, model: str) -> None:
    expected = Arrays("pipeline.npz")[f"{model}_plain"].astype(int)
    result = convert(model, wave, f0_method="harvest").samples
    assert len(result) == 104000
    assert np.abs(counts(result[: len(expected)]) - expected).max() <= 2


@pytest.mark.parametrize("model", ["tiny_v1_40k_f0", "tiny_v2_40k_f0", "tiny_v2_40k_nof0"])
def test_index_protect_and_loudness_are_the_references(convert: Any, wave: np.ndarray, model: str) -> None:
    """The reference levels 20 ms less; so the mix is compared on the length it had."""
    expected = Arrays("pipeline.npz")[f"{model}_full"].astype(int)
    options = {"f0_method": "harvest", "index_rate": 0.75, "protect": 0.33}
    samples = convert(model, wave, index=INDEX[model], **options).samples[: len(expected)]
    audio.mix_loudness(samples, 40000, Arrays("audio_front.npz")["highpassed"], 0.25)
    audio.limit_peak(samples)
    assert np.abs(counts(samples) - expected).max() <= 2


@pytest.mark.parametrize("model", ["tiny_v1_40k_f0", "tiny_v2_40k_f0", "tiny_v2_40k_nof0"])
def test_cut_recordings_are_the_references(
    convert: Any, wave: np.ndarray, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sample the reference keeps of a piece stands where it belongs; only the 10 ms fades differ."""
    arrays = Arrays("pipeline.npz")
    expected, segments = arrays[f"{model}_chunked"].astype(int), arrays[f"{model}_chunked_chunk_samples"]
    monkeypatch.setattr(Cutting, "within", lambda *limits: CHUNKED)
    options = {"f0_method": "harvest", "index_rate": 0.75, "protect": 0.33}
    result = counts(convert(model, wave, index=INDEX[model], **options).samples)
    assert convert.encoder.segments == list(segments)
    position = taken = 0
    for number, samples in enumerate(segments):
        kept = (min(samples // 160, 2 * ((samples - 400) // 320 + 1)) - 200) * 400
        fade = 400 if number else 0
        ours = result[position + fade : position + kept]
        assert np.abs(ours - expected[taken + fade : taken + kept]).max() <= 2
        taken += kept
        position += (samples - 32160) // 160 * 400
    assert len(result) == 104000


def test_resampling_is_the_references(convert: Any, wave: np.ndarray) -> None:
    expected = Arrays("pipeline.npz")["tiny_v2_40k_f0_resampled"].astype(int)
    result = convert("tiny_v2_40k_f0", wave, output_rate=16000, f0_method="harvest")
    assert (result.sample_rate, len(result.samples)) == (16000, 41600)
    before_the_end = len(expected) - 100  # the reference's ends 20 ms earlier, and the filter hears that
    assert np.abs(counts(result.samples)[:before_the_end] - expected[:before_the_end]).max() <= 4


@pytest.mark.parametrize("samples", [800, 15999, 16001, 41600, 52345])
@pytest.mark.parametrize("cut", [False, True])
def test_the_result_is_as_long_as_the_recording(
    convert: Any, samples: int, cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cut:
        monkeypatch.setattr(Cutting, "within", lambda *limits: CHUNKED)
    wave = np.random.RandomState(0).randn(samples).astype("f4") * 0.1
    assert len(convert("tiny_v2_40k_f0", wave).samples) == round(samples * 2.5)
    exact = convert("tiny_v2_40k_f0", wave, seconds=samples / 16000 + 1e-5)
    assert len(exact.samples) == round((samples / 16000 + 1e-5) * 40000)
    assert np.isfinite(exact.samples).all()


def test_the_same_seed_gives_the_same_bytes(convert: Any, wave: np.ndarray) -> None:
    first, second, other = (convert("tiny_v2_40k_f0", wave, noise=True, seed=seed).samples for seed in (7, 7, 8))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("model", ["tiny_applio_mrf_40k", "tiny_applio_refinegan_32k"])
def test_voices_with_other_vocoders_convert(
    convert: Any, wave: np.ndarray, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cutting, "within", lambda *limits: CHUNKED)
    first, second, other = (convert(model, wave, noise=True, seed=seed) for seed in (7, 7, 8))
    assert first.facts["pieces"] > 1
    assert len(first.samples) == round(2.6 * first.sample_rate)
    assert np.isfinite(first.samples).all()
    assert first.samples.std() > 0
    assert np.array_equal(first.samples, second.samples)
    assert not np.array_equal(first.samples, other.samples)


def test_protect_keeps_unvoiced_frames_from_retrieval(convert: Any, wave: np.ndarray) -> None:
    off, half, full = (
        convert("tiny_v1_40k_f0", wave, index="tiny_256.index", index_rate=1.0, protect=p).samples
        for p in (0.5, 0.25, 0.0)
    )
    assert np.abs(off - half).max() > 1e-4
    assert np.abs(off - full).max() > np.abs(off - half).max()


def test_unvoiced_frames_can_be_filled(convert: Any, wave: np.ndarray) -> None:
    kept, filled = (convert("tiny_v2_40k_f0", wave, unvoiced=mode).samples for mode in ("keep", "fill"))
    assert np.abs(kept - filled).max() > 1e-3


def test_pitch_moves_by_fractions_of_a_semitone(convert: Any, wave: np.ndarray) -> None:
    plain, moved = (convert("tiny_v2_40k_f0", wave, pitch_shift=shift).samples for shift in (0, 0.5))
    assert np.abs(plain - moved).max() > 1e-3


def test_the_automatic_pitch_is_the_shift_that_brings_the_median_to_the_voices(convert: Any, wave: np.ndarray) -> None:
    """The F0 that was measured anyway says how far; the result is that of the same shift by hand, to the sample."""
    plain = convert("tiny_v2_40k_f0", wave)
    median = plain.facts["median_f0_hz"]
    auto = convert("tiny_v2_40k_f0", wave, pitch_mode="auto", pitch_shift=1, usual_f0=median * 2 ** (5.3 / 12))
    assert (plain.facts["pitch_shift"], auto.facts["pitch_shift"]) == (0, 6)
    assert np.array_equal(auto.samples, convert("tiny_v2_40k_f0", wave, pitch_shift=6).samples)


def test_without_pitch_nothing_is_brought_anywhere(convert: Any) -> None:
    result = convert("tiny_v2_40k_f0", np.zeros(16000, np.float32), pitch_mode="auto", usual_f0=120.0)
    assert result.facts["pitch_shift"] == 0
    assert "usual_f0_hz" not in result.facts


def test_the_automatic_pitch_needs_to_know_the_voices(convert: Any, wave: np.ndarray) -> None:
    for model, usual in (("tiny_v2_40k_f0", 0.0), ("tiny_v2_40k_nof0", 120.0)):
        with pytest.raises(OptionError) as caught:
            convert(model, wave, pitch_mode="auto", usual_f0=usual)
        assert (caught.value.code, caught.value.field) == ("needs_usual_pitch", "pitch_mode")


def test_a_voice_without_pitch_says_that_it_cannot_be_moved(
    wave: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, stored = "This voice does not follow pitch: the pitch shift has no effect.", tmp_path / "a.safetensors"
    write_voice(read_voice(make_voice(tmp_path / "a.pth", f0=False, **SHALLOW)), stored)
    converter = Converter(AssetStore(tmp_path / "assets"), threads=1)
    monkeypatch.setattr(converter.loader, "encoder", lambda name: StubEncoder(features_of(768)))
    choices = (ConversionOptions(index_rate=0, seed=1, pitch_shift=shift) for shift in (12.0, 0.0))
    moved, left = (converter.convert(Request(wave, stored, tmp_path, options)) for options in choices)
    assert (said in moved.warnings, said in left.warnings) == (True, False)
    np.testing.assert_array_equal(moved.samples, left.samples)


def test_silence_stays_silent(convert: Any) -> None:
    result = convert("tiny_v2_40k_f0", np.zeros(16000, np.float32), loudness_mix=0.25)
    assert np.sqrt(np.mean(result.samples**2)) < 1e-3
    assert "The recording is silent." in result.warnings


def test_progress_rises_to_one(convert: Any, wave: np.ndarray) -> None:
    seen: list[tuple[str, float]] = []
    convert("tiny_v2_40k_f0", wave, progress=lambda stage, fraction: seen.append((stage, fraction)))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert {"prepare", "f0", "content", "synthesis", "level"} == {stage for stage, _ in seen}


@pytest.mark.parametrize("stage", ["prepare", "f0", "content", "synthesis", "level"])
def test_it_stops_when_cancelled(convert: Any, wave: np.ndarray, stage: str) -> None:
    def cancel(at: str, fraction: float) -> None:
        if at == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert("tiny_v2_40k_f0", wave, progress=cancel)


def test_features_and_pitch_are_reused(convert: Any, wave: np.ndarray, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "features", 1 << 30)
    first = convert("tiny_v2_40k_f0", wave, features=cache)
    assert len(convert.encoder.segments) == 1
    again = convert("tiny_v2_40k_f0", wave, features=cache)
    assert convert.encoder.segments == []
    assert np.array_equal(first.samples, again.samples)
    assert first.facts["features"] == {"wanted": 2, "computed": 2}
    assert again.facts["features"] == {"wanted": 2, "computed": 0}
    convert("tiny_v2_40k_f0", wave * np.float32(0.9), features=cache)
    assert len(convert.encoder.segments) == 1


def test_the_feature_cache_keeps_its_budget(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, 4000)
    for key in "abc":
        cache.get("recording", key, lambda: np.zeros(200))
    assert 0 < sum(file.stat().st_size for file in tmp_path.iterdir()) <= 4000
    (tmp_path / "left-behind.part").write_bytes(bytes(9000))
    os.utime(tmp_path / "left-behind.part", (0, 0))
    cache.get("recording", "d", lambda: np.zeros(200))
    assert not (tmp_path / "left-behind.part").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00{", b"damaged", bytes(5000)])
def test_damaged_features_are_computed_again(tmp_path: Path, content: bytes) -> None:
    cache = FeatureCache(tmp_path, 1 << 20)
    cache.get("recording", "key", lambda: np.arange(5.0))
    next(tmp_path.iterdir()).write_bytes(content)
    assert np.array_equal(cache.get("recording", "key", lambda: np.arange(5.0)), np.arange(5.0))
    stored = cache.get("recording", "key", lambda: pytest.fail("it was stored again"))
    assert np.array_equal(stored, np.arange(5.0))


def test_what_was_made_from_a_recording_can_be_forgotten(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, 1 << 20)
    for recording in ("a", "ab"):
        for key in ("f0", "content"):
            cache.get(recording, key, lambda: np.arange(5.0))
    cache.forget({"a"})
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {"ab"}


def test_replaced_weights_are_another_network(tmp_path: Path) -> None:
    loader = Converter(AssetStore(tmp_path)).loader
    assert loader.identity("swift-f0") == "swift-f0"
    assert loader.identity("rmvpe") == "rmvpe"
    AssetStore(tmp_path).import_from(STARTER / "encoder.zip")
    before = loader.identity("whisper-base")
    weights = tmp_path / "whisper-base" / "whisper-base-encoder.safetensors"
    os.utime(weights, (1, 1))
    assert loader.identity("whisper-base") != before


def test_it_can_be_stopped_within_a_network(convert: Any, wave: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text encoder runs after the last word of the stage before it; its layers still hear that they should stop."""
    monkeypatch.setattr("rvc.progress.TICK_SECONDS", 0.0)
    heard = 0

    def cancel(stage: str, fraction: float) -> None:
        nonlocal heard
        heard += stage == "content"
        if heard == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        convert("tiny_v2_40k_f0", wave, progress=cancel)
    assert not torch.nn.modules.module._global_forward_hooks


def test_fast_says_when_it_cannot_be(convert: Any, wave: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rvc.device._cpu_multiplies_bfloat16", lambda: False)
    assert "no bfloat16" in " ".join(convert("tiny_v2_40k_f0", wave, precision="fast").warnings)


def test_loaded_parts_leave_in_order_of_use() -> None:
    parts = Parts(budget=25)
    load: Any = lambda: SimpleNamespace(nbytes=10)  # noqa: E731
    a, b = parts.get("a", load), parts.get("b", load)
    assert parts.get("a", load) is a
    parts.get("c", load)
    assert parts.nbytes == 20
    assert parts.get("a", load) is a
    assert parts.get("b", load) is not b


def test_a_speaker_the_voice_lacks_is_refused(convert: Any, wave: np.ndarray) -> None:
    with pytest.raises(OptionError) as caught:
        convert("tiny_v2_40k_f0", wave, speaker=3)
    assert caught.value.field == "speaker"


def test_the_index_of_another_voice_is_refused(convert: Any, wave: np.ndarray) -> None:
    with pytest.raises(VoiceFileError) as caught:
        convert("tiny_v2_40k_f0", wave, index="tiny_256.index", index_rate=0.5)
    assert caught.value.code == "wrong_dimension"


def test_an_index_that_is_not_asked_for_is_not_read(convert: Any, wave: np.ndarray) -> None:
    assert convert("tiny_v2_40k_f0", wave, index="tiny_256.index", index_rate=0.0).samples.any()


def test_too_short_a_recording_is_refused(convert: Any) -> None:
    with pytest.raises(AudioError) as caught:
        convert("tiny_v2_40k_f0", np.zeros(319, np.float32))
    assert caught.value.code == "audio_too_short"


def test_long_arrays_lie_in_the_scratch_folder(convert: Any, wave: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = convert("tiny_v2_40k_f0", wave, output_rate=32000).samples
    monkeypatch.setattr("rvc.scratch.IN_MEMORY", 1000)
    np.testing.assert_array_equal(convert("tiny_v2_40k_f0", wave, output_rate=32000).samples, plain)
