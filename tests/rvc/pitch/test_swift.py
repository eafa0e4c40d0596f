"""swift-f0: the starter voice's exact track, in blocks of any size."""

import numpy as np
import pytest
import swift_f0

from rvc.pitch.swift import SwiftEstimator
from tests.rvc.pitch.conftest import trapped


def starter_track(wave):
    """The definition the starter voice was trained with, written out."""
    found = swift_f0.SwiftF0(threads=1).detect(wave, 16000, fmin=50, fmax=1100)
    times = (np.arange(len(wave) // 160 + 1) + 0.5) / 100
    voiced = found.confidence > 0.7
    curve = np.exp(np.interp(times, found.timestamps[voiced], np.log(found.pitch_hz[voiced])))
    return np.where(np.interp(times, found.timestamps, voiced.astype(float)) > 0.5, curve, 0)


def test_it_gives_the_starter_voices_track(speech):
    f0 = SwiftEstimator(threads=1)(speech)
    assert f0.shape == (len(speech) // 160 + 1,)
    assert 0.4 < (f0 > 0).mean() < 0.9
    assert 80 < np.median(f0[f0 > 0]) < 110
    assert np.abs(f0 - starter_track(speech)).max() < 1e-3


def test_blocks_leave_no_seam(speech):
    whole = SwiftEstimator(threads=1)(speech)
    joined = SwiftEstimator(threads=1, block=45000)(speech)
    assert np.abs(joined - whole).max() < 1e-3


def test_silence_and_very_short_waves_have_no_pitch():
    estimator = SwiftEstimator(threads=1)
    for samples in (0, 1, 200, 5000):
        f0 = estimator(np.zeros(samples))
        assert f0.shape == (samples // 160 + 1,)
        assert not f0.any()


def test_a_steady_tone_is_measured():
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000) + 0.1 * np.sin(
        2 * np.pi * 440 * np.arange(16000) / 16000
    )
    f0 = SwiftEstimator(threads=1)(wave)[10:-10]
    assert np.abs(f0 - 220).max() < 3


def test_progress_may_stop_the_work(speech):
    progress = trapped(after=0.3)
    with pytest.raises(InterruptedError):
        SwiftEstimator(threads=1, block=16000)(speech, progress)
    assert len(progress.heard) == 3


def test_it_says_how_much_memory_its_weights_take():
    assert 100_000 < SwiftEstimator(threads=1).nbytes < 5_000_000
