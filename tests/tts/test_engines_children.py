"""What becomes of a child that misbehaves, and of settings that name no engine."""

import pytest

from rvc import sandbox
from tests.rvc import children
from tts.checks import check_engines
from tts.engines.children import in_child
from tts.engines.errors import SpeechError
from tts.engines.registry import engines

HERE = children.__name__


def refused(function, arguments, **options):
    with pytest.raises(SpeechError) as caught:
        in_child(f"{HERE}:{function}", arguments, **{"timeout": 30.0, **options})
    return caught.value


def test_it_works():
    assert in_child(f"{HERE}:double", {"number": 21}, timeout=30.0) == 42


@pytest.mark.parametrize("function", ["segfault", "crash", "flood"])
def test_a_child_that_dies(function):
    assert refused(function, {}).code == "engine_failed"


def test_a_child_that_wants_too_much():
    limits = sandbox.Limits(memory_bytes=256 << 20)
    assert refused("allocate", {"count": 2 << 30}, limits=limits).code == "engine_failed"


@pytest.mark.parametrize(("function", "arguments"), [("sleep", {"seconds": 60}), ("spin", {})])
def test_a_child_that_does_not_end(function, arguments):
    error = refused(function, arguments, timeout=1.0)
    assert error.code == "engine_timeout"
    assert "1 seconds" in error.message


def test_what_a_child_says_is_an_error_of_speech():
    error = refused("refuse", {"code": "bad_container", "message": "No."})
    assert (error.code, error.message) == ("bad_container", "No.")


def test_a_child_reaches_nothing(tmp_path):
    """The text of a stranger is handled where files of strangers are."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    found = in_child(f"{HERE}:attempts", {"path": str(secret), "parent": 1}, timeout=30.0)
    if sandbox.missing_protections():
        pytest.skip("this machine cannot confine a child")
    assert "allowed" not in found.values()


def test_engines_nobody_has_stop_the_start(settings):
    assert check_engines() == []
    settings.TTS_ENGINES = [" pyttsx3", "espeek"]
    assert list(engines()) == ["pyttsx3"]
    [error] = check_engines()
    assert (error.id, "espeek" in error.msg, "pyttsx3" in error.hint) == ("tts.E001", True, True)
