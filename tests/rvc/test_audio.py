"""Signal processing against the reference's numbers and against plain versions of the formulas."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from scipy import signal

from rvc import audio
from rvc.scratch import Scratch
from tests.rvc.golden import Arrays


def test_the_high_pass_is_the_references() -> None:
    arrays = Arrays("audio_front.npz")
    target = np.empty(len(arrays["decoded_16k"]))
    audio.high_pass(arrays["decoded_16k"], target)
    np.testing.assert_allclose(target, arrays["highpassed"], atol=1e-6)


@pytest.mark.parametrize(("gain", "offset"), [(0.3, 0.5), (4.0, 0.0)])
def test_the_high_pass_rounds_as_the_reference_does(gain: float, offset: float) -> None:
    """WORLD makes 0.1 Hz of the 1e-8 by which an offset in double differs."""
    wave = (np.random.RandomState(5).randn(16000) * gain / 4 + offset).astype("f4")
    lowered = wave / max(np.float32(1), np.abs(wave).max() / np.float32(0.95))
    target = np.empty(len(wave))
    audio.high_pass(wave, target)
    np.testing.assert_array_equal(target, signal.filtfilt(*signal.butter(5, 48, "high", fs=16000), lowered))


def test_long_recordings_are_filtered_in_blocks_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = np.random.RandomState(0).randn(16000 * 10).astype("f4") * 2
    whole, blocks = np.empty(len(wave)), np.empty(len(wave))
    audio.high_pass(wave, whole)
    monkeypatch.setattr(audio.blocks, "__defaults__", (16000 * 3,))
    audio.high_pass(wave, blocks)
    np.testing.assert_allclose(blocks, whole, atol=1e-6)


def test_loud_recordings_are_lowered_and_quiet_ones_are_not() -> None:
    wave = np.sin(np.arange(16000) * 0.1)
    loud, quiet, plain = (np.empty(16000) for _ in range(3))
    audio.high_pass(wave * 3, loud)
    audio.high_pass(wave * 0.95, plain)
    audio.high_pass(wave * 0.1, quiet)
    np.testing.assert_allclose(loud, plain, atol=1e-4)
    np.testing.assert_allclose(quiet, plain * 0.1 / 0.95, atol=1e-6)


def test_the_loudness_mix_is_the_references() -> None:
    front, arrays = Arrays("audio_front.npz"), Arrays("rms.npz")
    samples = np.array(arrays["target"])
    audio.mix_loudness(samples, 40000, front["highpassed"], float(arrays["rate"]))
    np.testing.assert_allclose(samples[::10], arrays.thinned("mixed", 10), atol=1e-4)


@pytest.mark.parametrize("rate", [16000, 40000, 44100])
def test_the_loudness_curve_is_rms_per_second(rate: int) -> None:
    samples = np.random.RandomState(2).randn(rate * 3 + 1234).astype("f4")
    hop = rate // 2
    padded = np.pad(samples.astype("f8"), hop)
    frames = [np.sqrt(np.mean(padded[i * hop : i * hop + 2 * hop] ** 2)) for i in range(len(samples) // hop + 1)]
    np.testing.assert_allclose(audio.loudness_curve(samples, rate), frames, rtol=1e-9)


def test_a_mix_of_one_changes_nothing() -> None:
    samples = np.random.RandomState(2).randn(40000).astype("f4")
    before = samples.copy()
    audio.mix_loudness(samples, 40000, np.ones(16000), 1.0)
    np.testing.assert_allclose(samples, before, rtol=1e-6)


def test_silence_is_not_raised() -> None:
    samples = np.random.RandomState(2).randn(80000).astype("f4") * 1e-3
    audio.mix_loudness(samples, 40000, np.zeros(32000), 0.25)
    assert np.abs(samples).max() < 1e-6


def test_resampling_is_soxrs_hq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.sin(np.arange(40000 * 3) * 0.05).astype("f4")
    expected = soxr.resample(samples, 40000, 16000, "HQ")
    result = audio.resample(samples, (40000, 16000), 48000, Scratch(tmp_path))
    np.testing.assert_allclose(result, expected, atol=1e-5)
    monkeypatch.setattr(audio.blocks, "__defaults__", (30011,))
    np.testing.assert_allclose(audio.resample(samples, (40000, 16000), 48000, Scratch(tmp_path)), expected, atol=1e-5)


def test_the_peak_is_limited_only_when_too_high() -> None:
    loud, fine = np.array([0.5, -1.98], np.float32), np.array([0.5, -0.98], np.float32)
    assert audio.limit_peak(loud)
    assert not audio.limit_peak(fine)
    np.testing.assert_allclose(loud, [0.25, -0.99])
    np.testing.assert_allclose(fine, [0.5, -0.98])


def test_the_high_pass_is_a_butterworth() -> None:
    arrays = Arrays("audio_front.npz")
    b, a = signal.butter(audio.HIGH_PASS_ORDER, audio.HIGH_PASS_HZ, btype="high", fs=16000)
    np.testing.assert_allclose(b, arrays["highpass_b"], rtol=1e-12)
    np.testing.assert_allclose(a, arrays["highpass_a"], rtol=1e-12)
