"""harvest and dio against the reference, in windows, and on a machine where pyworld is broken."""

import sys

import numpy as np
import pytest

from rvc.errors import AssetError
from rvc.pitch import available_methods, load_estimator
from rvc.pitch.track import Windowing
from rvc.pitch.world import WorldEstimator, median3
from tests.rvc.golden import Arrays
from tests.rvc.pitch.conftest import trapped

SHORT = Windowing(length=256, context=100)


def padded_input():
    return np.pad(Arrays("audio_front.npz")["highpassed"], 16000, mode="reflect")


def test_dio_equals_the_reference():
    assert np.abs(WorldEstimator("dio")(padded_input()) - Arrays("f0.npz")["dio_stonemask"]).max() < 1e-6


def test_harvest_equals_the_reference_before_and_after_the_median():
    golden = Arrays("f0.npz")
    estimator = WorldEstimator("harvest")
    refined = estimator._refined(padded_input())
    assert np.abs(refined - golden["harvest_stonemask"]).max() < 1e-6
    assert np.abs(median3(refined) - golden["harvest_f0"]).max() < 1e-6
    second = padded_input()[:16000]
    assert np.array_equal(estimator(second), median3(estimator._refined(second)))


def test_the_raw_tracks_equal_the_reference():
    """Pins the options handed to the library: range, frame period, no extra smoothing."""
    import pyworld

    for method in (pyworld.harvest, pyworld.dio):
        raw, _ = method(padded_input(), 16000, f0_floor=50.0, f0_ceil=1100.0, frame_period=10.0)
        assert np.abs(raw - Arrays("f0.npz")[f"{method.__name__}_raw"]).max() < 1e-6


@pytest.mark.parametrize("name", ["harvest", "dio"])
def test_windows_leave_no_seam(name, speech):
    wave = speech[: 3 * 16000]
    whole = WorldEstimator(name)(wave)
    joined = WorldEstimator(name, Windowing(length=120, context=100))(wave)
    assert whole.shape == (len(wave) // 160 + 1,)
    assert np.abs(joined - whole).max() < 0.01


def test_any_length_and_layout_of_input_is_measured():
    estimator = WorldEstimator("dio")
    for samples in (0, 1, 159, 160, 1000):
        assert not estimator(np.zeros(samples, np.float32)).any()
        assert len(estimator(np.zeros(samples))) == samples // 160 + 1
    backwards = padded_input()[::-1]
    assert np.array_equal(estimator(backwards), estimator(backwards.copy()))


def test_progress_counts_windows_and_may_stop_the_work(speech):
    progress = trapped(after=0.5)
    with pytest.raises(InterruptedError):
        WorldEstimator("dio", SHORT)(speech, progress)
    assert progress.heard == pytest.approx([256 / 711, 512 / 711])


def test_a_broken_pyworld_is_a_reason_not_a_crash(monkeypatch, no_assets):
    monkeypatch.setitem(sys.modules, "pyworld", None)  # what an import that fails leaves behind
    assert "pyworld" in available_methods(no_assets)["harvest"]
    with pytest.raises(AssetError, match="dio is not available here"):
        load_estimator("dio", no_assets, device=None, threads=1)
