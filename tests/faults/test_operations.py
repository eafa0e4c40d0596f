"""What happens to a site as a whole: updates, new keys, set clocks, lost power, a database that is away."""

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import OrmQ

from jobs.models import JobEvent, State, WorkerBeat
from tests.faults.base import OUTPUT, FaultCase, alive
from tests.jobs.chores import clock
from tests.jobs.chores.models import FOLDER, Chore


class OperationTests(FaultCase):
    def test_rolling(self):
        """The database is migrated while workers of the old program run: they take nothing, and none of them dies."""
        before = self.ready()
        self.add(2, seconds=1)
        self.wait_until_running(2)
        MigrationRecorder(connection).record_applied("jobs", "9999_later")
        self.addCleanup(MigrationRecorder(connection).record_unapplied, "jobs", "9999_later")
        late = self.add(4)
        self.wait(lambda: "is newer than this program" in OUTPUT.read_text(), 5, "the supervisor says why")
        self.wait(lambda: Chore.objects.filter(state=State.DONE).count() == 2, 10, "what ran is finished")
        time.sleep(2 * settings.JOB_TICK_SECONDS)
        assert Chore.objects.filter(pk__in=[chore.pk for chore in late]).waiting().count() == 4
        MigrationRecorder(connection).record_unapplied("jobs", "9999_later")
        self.wait_until_final(15)
        self.assert_each_done_once()
        assert self.ready() == before, "no process was started anew"

    def test_rotate_key(self):
        """Hints that were signed with the old key are worth nothing; the jobs are."""
        self.end()
        self.add(5)
        assert OrmQ.objects.count() == 5
        self.addCleanup(self.end)
        self.start(SECRET_KEY="another-key-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789")
        self.add(5, seconds=0.1)
        self.wait_until_final(25)
        self.assert_each_done_once()

    def test_crash_points(self):
        self.lose_power(times=2)

    @pytest.mark.long
    def test_crash_points_of_twenty(self):
        self.lose_power(times=20)

    def lose_power(self, times):
        """Everything is killed at once at a random moment, again and again."""
        self.addCleanup(self.end)
        lot = random.Random(times)
        for _ in range(times):
            self.end_by_kill()
            self.start(JOB_MAX_ATTEMPTS="50")
            self.wait(lambda: len(self.ready()) == 2, 30, "two workers ready")
            self.add(3, seconds=lot.choice([0, 0.3, 0.8]))
            time.sleep(lot.uniform(0, 1.5))
        self.wait_until_final(40)
        self.drop_what_nobody_published()
        self.assert_each_done_once()
        assert len(self.lines("start")) >= Chore.objects.count() == 3 * times

    def end_by_kill(self):
        before = self.tree()
        self.kill(self.supervisor.pid, *before)
        self.supervisor.wait()
        self.wait(lambda: not alive(before), 3, "all are gone")

    def drop_what_nobody_published(self):
        """A file that was written when the power went, before its row was: the sweep has those of the product."""
        published = set(Chore.objects.values_list("result", flat=True))
        for path in FOLDER.glob("*.*"):
            if path.name not in published:
                path.unlink()

    def test_clock(self):
        """The database's clock goes an hour forward and two back while jobs run and wait."""
        self.end()
        self.addCleanup(self.end)
        self.addCleanup(self.wrong_clock())
        self.start(timeout=60)
        self.wait(lambda: len(self.ready()) == 2, 30, "two workers ready")
        for hours in (1, -1):
            [long] = self.add(seconds=3)
            self.wait_until_running(len(self.lines("end")) + 1)
            self.set_clock(hours * 3600)
            [lost] = self.add(hinted=False)
            Chore.objects.filter(pk=lost.pk).update(hinted_at="2050-01-01 00:00Z")  # by the clock of before
            self.wait_until_final(20)
            assert {Chore.objects.get(pk=job.pk).attempt for job in (long, lost)} == {1}
        assert len(self.lines("start")) == len(self.lines("end")) == 4
        assert OUTPUT.read_text().count("the clock jumped") == 2
        self.assert_each_done_once()

    def wrong_clock(self):
        file = settings.VAR_DIR / "clock"
        os.environ[clock.VARIABLE] = str(file)
        self.set_clock(0)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(clock.POSTGRES)
        return self.right_clock

    def right_clock(self):
        del os.environ[clock.VARIABLE]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA wrong_clock CASCADE")

    def set_clock(self, seconds):
        Path(os.environ[clock.VARIABLE]).write_text(f"{seconds:+}")
        if connection.vendor == "postgresql" and seconds:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE wrong_clock.wrong_by SET seconds = %s", [seconds])

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite has one writer at a time")
    def test_locked(self):
        """Somebody else writes for longer than a lease lasts: all wait, and nothing is lost or done twice."""
        self.add(4, seconds=1)
        self.wait_until_running(2)
        before = self.supervisor.pid
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(7)
            other.execute("ROLLBACK")
        self.wait_until_final(30)
        self.drop_what_nobody_published()
        self.assert_each_done_once()
        assert (self.supervisor.pid, self.supervisor.poll()) == (before, None)

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is no server")
    def test_backend_restart(self):
        """The database server is restarted without a word: all connect again within ten seconds."""
        self.add(6, seconds=0.8)
        self.wait_until_running(2)
        restart_postgres()
        back = timezone.now()
        self.wait(lambda: WorkerBeat.objects.filter(beat_at__gt=back).exists(), 10, "the supervisor is back")
        self.wait(lambda: JobEvent.objects.filter(after=State.RUNNING, at__gt=back).exists(), 20, "work goes on")
        self.wait_until_final(40)
        self.drop_what_nobody_published()
        self.assert_each_done_once()
        assert self.supervisor.poll() is None


def restart_postgres():
    from tests.postgres import restart

    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        [folder] = cursor.fetchone()
    restart(folder)
    connection.close()
