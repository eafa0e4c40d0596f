"""Transposition, filling, coarse bins and windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvc.pitch.track import Windowing, coarse_bins, fill_unvoiced, frame_count, measure, no_progress, transpose
from tests.rvc.golden import Arrays


@pytest.mark.parametrize("method", ["pm", "pm_key12", "pm_manual", "harvest", "crepe"])
def test_coarse_bins_equal_the_reference(method):
    golden = Arrays("f0.npz")
    assert np.array_equal(coarse_bins(golden[f"{method}_f0"]), golden[f"{method}_coarse"])


def test_coarse_bins_span_50_to_1100_hz_and_saturate():
    f0 = np.array([0.0, 20.0, 50.0, 1100.0, 4000.0])
    assert coarse_bins(f0).tolist() == [1, 1, 1, 255, 255]
    assert coarse_bins(f0.astype(np.float32)).dtype == np.int64


def test_transpose_by_an_octave_doubles_and_keeps_unvoiced_frames():
    assert np.allclose(transpose(np.array([0.0, 100.0]), 12), [0.0, 200.0])
    assert np.allclose(transpose(np.array([100.0]), -0.5), 97.1531941)


def test_a_transposed_reference_track_equals_the_reference():
    golden = Arrays("f0.npz")
    assert np.allclose(transpose(golden["pm_f0"], 12), golden["pm_key12_f0"], atol=1e-9)


def test_fill_draws_lines_and_holds_the_ends():
    f0 = np.array([0.0, 100.0, 0.0, 0.0, 160.0, 0.0])
    assert np.allclose(fill_unvoiced(f0), [100, 100, 120, 140, 160, 160])


def test_fill_leaves_a_track_without_voice_alone():
    assert not fill_unvoiced(np.zeros(5)).any()
    assert fill_unvoiced(np.zeros(0)).shape == (0,)


@given(st.integers(0, 9000), st.integers(1, 12), st.integers(0, 6))
def test_windows_join_a_local_method_without_a_seam(samples, length, context):
    """The stand-in averages each frame with one neighbour on both sides, so one frame of context is enough."""
    wave = np.random.default_rng(samples).normal(size=samples)

    def smooth(piece):
        frames = np.pad(np.append(piece[::160], 0)[: frame_count(len(piece))], 1)
        return (frames[:-2] + frames[1:-1] + frames[2:]) / 3

    joined = measure(wave, Windowing(length, context + 1), smooth, no_progress)
    assert joined.shape == (samples // 160 + 1,)
    if samples and samples % 160:
        assert np.allclose(joined, smooth(wave))


def test_a_short_wave_is_one_window_and_a_long_one_reads_only_windows():
    assert [(w.left, w.right) for w in Windowing(10, 3).over(9 * 160)] == [(0, 10)]
    windows = list(Windowing(10, 3).over(25 * 160))
    assert [(w.start, w.stop) for w in windows] == [(0, 10), (10, 20), (20, 26)]
    assert [(w.left, w.right) for w in windows] == [(0, 13), (7, 23), (17, 26)]
    assert windows[1].read(np.arange(25 * 160)).tolist() == list(range(7 * 160, 23 * 160))
    assert len(windows[2].read(np.arange(25 * 160 + 5))) == 8 * 160 + 5
