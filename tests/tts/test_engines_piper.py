"""Voices in Piper's format: real graphs, real sounds of eSpeak NG, real children."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from rvc.assets import AssetStore
from tests.tts.piper import HOP, RATE, config, write_voice
from tts.engines import piper
from tts.engines.base import SpeechError, Utterance
from tts.engines.piper_voice import voice_of, voices
from tts.engines.registry import engine, speak_with
from tts.engines.sound import read_wav

HELLO = Utterance("Hello, my friend.")


@pytest.fixture
def folder(settings, tmp_path):
    """An empty folder for voices."""
    settings.PIPER_DIR = tmp_path / "piper"
    settings.ASSETS_DIR = tmp_path / "assets"
    settings.PIPER_DIR.mkdir()
    return settings.PIPER_DIR


@pytest.fixture
def say(folder, tmp_path):
    write_voice(folder)
    work = tmp_path / "work"
    work.mkdir()
    return lambda text, **options: engine("piper").speak(Utterance(text, **options), work)


def refused(function, *arguments, **options):
    with pytest.raises(SpeechError) as caught:
        function(*arguments, **options)
    return caught.value.code


def test_it_works(say, tmp_path):
    spoken = say("Hello, my friend.")
    assert spoken.sample_rate == RATE
    assert spoken.facts | {"took": 0} == {
        "engine": "piper",
        "speaker": "en_US-tiny-low",
        "language": "en-US",
        "rate": 1.0,
        "version": "en_US-tiny-low",
        "sentences": 1,
        "unknown_sounds": 0,
        "took": 0,
    }
    sounds = "həlˈoʊ, maɪ fɹˈɛnd."
    assert spoken.seconds == pytest.approx((2 + 2 * len(sounds) + 1) * HOP / RATE)
    assert [path.name for path in (tmp_path / "work").iterdir()] == [spoken.path.name]


def test_the_same_text_gives_the_same_sound(say):
    assert say("Hello.").path.read_bytes() == say("Hello.").path.read_bytes()
    assert say("Hello.").path.read_bytes() != say("Yellow.").path.read_bytes()


def test_the_rate(say):
    lengths = [say("Hello, my friend.", rate=rate).seconds for rate in (0.5, 1.0, 2.0)]
    assert lengths == pytest.approx([2 * lengths[1], lengths[1], lengths[1] / 2], rel=0.01)


def test_sentences_have_a_pause_between_them(say):
    spoken = say("Hello there. How are you? Mr. Smith is well, thank you!")
    assert spoken.facts["sentences"] == 3
    samples = np.abs(read_wav(spoken.path).samples)
    quiet = samples < 1e-4
    runs = "".join("q" if one else "l" for one in quiet[:: RATE // 100].tolist())
    assert runs.count("q" * 18) == 2


@pytest.mark.parametrize(
    "text",
    [
        "$(touch x) `touch x`",
        '<audio src="/etc/hostname"/> -w /tmp/x',
        "[[h@l'oU]] one\x00two\x1b[2J\ud800",
        "7" * 300,
        "x " * 400,
        "🙂 مرحبا 你好 Straße",
    ],
)
def test_text_is_text(say, tmp_path, text):
    spoken = say(text)
    assert spoken.seconds > 0.2
    assert list((tmp_path / "work").iterdir()) == [spoken.path]


@pytest.mark.parametrize(
    ("text", "code"),
    [("...", "text_says_nothing"), ("\u200b", "text_says_nothing"), ("a" * 100_001, "text_too_long")],
)
def test_texts_that_cannot_be_said(say, text, code):
    assert refused(say, text) == code


def test_a_voice_that_is_silent(folder, tmp_path):
    write_voice(folder, loud=0.0, inference={"noise_scale": 0, "length_scale": 1, "noise_w": 0})
    assert refused(engine("piper").speak, Utterance("Hello there."), tmp_path) == "speech_empty"


def test_a_language_it_has_no_voice_for(say):
    assert refused(say, "Hallo", language="de") == "unknown_language"


class TestSpeakers:
    def test_each_has_a_sound_of_its_own(self, folder, tmp_path):
        write_voice(folder, "en_GB-many-low", speakers=3)
        assert [one.id for one in engine("piper").speakers()] == [f"en_GB-many-low:p{number}" for number in range(3)]
        said = [engine("piper").speak(Utterance("Hi.", speaker=one.id), tmp_path) for one in engine("piper").speakers()]
        assert len({spoken.path.read_bytes() for spoken in said}) == 3

    def test_those_nobody_knows(self, say):
        for name in ("nobody", "en_US-tiny-low:p0", "../../etc/passwd"):
            assert refused(say, "Hello", speaker=name) == "unknown_speaker"

    def test_folders_below_are_read_and_the_pretrained_files(self, folder, settings):
        write_voice(folder / "more", "de_DE-one-low", language={"code": "de_DE"}, espeak={"voice": "de"})
        write_voice(
            settings.ASSETS_DIR / "piper-x", "fr_FR-two-low", language={"code": "fr_FR"}, espeak={"voice": "fr"}
        )
        assert {one.language for one in engine("piper").speakers()} == {"de-DE", "fr-FR"}
        assert engine("piper").check(Utterance("Hallo", language="de")).speaker == "de_DE-one-low"

    def test_a_voice_that_takes_letters(self, folder, tmp_path):
        write_voice(folder, "xx-letters-low", phoneme_type="text", espeak={})
        spoken = engine("piper").speak(Utterance("hello"), tmp_path)
        assert spoken.seconds == pytest.approx((2 + 2 * 5 + 1) * HOP / RATE)


class TestVoicesThatAreNone:
    @pytest.mark.parametrize(
        "changes",
        [
            {"audio": {"sample_rate": 0}},
            {"audio": {"sample_rate": 10**9}},
            {"audio": {"sample_rate": "22050"}},
            {"espeak": {"voice": "../x"}},
            {"espeak": {}},
            {"phoneme_id_map": {}},
            {"phoneme_id_map": {"_": [0], "^": [1], "$": [10**9]}},
            {"phoneme_id_map": [1]},
            {"inference": {"noise_scale": float("nan")}},
            {"inference": {"length_scale": 0}},
            {"num_speakers": 10**9},
            {"speaker_id_map": {"p": 7}},
            {"speaker_id_map": {"a:b": 0}},
            {"language": {"code": "e n"}},
        ],
    )
    def test_configs_that_make_no_sense(self, folder, changes):
        write_voice(folder, **changes)
        assert voices() == {}
        assert engine("piper").trouble().code == "needs_voice"

    @pytest.mark.parametrize("content", ["", "[]", "null", "{", "[" * 100_000, " " * (2 << 20)])
    def test_configs_that_are_none(self, folder, content):
        model = write_voice(folder)
        model.with_name(model.name + ".json").write_text(content)
        assert voices() == {}

    def test_a_model_without_config(self, folder):
        model = write_voice(folder)
        model.with_name(model.name + ".json").unlink()
        assert voices() == {}

    def test_a_changed_config_is_read_again(self, folder):
        model = write_voice(folder)
        assert voices()["en_US-tiny-low"].rate == RATE
        path = model.with_name(model.name + ".json")
        path.write_text(json.dumps(config(audio={"sample_rate": 22050})))
        os.utime(path, (1, 1))
        assert voices()["en_US-tiny-low"].rate == 22050

    @pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x08\x12\x00" * 100])
    def test_a_model_that_is_none(self, folder, tmp_path, content):
        write_voice(folder).write_bytes(content)
        assert refused(engine("piper").speak, HELLO, tmp_path) == "engine_failed"

    def test_a_model_with_other_inputs(self, folder, tmp_path):
        """One speaker in the config, several in the graph."""
        model = write_voice(folder, speakers=2)
        model.with_name(model.name + ".json").write_text(json.dumps(config()))
        assert refused(engine("piper").speak, HELLO, tmp_path) == "engine_failed"

    def test_a_language_the_library_does_not_know(self, folder, tmp_path):
        write_voice(folder, espeak={"voice": "xx-none"})
        assert refused(engine("piper").speak, HELLO, tmp_path) == "unknown_language"


class TestTrouble:
    def test_without_a_voice(self, folder, tmp_path):
        trouble = engine("piper").trouble()
        assert trouble.code == "needs_voice"
        assert "assets fetch piper-en-us-joe" in trouble.sentence
        assert str(folder) in trouble.sentence
        assert engine("piper").speakers() == ()
        assert refused(engine("piper").speak, HELLO, tmp_path) == "needs_voice"

    def test_without_a_package(self, folder, monkeypatch):
        monkeypatch.setattr(piper, "PACKAGES", ("no_such_package",))
        assert engine("piper").trouble().code == "engine_unavailable"

    def test_the_next_engine_speaks(self, folder, tmp_path):
        spoken, [attempt] = speak_with(("piper", "pyttsx3"), HELLO, tmp_path)
        assert (attempt.engine, attempt.code, spoken.facts["engine"]) == ("piper", "needs_voice", "pyttsx3")

    def test_the_speaker_of_another_engine_is_left_out(self, folder, tmp_path):
        write_voice(folder).write_bytes(b"")
        wish = Utterance("Hello.", speaker="en_US-tiny-low")
        spoken, [attempt] = speak_with(("piper", "pyttsx3"), wish, tmp_path)
        assert (attempt.code, spoken.facts["speaker"]) == ("engine_failed", "gmw/en-us")

    def test_a_child_that_takes_too_long(self, folder, tmp_path):
        write_voice(folder)
        work = tmp_path / "work"
        work.mkdir()
        began = time.monotonic()
        assert refused(engine("piper").speak, HELLO, work, 0.01) == "engine_timeout"
        assert time.monotonic() - began < 5
        assert list(work.iterdir()) == []

    def test_a_pretrained_voice_that_was_changed(self, folder, settings, tmp_path):
        """What was there first is held on to."""
        model = write_voice(settings.ASSETS_DIR / "piper-en-us-joe", "en_US-joe-medium")
        assert engine("piper").check(HELLO).speaker == "en_US-joe-medium"
        assert model.stat().st_size < 63201294
        assert refused(engine("piper").speak, HELLO, tmp_path) == "engine_failed"


@pytest.mark.full_size
def test_a_published_voice_speaks(settings, tmp_path):
    folder = Path(os.environ.get("ASSETS_DIR", settings.ASSETS_DIR))
    if not AssetStore(folder).installed("piper-en-us-joe"):
        pytest.skip(f"piper-en-us-joe is not installed in {folder} (set ASSETS_DIR)")
    settings.ASSETS_DIR = folder
    text = "And Mister John Dashwood had then leisure to consider how much there might be prudently in his power to do."
    said = [engine("piper").speak(Utterance(text, speaker="en_US-joe-medium"), tmp_path, 120.0) for _ in range(2)]
    assert 4 < said[0].seconds < 7
    assert said[0].facts["unknown_sounds"] == 0
    assert said[0].path.read_bytes() == said[1].path.read_bytes()
    samples = read_wav(said[0].path).samples
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / said[0].sample_rate)
    assert spectrum[(hertz > 80) & (hertz < 4000)].sum() > 0.9 * spectrum.sum(), "a voice, not noise"


def test_the_scales_and_languages_of_a_config(tmp_path):
    voice = voice_of(tmp_path / "x.onnx", config(inference={}, language={}, num_speakers=2, speaker_id_map={}))
    assert voice.scales == (0.667, 1.0, 0.8)
    assert voice.language == "en-us"
    assert list(voice.speakers) == ["0", "1"]
