"""The engine that is always there: real children, real sound."""

import time
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from tts.engines import pyttsx3, sound
from tts.engines.base import SpeechError, Utterance
from tts.engines.registry import engine, engines, speak_with
from tts.engines.sound import read_wav

HELLO = Utterance("Hello, my friend.")


@pytest.fixture
def say(tmp_path):
    return lambda text, **options: engine("pyttsx3").speak(Utterance(text, **options), tmp_path)


def refused(function, *arguments, **options):
    with pytest.raises(SpeechError) as caught:
        function(*arguments, **options)
    return caught.value.code


def test_it_works(say, tmp_path):
    spoken = say("Hello, my friend.")
    with wave.open(str(spoken.path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, spoken.sample_rate)
        assert file.getnframes() / file.getframerate() == pytest.approx(spoken.seconds)
    assert 0.8 < spoken.seconds < 3
    assert spoken.facts["engine"] == "pyttsx3"
    assert spoken.facts["speaker"] == "gmw/en-us"
    assert spoken.facts["language"] == "en-us"
    assert [path.name for path in tmp_path.iterdir()] == [spoken.path.name]


def test_a_long_text_is_spoken_to_its_end(say):
    """The library says it is done before the file is there."""
    one, ten = say("This is one of the sentences."), say("This is one of the sentences. " * 20)
    assert ten.seconds > 15 * one.seconds


def test_rate_and_volume(say):
    lengths = [say("Speak up a little, please.", rate=rate).seconds for rate in (0.5, 1.0, 2.0)]
    assert all(one > 1.4 * other for one, other in pairwise(lengths))
    loud, quiet = (read_wav(say("Speak up.", volume=volume).path).samples for volume in (1.0, 0.25))
    assert np.abs(quiet).max() == pytest.approx(np.abs(loud).max() / 4, rel=0.01)


@pytest.mark.parametrize(
    ("language", "speaker"),
    [
        ("en", "gmw/en-us"),
        ("en-GB", "gmw/en"),
        ("de", "gmw/de"),
        ("de-AT", "gmw/de"),
        ("fr", "roa/fr"),
        ("zh-CN", "sit/cmn"),
        ("pt_BR", "roa/pt-br"),
    ],
)
def test_a_language_has_its_speaker(language, speaker):
    assert engine("pyttsx3").check(Utterance("Hello", language=language)).speaker == speaker


def test_speakers_sound_different(say):
    texts = {speaker: say("Good day.", speaker=speaker).path for speaker in ("gmw/en-us", "gmw/en-us+f3", "gmw/de")}
    assert len({path.read_bytes() for path in texts.values()}) == 3


@pytest.mark.parametrize("speaker", ["nobody", "gmw/en-us+m9", "gmw/en-us+nope", "../../etc/passwd", "gmw/en-us+f3+f4"])
def test_speakers_nobody_knows_are_refused(say, speaker):
    assert refused(say, "Hello", speaker=speaker) == "unknown_speaker"


def test_languages_nobody_speaks_are_refused(say):
    assert refused(say, "Hello", language="xx") == "unknown_language"


@pytest.mark.parametrize("text", ["", "   ", "...", "\u200b", "\x00\x01", "—–-", "\ud800"])
def test_a_text_that_says_nothing(say, text):
    assert refused(say, text) == "text_says_nothing"


def test_what_cannot_be_heard_is_an_error(say, monkeypatch):
    """It has no voice that is silent: with a threshold that nothing reaches all of them are."""
    monkeypatch.setattr(sound, "QUIETEST", 2.0)
    assert refused(say, "Hello there.") == "speech_empty"


def test_a_text_without_end(say):
    assert refused(say, "a" * 100_001) == "text_too_long"


@pytest.mark.parametrize(("name", "value"), [("rate", 0.0), ("rate", float("nan")), ("rate", 9), ("volume", 1.5)])
def test_options_have_bounds(say, name, value):
    with pytest.raises(SpeechError) as caught:
        say("Hello", **{name: value})
    assert (caught.value.code, caught.value.field) == ("bad_option", name)


@pytest.mark.parametrize(
    "text",
    [
        "$(touch x) `touch x`",
        '<audio src="/etc/hostname"/> -w /tmp/x',
        "[[h@l'oU]]",
        "one\x00two\x1b[2Jthree\r\nfour",
        "\ud800 half a character",
        "%s %n %x",
        "é" * 1999,
        "7" * 700,
        "🙂 👩‍👩‍👧‍👦 مرحبا שלום 你好 नमस्ते",
    ],
)
def test_text_is_text(say, tmp_path, text):
    spoken = say(text)
    assert spoken.seconds > 0.2
    assert list(tmp_path.iterdir()) == [spoken.path]


def test_nothing_is_cut_at_a_nul(say):
    assert say("one\x00two three four").seconds == pytest.approx(say("one two three four").seconds)


def test_several_at_once(tmp_path):
    """Each has a child of its own; in one process the library would crash. All are alike: no rate comes too late."""
    with ThreadPoolExecutor(6) as pool:
        spoken = list(pool.map(lambda _: engine("pyttsx3").speak(HELLO, tmp_path), range(12)))
    assert len({one.path for one in spoken}) == 12
    assert len({one.path.read_bytes() for one in spoken}) == 1


def test_a_child_that_takes_too_long(tmp_path):
    began = time.monotonic()
    assert refused(engine("pyttsx3").speak, HELLO, tmp_path, 0.01) == "engine_timeout"
    assert time.monotonic() - began < 5
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(pyttsx3, "PACKAGES", ("pyttsx3", "no_such_package"))
    trouble = engine("pyttsx3").trouble()
    assert trouble.code == "engine_unavailable"
    assert "no-such-package" in trouble.sentence
    assert engine("pyttsx3").speakers() == ()
    assert refused(engine("pyttsx3").speak, HELLO, tmp_path) == "engine_unavailable"


class TestSpeakers:
    def test_all_languages_are_there(self):
        speakers = engine("pyttsx3").speakers()
        assert len({speaker.id for speaker in speakers}) == len(speakers) > 250
        assert {"en-us", "de", "fr-fr", "es", "cmn", "ar"} <= {speaker.language for speaker in speakers}
        assert {speaker.gender for speaker in speakers} == {"male", "female"}

    def test_they_are_asked_once(self, settings, tmp_path, monkeypatch):
        settings.VAR_DIR = tmp_path
        first = engine("pyttsx3").speakers()
        monkeypatch.setattr(pyttsx3, "_asked_speakers", None)
        assert engine("pyttsx3").speakers() == first

    @pytest.mark.parametrize("content", ["", "{", "\x00"])
    def test_a_damaged_list_is_made_anew(self, settings, tmp_path, content):
        settings.VAR_DIR = tmp_path
        engine("pyttsx3").speakers()
        [kept] = (tmp_path / "cache" / "speech").iterdir()
        kept.write_text(content)
        assert len(engine("pyttsx3").speakers()) > 250


class TestRegistry:
    def test_the_default(self):
        assert next(iter(engines())) == "pyttsx3"
        assert engine("pyttsx3").trouble() is None
        assert not engine("pyttsx3").online

    def test_engines_that_are_not_listed(self, settings):
        settings.TTS_ENGINES = []
        assert refused(engine, "pyttsx3") == "unknown_engine"

    def test_an_empty_chain(self, tmp_path):
        assert refused(speak_with, (), HELLO, tmp_path) == "no_engine"

    def test_one_name_is_one_engine(self, tmp_path):
        assert refused(speak_with, ("nobody",), HELLO, tmp_path) == "unknown_engine"

    def test_the_next_speaks_when_one_fails(self, tmp_path):
        spoken, attempts = speak_with(("nobody", "pyttsx3"), HELLO, tmp_path)
        assert spoken.facts["engine"] == "pyttsx3"
        assert [(attempt.engine, attempt.code) for attempt in attempts] == [("nobody", "unknown_engine")]
        assert "nobody" in attempts[0].sentence

    def test_all_fail(self, tmp_path):
        assert refused(speak_with, ("nobody", "none"), HELLO, tmp_path) == "engines_failed"

    @pytest.mark.parametrize("wish", [Utterance("..."), Utterance("Hello", speaker="nobody")])
    def test_what_the_wish_itself_causes_is_not_tried_elsewhere(self, tmp_path, wish):
        assert refused(speak_with, ("pyttsx3", "nobody"), wish, tmp_path) in {"text_says_nothing", "unknown_speaker"}
