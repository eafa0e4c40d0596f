"""Kokoro: a real graph of the same shape, real sounds of eSpeak NG, real children."""

import numpy as np
import pytest

from tests.tts.kokoro import HOP, RATE, styles, write_kokoro
from tts.engines import kokoro
from tts.engines.base import SpeechError, Utterance
from tts.engines.kokoro_child import tokens
from tts.engines.registry import engine, speak_with

HELLO = Utterance("Hello, my friend.")


@pytest.fixture
def folder(settings, tmp_path):
    settings.KOKORO_DIR, settings.ASSETS_DIR = tmp_path / "kokoro", tmp_path / "assets"
    return settings.KOKORO_DIR


@pytest.fixture
def work(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def refused(utterance, work, timeout=60.0):
    with pytest.raises(SpeechError) as caught:
        engine("kokoro").speak(utterance, work, timeout)
    assert list(work.iterdir()) == []
    return caught.value.code


@pytest.mark.parametrize("name", ["input_ids", "tokens"])
def test_it_works(folder, work, name):
    write_kokoro(folder, tokens=name)
    spoken = engine("kokoro").speak(HELLO, work)
    assert (spoken.facts["speaker"], spoken.facts["language"], spoken.sample_rate) == ("af_heart", "en-us", RATE)
    sounds = "həlˈO, mI fɹˈɛnd."
    assert spoken.seconds == pytest.approx((len(sounds) + 2) * HOP / RATE)
    assert list(work.iterdir()) == [spoken.path]


def test_rate_and_speakers(folder, work):
    write_kokoro(folder)
    slow, fast = (engine("kokoro").speak(Utterance("Hello.", rate=rate), work) for rate in (0.5, 2.0))
    assert slow.seconds == pytest.approx(4 * fast.seconds, rel=0.01)
    said = [engine("kokoro").speak(Utterance("Hi.", speaker=one.id), work) for one in engine("kokoro").speakers()]
    assert len({spoken.path.read_bytes() for spoken in said}) == 2


def test_speakers_say_who_they_are(folder):
    write_kokoro(folder, voices=("af_heart", "bm_george", "ff_siwis", "jf_alpha", "nobody", "af_x y"))
    found = {(one.id, one.language, one.gender) for one in engine("kokoro").speakers()}
    assert found == {
        ("af_heart", "en-us", "female"),
        ("bm_george", "en-gb", "male"),
        ("ff_siwis", "fr-fr", "female"),
    }
    assert engine("kokoro").check(Utterance("Bonjour", language="fr")).speaker == "ff_siwis"


def test_many_voices_in_one_archive(folder, work):
    write_kokoro(folder, voices=())
    with (folder / "voices-v1.0.bin").open("wb") as file:
        np.savez(file, af_sky=styles("x").reshape(510, 1, 256))
    spoken = engine("kokoro").speak(HELLO, work)
    assert spoken.facts["speaker"] == "af_sky"


@pytest.mark.parametrize(
    "text", ["$(touch x)", '<audio src="/etc/hostname"/>', "x\x00y\ud800", "7" * 250, "Ça va 你好"]
)
def test_text_is_text(folder, work, text):
    write_kokoro(folder)
    spoken = engine("kokoro").speak(Utterance(text), work)
    assert list(work.iterdir()) == [spoken.path]


@pytest.mark.parametrize(
    ("text", "code"),
    [("...", "text_says_nothing"), ("\u200b", "text_says_nothing"), ("a" * 100_001, "text_too_long")],
)
def test_texts_that_cannot_be_said(folder, work, text, code):
    write_kokoro(folder)
    assert refused(Utterance(text), work) == code


def test_a_voice_that_is_silent(folder, work):
    write_kokoro(folder, loud=0.0)
    for name in ("af_heart", "bm_george"):
        (folder / f"{name}.bin").write_bytes(bytes(styles(name).nbytes))
    assert refused(HELLO, work) == "speech_empty"


def test_sounds_become_the_signs_of_the_network():
    known = {sound: place for place, sound in enumerate("OAçc̃a")}
    assert tokens("oʊeɪ", {"language": "en-us", "ids": known}) == [known["O"], known["A"]]
    assert tokens("oʊ", {"language": "fr-fr", "ids": known}) == []
    assert tokens("c\u0327a\u0303", {"language": "fr-fr", "ids": known}) == [known["ç"], known["a"], known["\u0303"]]


class TestTrouble:
    @pytest.mark.parametrize(
        ("gone", "said"), [("*.onnx", "an .onnx"), ("config.json", "its config.json"), ("*.bin", "voices")]
    )
    def test_what_is_missing_is_said(self, folder, work, gone, said):
        write_kokoro(folder)
        assert engine("kokoro").trouble() is None
        for path in folder.glob(gone):
            path.unlink()
        trouble = engine("kokoro").trouble()
        assert trouble.code == "needs_voice"
        assert said in trouble.sentence
        assert "assets fetch kokoro" in trouble.sentence
        assert engine("kokoro").speakers() == ()
        assert refused(HELLO, work) == "needs_voice"

    def test_without_a_package(self, folder, monkeypatch):
        monkeypatch.setattr(kokoro, "PACKAGES", ("no_such_package",))
        assert engine("kokoro").trouble().code == "engine_unavailable"

    @pytest.mark.parametrize("content", ["", "[]", '{"vocab": 5}', '{"vocab": {"a": "x"}}', "[" * 100_000])
    def test_a_config_that_is_none(self, folder, work, content):
        write_kokoro(folder)
        (folder / "config.json").write_text(content)
        assert refused(HELLO, work) == "engine_failed"

    def test_a_model_that_is_none(self, folder, work):
        write_kokoro(folder)
        (folder / "model_quantized.onnx").write_bytes(b"no graph")
        assert refused(HELLO, work) == "engine_failed"

    @pytest.mark.parametrize("content", [b"x", b"\xff" * 2048, b"PK\x03\x04 no archive"])
    def test_voices_that_are_none(self, folder, work, content):
        write_kokoro(folder, voices=())
        (folder / "af_heart.bin").write_bytes(content)
        (folder / "voices.npz").write_bytes(content)
        assert refused(HELLO, work) in {"needs_voice", "engine_failed"}

    def test_a_voice_of_numbers_that_are_none(self, folder, work):
        write_kokoro(folder)
        (folder / "af_heart.bin").write_bytes((styles("x") * np.nan).astype("<f4").tobytes())
        assert refused(HELLO, work) == "engine_failed"

    def test_a_child_that_takes_too_long(self, folder, work):
        write_kokoro(folder)
        assert refused(HELLO, work, 0.01) == "engine_timeout"

    def test_pretrained_files_that_were_changed(self, folder, settings, work):
        write_kokoro(settings.ASSETS_DIR / "kokoro")
        assert engine("kokoro").trouble() is None
        assert refused(HELLO, work) == "engine_failed"

    def test_the_next_engine_speaks(self, folder, work):
        spoken, [attempt] = speak_with(("kokoro", "pyttsx3"), HELLO, work)
        assert (attempt.code, spoken.facts["engine"]) == ("needs_voice", "pyttsx3")
