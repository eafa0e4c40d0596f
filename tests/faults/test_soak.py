"""A minute of the soak, so that the hour of it can be trusted to say what is wrong; and the hour's little brother."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings

from tests.faults.soak.memory import MIB, slope


def soak(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.soak", *arguments],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, env=None,
    )  # fmt: skip


@pytest.mark.worker
@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_soak(database):
    done = soak("--minutes", "8", "--database", database)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("lost", "doubled", "stuck"):
        assert f"\n{word:34}{0:6}" in done.stdout


def test_the_slope_is_that_of_least_squares():
    points = [(0, 10 * MIB), (1800, 11 * MIB), (3600, 11 * MIB), (5400, 12 * MIB)]
    assert slope(points) * 3600 / MIB == pytest.approx(1.2)
    assert slope(points[:1]) == 0


class TestStories:
    """A soak that cannot fail says nothing: what it must notice in the story of a job."""

    def faults(self, monkeypatch, *states, row="done", retries=0):
        from tests.faults.soak import judge

        pairs = zip(["", *states], states, strict=False)
        events = [SimpleNamespace(before=before, after=after) for before, after in pairs]
        monkeypatch.setattr(judge.JobEvent.objects, "of", lambda job: events)
        return list(judge.history(SimpleNamespace(state=row), retries))

    def test_it_works(self, monkeypatch):
        assert self.faults(monkeypatch, "queued", "running", "queued", "running", "done") == []
        assert self.faults(monkeypatch, "queued", "running", "failed", "queued", "running", "done", retries=1) == []

    def test_two_ends(self, monkeypatch):
        assert self.faults(monkeypatch, "queued", "running", "done", "done")

    def test_no_end(self, monkeypatch):
        assert self.faults(monkeypatch, "queued", "running")

    def test_a_row_that_says_something_else(self, monkeypatch):
        assert self.faults(monkeypatch, "queued", "running", "failed")
