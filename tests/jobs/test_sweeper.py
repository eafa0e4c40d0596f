"""Leftovers, and what is to be forgotten, are removed on a schedule, by real processes."""

import time

import pytest

from jobs import sweeper


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def home(settings, tmp_path):
    """Where the commands only write down that they ran."""
    settings.BASE_DIR, settings.SWEEP_MINUTES, settings.FORGET_MINUTES = tmp_path, 60, 0
    (tmp_path / "manage.py").write_text(
        "import pathlib, sys\nhome = pathlib.Path(__file__).parent\n"
        "(home / sys.argv[1]).write_text(' '.join(sys.argv[1:]))\n"
        "exec((home / 'then').read_text() if (home / 'then').exists() else '')\n"
    )
    return tmp_path


@pytest.fixture
def ours(home):
    """A sweep that is due."""
    errand = sweeper.Sweeper().errands[0]
    errand.started -= 3601
    yield errand
    errand.end()


def test_it_works(ours, home, caplog):
    ours.tick()
    wait_for(lambda: not ours.process.alive())
    ours.tick()
    assert (home / "storage").read_text() == "storage --sweep"
    assert ours.process is None
    ours.tick()
    assert ours.process is None, "the next one has time"
    assert caplog.text == ""


def test_what_is_to_be_forgotten_has_its_own_time(home, settings):
    settings.FORGET_MINUTES = 10
    both = sweeper.Sweeper()
    for errand in both.errands:
        errand.started -= 601
    both.tick()
    wait_for((home / "forget").exists)
    both.end()
    assert not (home / "storage").exists()


def test_it_can_be_turned_off(home, settings):
    settings.SWEEP_MINUTES = 0
    both = sweeper.Sweeper()
    for errand in both.errands:
        errand.started -= 10**6
    both.tick()
    assert [errand.process for errand in both.errands] == [None, None]


def test_a_failure_is_told(ours, home, caplog):
    (home / "then").write_text("sys.exit(1)")
    ours.tick()
    wait_for(lambda: not ours.process.alive())
    ours.tick()
    assert "ended with 1 after" in caplog.text


def test_one_that_takes_too_long_is_ended(ours, home, monkeypatch, caplog):
    (home / "then").write_text("import time; time.sleep(99)")
    ours.tick()
    wait_for((home / "storage").exists)
    monkeypatch.setattr(sweeper, "LONGEST_SECONDS", 0)
    ours.tick()
    assert ours.process is None
    assert "ended with -9 after" in caplog.text
