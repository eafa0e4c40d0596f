"""The child that a worker keeps for its next text: the same sound as a throwaway one, and none of its dead."""

import os
import signal
from dataclasses import replace

import psutil
import pytest

from tests.tts.piper import write_voice
from tts.engines import piper
from tts.engines.base import SpeechError, Utterance
from tts.engines.registry import engine
from tts.engines.speaking import keeper, kept_child

TEXTS = ("Hello, my friend.", "How are you? I am well.", "Hello, my friend.")


@pytest.fixture
def say(settings, tmp_path):
    settings.PIPER_DIR, settings.ASSETS_DIR = tmp_path / "piper", tmp_path / "assets"
    write_voice(settings.PIPER_DIR)
    write_voice(settings.PIPER_DIR, "en_US-zoe-low")
    (tmp_path / "work").mkdir()

    def say(text, **options):
        return engine("piper").speak(Utterance(text, **options), tmp_path / "work")

    yield say
    keeper().close()


def pid():
    return keeper().child._child.pid


def test_what_it_says_is_what_a_throwaway_child_says(say):
    thrown = [say(text) for text in TEXTS]
    with kept_child():
        kept = [say(text) for text in TEXTS]
    assert [one.path.read_bytes() for one in kept] == [one.path.read_bytes() for one in thrown]
    assert [{**one.facts, "took": 0} for one in kept] == [{**one.facts, "took": 0} for one in thrown]
    assert keeper().child.answered == len(TEXTS)


def test_nobody_is_kept_where_nobody_asked_for_it(say):
    say("Hello.")
    assert keeper().child is None


def test_one_child_at_a_time(say):
    with kept_child():
        say("Hello.")
        first = pid()
        say("Hello again.", rate=2.0)
        assert pid() == first
        say("Hello.", speaker="en_US-zoe-low")
        assert pid() != first
        assert not psutil.pid_exists(first)


def test_a_voice_that_was_replaced_is_read_again(say, settings):
    with kept_child():
        say("Hello.")
        first = pid()
        write_voice(settings.PIPER_DIR, speakers=1)
        model = settings.PIPER_DIR / "en_US-tiny-low.onnx"
        os.utime(model, ns=(1, 1))
        say("Hello.")
        assert pid() != first


def test_another_takes_the_place_of_one_that_died(say):
    with kept_child():
        whole = say("Hello.").path.read_bytes()
        os.kill(pid(), signal.SIGKILL)
        assert say("Hello.").path.read_bytes() == whole
        psutil.Process(pid()).suspend()
        psutil.Process(pid()).kill()
        assert say("Hello.").path.read_bytes() == whole


def test_one_that_takes_too_long_is_ended_and_not_asked_again(say, tmp_path):
    with kept_child():
        say("Hello.")
        first = pid()
        psutil.Process(first).suspend()
        with pytest.raises(SpeechError) as caught:
            engine("piper").speak(Utterance("Hello."), tmp_path / "work", 0.5)
        assert caught.value.code == "engine_timeout"
        assert not psutil.pid_exists(first)
        assert say("Hello.").seconds > 0


def test_its_errors_are_those_of_the_engine(say, settings):
    with kept_child():
        (settings.PIPER_DIR / "en_US-tiny-low.onnx").write_bytes(b"not a graph")
        with pytest.raises(SpeechError, match="Piper voice cannot be used") as caught:
            say("Hello.")
        assert caught.value.code == "engine_failed"
        first = pid()
        with pytest.raises(SpeechError):
            say("Hello.")
        assert pid() == first, "what one text is refused for ends no child"


def test_a_text_that_kills_it_is_refused(say, monkeypatch):
    """It has a few bytes of memory, so that every child dies of the network."""
    monkeypatch.setattr(piper, "LIMITS", replace(piper.LIMITS, memory_bytes=64 << 20))
    with kept_child(), pytest.raises(SpeechError) as caught:
        say("Hello.")
    assert caught.value.code == "engine_failed"
