"""Numbers of a sound against what is known of it, or computed plainly."""

import numpy as np
import pytest
from scipy import signal

from rvc.measures import FULL_SCALE, MOST_SECONDS, level_facts, pitch_facts, sampled_f0
from rvc.pitch.swift import SwiftEstimator

RATE = 16000


def sine(seconds, hertz=220.0, rate=RATE, level=0.5):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_it_works():
    facts = level_facts(sine(3.0, level=0.5))
    assert facts == {"level_db": -9.0, "peak_db": -6.0, "clipped": 0}


def test_a_long_sound_is_measured_block_by_block():
    wave = np.random.default_rng(1).standard_normal(130 * RATE).astype(np.float32) * 0.1
    plain = 20 * np.log10(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))
    assert level_facts(wave)["level_db"] == pytest.approx(plain, abs=0.051)


def test_silence_has_no_level():
    assert level_facts(np.zeros(100, np.float32)) == {"level_db": None, "peak_db": None, "clipped": 0}


def test_samples_at_full_scale_are_counted():
    wave = np.clip(sine(1.0, level=1.4), -1, FULL_SCALE).astype(np.float32)
    assert level_facts(wave)["clipped"] == np.count_nonzero(np.abs(wave) >= FULL_SCALE) > 1000


def test_pitch_is_that_of_the_voiced_frames_that_were_seen():
    f0 = np.concatenate([np.zeros(50), np.linspace(100, 200, 101), np.full(30, np.nan)])
    assert pitch_facts(f0) == {
        "median_hz": 150.0,
        "low_hz": 105.0,
        "high_hz": 195.0,
        "voiced_share": round(101 / 151, 3),
    }


def test_without_voice_there_is_no_pitch():
    unknown = {"median_hz": None, "low_hz": None, "high_hz": None, "voiced_share": 0.0}
    assert pitch_facts(np.zeros(10)) == pitch_facts(np.full(10, np.nan)) == pitch_facts(np.zeros(0)) == unknown


@pytest.mark.parametrize("rate", [16000, 40000])
def test_the_pitch_of_a_short_sound_is_measured_whole(rate):
    buzz = sum(sine(2.0, 220.0 * number, rate, 0.4 / number) for number in range(1, 12))
    track = sampled_f0(buzz, rate, SwiftEstimator(1))
    assert track.shape == (201,)
    assert not np.isnan(track).any()
    assert np.median(track[track > 0]) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("count", [1, 320, 700])
def test_a_click_has_a_track_too(count):
    assert len(sampled_f0(np.full(count, 0.1, np.float32), RATE, SwiftEstimator(1))) == count // 160 + 1


def test_a_long_sound_costs_a_minute_and_keeps_its_time():
    heard = []
    slow = sine(600.0, 100.0)
    slow[300 * RATE :] = sine(300.0, 300.0)

    def listener(wave):
        """The frequency at which the spectrum is highest, for each frame."""
        heard.append(len(wave) / RATE)
        frequencies, power = signal.periodogram(wave, RATE)
        return np.full(len(wave) // 160 + 1, frequencies[np.argmax(power)])

    track = sampled_f0(slow, RATE, listener)
    assert sum(heard) <= 1.3 * MOST_SECONDS
    seen = np.flatnonzero(~np.isnan(track))
    assert len(seen) == pytest.approx(100 * MOST_SECONDS, rel=0.02)
    assert np.allclose(track[seen[seen < 30000]], 100, atol=1)
    assert np.allclose(track[seen[seen >= 30000]], 300, atol=1)
