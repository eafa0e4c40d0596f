"""What every engine's sound has to be, and what every engine's text is."""

import numpy as np
import pytest

from tts.engines.base import Speaker as S
from tts.engines.base import SpeechError, best_speaker, canonical
from tts.engines.sound import Sound, check_sound, read_wav, write_wav
from tts.engines.words import clean, says_something

RATE = 16000
TONE = 0.3 * np.sin(np.arange(RATE, dtype=np.float32) / 10)


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        (np.zeros(0), "speech_empty"),
        (np.zeros(RATE), "speech_empty"),
        (TONE[:300], "speech_empty"),
        (TONE * 0.001, "speech_empty"),
        (TONE * np.nan, "speech_empty"),
        (np.tile(TONE, 40), "engine_failed"),
    ],
)
def test_sounds_that_are_no_speech(samples, code):
    with pytest.raises(SpeechError) as caught:
        check_sound(Sound(samples.astype(np.float32), RATE), 10)
    assert caught.value.code == code


def test_a_wav_is_read_as_it_was_written(tmp_path):
    write_wav(tmp_path / "x.wav", TONE, RATE)
    back = read_wav(tmp_path / "x.wav")
    assert back.rate == RATE
    assert np.abs(back.samples - TONE).max() < 1e-4
    check_sound(back, 10)


def test_what_is_too_loud_is_cut(tmp_path):
    write_wav(tmp_path / "x.wav", TONE * 100, RATE)
    assert np.abs(read_wav(tmp_path / "x.wav").samples).max() <= 1


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound", b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00"])
def test_a_file_that_is_no_wav(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(SpeechError):
        read_wav(tmp_path / "x.wav")


def test_text_is_cleaned():
    assert clean(" a\x00b\r\n\tc\x1b[2J \ud800d\u200be\u202ef ") == "a b c [2J def"
    assert clean("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("text", ["a", "7", "你", "%", "€", "..?!1"])
def test_it_says_something(text):
    assert says_something(text)


@pytest.mark.parametrize("text", ["", "...", "«»", "—", "?!"])
def test_it_says_nothing(text):
    assert not says_something(text)


def test_who_speaks_a_language():
    several = (S("a", "", "en-029"), S("b", "", "en-us"), S("c", "", "de"), S("d", "", "de-at"))
    assert best_speaker(several, "en", {"en": "b"}).id == "b"
    assert best_speaker(several, "en-US", {}).id == "b"
    assert best_speaker(several, "de", {}).id == "c"
    assert best_speaker(several, "de-CH", {}).id == "c"
    assert best_speaker(several, "fr", {}) is None
    assert best_speaker((S("all", "", ""),), "fr", {}).id == "all"
    assert canonical("ZH_Hant") == "cmn-hant"
