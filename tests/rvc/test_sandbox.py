"""The throwaway child: results and errors come back, everything else stays inside."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from rvc import sandbox
from rvc.errors import OptionError, RVCError, VoiceFileError

DIED = ("died", "The child died.")
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


def call(name: str, *, limits: sandbox.Limits | None = None, **arguments: Any) -> Any:
    return sandbox.run(f"tests.rvc.children:{name}", arguments, limits=limits or sandbox.Limits(), died=DIED)


def died(name: str, **arguments: Any) -> None:
    with pytest.raises(RVCError) as caught:
        call(name, **arguments)
    assert (caught.value.code, caught.value.message) == DIED


def test_it_works():
    assert call("double", number=21) == 42


def test_an_error_comes_back_as_it_was():
    with pytest.raises(VoiceFileError) as caught:
        call("refuse", code="bad_config", message="No.", field="voice")
    assert (caught.value.code, caught.value.message, caught.value.field) == ("bad_config", "No.", "voice")


def test_an_error_with_another_constructor_comes_back_too():
    with pytest.raises(OptionError) as caught:
        call("refuse_option")
    assert (caught.value.code, caught.value.field) == ("bad_option", "protect")


def test_whoever_watches_may_end_it():
    before, ticks = psutil.Process().children(), []

    def tick():
        ticks.append(time.monotonic())
        if len(ticks) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), sandbox.watched(tick):
        call("sleep", seconds=60)
    assert 0.4 < ticks[1] - ticks[0] < 5
    assert psutil.Process().children() == before
    assert call("double", number=21) == 42
    assert len(ticks) == 2


def test_a_child_that_is_watched_is_late_as_well():
    with sandbox.watched(lambda: None):
        died("sleep", seconds=60, limits=sandbox.Limits(wall_seconds=1))


@pytest.mark.parametrize("name", ["crash", "segfault", "flood"])
def test_a_child_that_dies_is_the_callers_error(name):
    died(name)


def test_the_reason_of_a_death_is_logged(caplog):
    died("crash")
    assert "ZeroDivisionError" in caplog.text


def test_a_late_child_is_ended():
    began = time.monotonic()
    died("sleep", seconds=60, limits=sandbox.Limits(wall_seconds=1))
    assert time.monotonic() - began < 20


@linux
def test_processor_time_is_limited():
    died("spin", limits=sandbox.Limits(cpu_seconds=1))


@linux
def test_memory_is_limited():
    died("allocate", count=2 << 30)
    assert call("allocate", count=64 << 20) == 64 << 20


@linux
def test_a_large_source_may_still_be_mapped(tmp_path):
    source = tmp_path / "large"
    source.touch()
    os.truncate(source, 8 << 30)
    assert call("map_whole", source=str(source)) == 8 << 30


def test_what_native_code_prints_does_not_reach_the_answer():
    assert call("chatter") == "answer"


def test_the_environment_is_empty(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not for children")
    ours = {*sandbox.ENVIRONMENT, "LC_CTYPE", "OMP_WAIT_POLICY"}  # the last two are set by Python and by rvc itself
    assert not set(call("environment")) - ours


def test_a_target_is_made_and_taken_away_again(tmp_path):
    target = tmp_path / "target"
    assert call("write", target=str(target), count=5) == 5
    assert target.read_bytes() == b"xxxxx"
    target.unlink()
    with pytest.raises(VoiceFileError):
        call("write", target=str(target), count=5, then="bad_config")
    assert not target.exists()


def test_files_may_be_named_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("write", target="target", count=5) == 5
    assert call("read", source="target") == "xxxxx"


@linux
def test_a_target_cannot_outgrow_its_limit(tmp_path):
    target = tmp_path / "target"
    died("write", target=str(target), count=2 << 20, limits=sandbox.Limits(file_bytes=1 << 20))
    assert not target.exists()


@linux
def test_a_child_can_do_next_to_nothing(tmp_path):
    if sandbox.missing_protections():
        pytest.skip("this machine confines less")
    neighbour = tmp_path / "neighbour"
    neighbour.write_text("private")
    outcomes = call("attempts", path=str(neighbour), parent=os.getpid())
    assert set(outcomes.values()) == {"PermissionError"}, outcomes
    assert neighbour.read_text() == "private"
    assert list(tmp_path.iterdir()) == [neighbour]


@linux
def test_a_child_reads_its_source_and_starts_threads(tmp_path):
    source = tmp_path / "source"
    source.write_text("mine")
    assert call("read", source=str(source)) == "mine"
    assert call("start_thread")


@linux
def test_a_child_dies_with_its_parent():
    code = "from rvc import sandbox; sandbox.run('tests.rvc.children:sleep', {'seconds': 60}, died=('a', 'b'))"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=sandbox.ROOT)
    child = _first_child(parent.pid)
    parent.kill()
    parent.wait()
    _wait_until(lambda: not _runs(child))


def _first_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    _wait_until(lambda: children.read_text().strip() != "")
    child = int(children.read_text().split()[0])
    _wait_until(lambda: b"rvc.sandbox" in Path(f"/proc/{child}/cmdline").read_bytes())
    return child


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def _wait_until(condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_missing_protections_are_said_once(caplog):
    sandbox.warn_of.cache_clear()
    sandbox.warn_of(("system calls cannot be filtered on this system",))
    sandbox.warn_of(("system calls cannot be filtered on this system",))
    assert caplog.text.count("less protection") == 1
