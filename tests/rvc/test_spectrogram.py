"""The picture of two sounds: what is drawn lies where it is, and the file stays small."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from scipy import signal

from rvc.assets import AssetStore
from rvc.comparison import LISTENER, Sound, compare, heard, joined
from rvc.options import ConversionOptions
from rvc.pipeline import Converter, Request
from rvc.spectrogram import BANDS, COLUMNS, HIGHEST, LOWEST, centres, columns_of, pitch_row, spectrogram
from rvc.voicefile.voice import read_voice, write_voice
from tests.rvc.test_measures import sine

STARTER = Path(__file__).parents[2] / "models_app" / "starter"
MOST_BYTES = 150_000


def hertz(code):
    """Back from a row of pitch, by the words of the docs."""
    return LOWEST * (HIGHEST / LOWEST) ** ((code - 1) / 254)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_tone_lies_in_its_band(rate):
    picture = spectrogram(sine(1.0, 1000.0, rate, level=1.0), rate, 100)
    assert picture.shape == (BANDS, 100)
    loudest = picture[:, 50].argmax()
    assert centres()[loudest] == pytest.approx(1000, rel=0.06)
    assert picture[loudest, 50] >= 244, "a full sine is within some dB of the top"
    assert picture[0, 50] < 60


def test_levels_are_those_of_a_plain_spectrogram():
    """scipy's, at the middle of each column, in the bin that is nearest to a band."""
    wave = np.random.default_rng(2).standard_normal(16000).astype(np.float32) * 0.05 + sine(1.0, 2000.0, level=0.1)
    frequencies, _, power = signal.spectrogram(
        np.pad(wave, 512), 16000, "hann", 1024, 1024 - 160, 1024, detrend=False, scaling="spectrum"
    )
    band = int(np.argmin(np.abs(centres() - 2000)))
    nearest = int(np.argmin(np.abs(frequencies - centres()[band])))
    plain = 10 * np.log10(2 * power[nearest - 4 : nearest + 5, :100].max(axis=0))
    drawn = spectrogram(wave, 16000, 100)[band] / 252 * 100 - 100
    assert np.abs(drawn[10:90] - plain[10:90]).max() < 4


def test_time_runs_from_left_to_right():
    wave = np.concatenate([np.zeros(16000, np.float32), sine(1.0, 500.0)])
    picture = spectrogram(wave, 16000, 200)
    assert picture[:, :90].max() == 0
    assert picture[:, 110:].max(axis=0).min() > 150


def test_pitch_is_drawn_on_the_axis_of_the_bands():
    f0 = np.concatenate([np.zeros(100), np.full(100, 220.0), np.full(100, np.nan), np.full(100, 440.0)])
    row = pitch_row(f0, 40)
    assert set(row[:10]) == set(row[20:30]) == {0}
    assert hertz(row[15]) == pytest.approx(220, rel=0.011)
    assert hertz(row[35]) == pytest.approx(440, rel=0.011)


@pytest.mark.parametrize("seconds", [0.02, 3, 12, 1200])
def test_the_file_is_small_however_long_the_sound(tmp_path, seconds):
    """Noise is what packs worst."""
    noise = np.random.default_rng(3).standard_normal(round(seconds * 16000)).astype(np.float32) * 0.2
    frames = len(noise) // 160 + 1
    f0 = np.random.default_rng(4).uniform(60, 1000, frames)
    source, result = (Sound(part, 16000, f0, "test") for part in (noise, noise[::-1]))
    facts = compare(source, result, 2 * f0, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size < MOST_BYTES
    with Image.open(tmp_path / "picture.png") as picture:
        assert (picture.mode, picture.size) == ("L", (columns_of(seconds), 2 * BANDS + 3))
    assert columns_of(seconds) <= COLUMNS
    assert facts["source"]["seconds"] == facts["result"]["seconds"] == round(len(noise) / 16000, 3)


def test_the_rows_of_the_file_are_where_the_docs_say(tmp_path):
    source = Sound(sine(1.0, 200.0), 16000, np.full(101, 200.0), "test")
    result = Sound(sine(1.0, 400.0, 40000), 40000, np.full(101, 400.0), "test")
    compare(source, result, np.full(101, 800.0), tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as opened:
        picture = np.asarray(opened)
    first, second = picture[BANDS - 1 :: -1, 25], picture[2 * BANDS - 1 : BANDS - 1 : -1, 25]
    assert [centres()[part.argmax()] for part in (first, second)] == pytest.approx([200, 400], rel=0.06)
    assert [hertz(row[25]) for row in picture[2 * BANDS :]] == pytest.approx([200, 800, 400], rel=0.011)


def test_voices_without_pitch_have_an_empty_row(tmp_path):
    sound = Sound(sine(0.5), 16000)
    facts = compare(sound, sound, np.zeros(0), tmp_path / "picture.png")
    assert facts["source"]["pitch"] is None
    with Image.open(tmp_path / "picture.png") as opened:
        assert not np.asarray(opened)[2 * BANDS :].any()


def test_tracks_are_joined_at_their_seconds():
    whole = joined([(0.0, np.full(101, 100.0)), (2.0, np.full(101, 200.0))], 3.0)
    assert whole.shape == (301,)
    assert (whole[50], whole[150], whole[250]) == (100.0, 0.0, 200.0)


def test_a_real_voice_is_heard_where_it_was_told_to_be(tmp_path):
    """What is heard in a result of the bundled voice is what its synthesizer was told."""
    assets = AssetStore(tmp_path / "assets")
    assets.import_from(STARTER / "encoder.zip")
    with zipfile.ZipFile(STARTER / "voice.zip") as opened:
        checkpoint = opened.extract("starter.pth", tmp_path)
    write_voice(read_voice(Path(checkpoint)), tmp_path / "voice.safetensors")
    wave, rate = soundfile.read(STARTER / "sample.wav", dtype="float32", frames=3 * 16000)
    converter = Converter(assets, threads=1)
    wished = ConversionOptions(index_rate=0, seed=1)
    made = converter.convert(Request(wave, tmp_path / "voice.safetensors", tmp_path, wished))
    source = Sound(wave, rate, made.f0, made.f0_method)
    result = heard(Sound(made.samples, made.sample_rate), converter.loader.estimator(LISTENER))
    facts = compare(source, result, made.target, tmp_path / "picture.png")
    before, after = (facts[side]["pitch"]["median_hz"] for side in ("source", "result"))
    assert 12 * np.log2(after / before) == pytest.approx(0, abs=0.6)
    with Image.open(tmp_path / "picture.png") as opened:
        told, own = (row.astype(float) for row in np.asarray(opened)[2 * BANDS + 1 :])
    both = (told > 0) & (own > 0)
    assert both.sum() > 0.6 * (told > 0).sum()
    assert np.median(np.abs(hertz(told[both]) / hertz(own[both]) - 1)) < 0.05
