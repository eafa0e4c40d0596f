"""A child that stays: asked again and again, confined like any other, and gone when its time is over."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from rvc import resident, sandbox
from rvc.errors import VoiceFileError
from rvc.resident import Gone, Resident
from rvc.sandbox import Limits
from tests.rvc import children

HERE = children.__name__
LIMITS = Limits(cpu_seconds=60, memory_bytes=1 << 30)


@pytest.fixture
def open_child():
    opened = []

    def open_one(function="Parrot", limits=LIMITS, **arguments):
        opened.append(Resident(f"{HERE}:{function}", arguments, limits))
        return opened[-1]

    yield open_one
    for child in opened:
        child.close()


def until(condition):
    """Waits for what the kernel does by itself."""
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_it_keeps_what_it_has(open_child):
    child = open_child(word="polly")
    answers = [child.ask({"said": said}, seconds=60) for said in ("a", "b", "c")]
    assert [answer["said"] for answer in answers] == ["polly a", "polly b", "polly c"]
    assert [answer["made_ready"] for answer in answers] == [0, 1, 2]
    assert len({answer["pid"] for answer in answers}) == 1
    assert child.answered == 3


def test_its_errors_are_the_askers_and_it_stays(open_child):
    child = open_child(word="polly")
    with pytest.raises(VoiceFileError) as caught:
        child.ask({"said": "refuse"}, seconds=60)
    assert caught.value.code == "bad_container"
    assert child.ask({"said": "a"}, seconds=60)["said"] == "polly a"


@pytest.mark.parametrize("said", ["crash", "exit", "flood"])
def test_one_that_dies_or_never_stops_is_gone(open_child, said):
    child = open_child(word="polly")
    with pytest.raises(Gone) as caught:
        child.ask({"said": said}, seconds=60)
    assert (caught.value.late, child.alive) == (False, False)


def test_one_that_takes_too_long_is_ended(open_child):
    child = open_child(word="polly")
    pid = child.ask({"said": "a"}, seconds=60)["pid"]
    with pytest.raises(Gone) as caught:
        child.ask({"said": "sleep"}, seconds=0.5)
    assert caught.value.late
    assert not psutil.pid_exists(pid)


def test_it_ends_when_nobody_asks(open_child, monkeypatch):
    monkeypatch.setattr(resident, "IDLE_SECONDS", 0.05)
    child = open_child(word="polly")
    child.ask({"said": "a"}, seconds=60)
    assert until(lambda: not child.alive)


def test_it_ends_with_its_parent():
    code = (
        f"from rvc.resident import Resident; from rvc.sandbox import Limits; import time\n"
        f"child = Resident('{HERE}:Parrot', {{'word': 'x'}}, Limits(cpu_seconds=60))\n"
        "print(child.ask({'said': 'a'}, seconds=60)['pid'], flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=sandbox.ROOT)
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        os.kill(parent.pid, signal.SIGKILL)
        assert until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    finally:
        parent.kill()
        parent.wait()


def test_it_reaches_nothing(open_child, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    if sandbox.missing_protections():
        pytest.skip("this machine cannot confine a child")
    found = open_child(word="polly").ask({"said": "attempts", "path": str(secret)}, seconds=60)
    assert "allowed" not in found.values()
