"""Leftovers are removed on a schedule, by a real process."""

import time

import pytest

from jobs import sweeper


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def ours(settings, monkeypatch, tmp_path):
    """A sweeper that is due, whose command writes down that it ran."""
    settings.BASE_DIR, settings.SWEEP_MINUTES = tmp_path, 60
    (tmp_path / "manage.py").write_text(
        "import pathlib, sys\nhome = pathlib.Path(__file__).parent\n"
        "(home / 'ran').write_text(' '.join(sys.argv[1:]))\n"
        "exec((home / 'then').read_text() if (home / 'then').exists() else '')\n"
    )
    sweep = sweeper.Sweeper()
    sweep.started -= 3601
    yield sweep
    sweep.end()


def test_it_works(ours, tmp_path, caplog):
    ours.tick()
    wait_for(lambda: not ours.sweep.alive())
    ours.tick()
    assert (tmp_path / "ran").read_text() == "storage --sweep"
    assert ours.sweep is None
    ours.tick()
    assert ours.sweep is None, "the next one has time"
    assert caplog.text == ""


def test_it_can_be_turned_off(ours, settings):
    settings.SWEEP_MINUTES = 0
    ours.tick()
    assert ours.sweep is None


def test_a_failure_is_told(ours, tmp_path, caplog):
    (tmp_path / "then").write_text("sys.exit(1)")
    ours.tick()
    wait_for(lambda: not ours.sweep.alive())
    ours.tick()
    assert "ended with 1 after" in caplog.text


def test_one_that_takes_too_long_is_ended(ours, tmp_path, monkeypatch, caplog):
    (tmp_path / "then").write_text("import time; time.sleep(99)")
    ours.tick()
    wait_for((tmp_path / "ran").exists)
    monkeypatch.setattr(sweeper, "LONGEST_SECONDS", 0)
    ours.tick()
    assert ours.sweep is None
    assert "ended with -9 after" in caplog.text
