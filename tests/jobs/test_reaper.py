"""The reaper and the watch over the cluster, tick by tick."""

import os
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models.functions import Now
from django.test import TestCase, override_settings
from django_q.models import OrmQ

from jobs import cluster, reaper, supervisor
from jobs.models import State, WorkerBeat
from tests.jobs.chores.models import Chore

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A monotonic clock and a database's clock, both set by hand."""

    def __init__(self):
        self.seconds, self.set_by = 1000.0, 0.0

    def monotonic(self):
        return self.seconds

    @property
    def database(self):
        return NOON + timedelta(seconds=self.seconds + self.set_by)


@pytest.fixture(autouse=True)
def clock(monkeypatch, request):
    hands = Clock()
    monkeypatch.setattr(reaper.time, "monotonic", hands.monotonic)
    if request.instance is not None:
        request.instance.clock = hands
    return hands


class ReaperTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def lapsed(self):
        chore = Chore.objects.create(owner=self.alice)
        Chore.objects.claim(chore.pk)
        Chore.objects.filter(pk=chore.pk).update(lease_until=Now() - timedelta(seconds=1))
        return chore

    def test_it_works(self):
        chore = self.lapsed()
        with self.assertLogs("jobs.reaper", "WARNING") as logs:
            reaper.Reaper().tick(self.clock.database)
        chore.refresh_from_db()
        assert chore.state == State.QUEUED
        assert OrmQ.objects.count() == 1, "and the queue knows again"
        assert f"{chore.pk}: its lease is over, now queued after attempt 1" in logs.output[0]

    def test_any_number_may_run(self):
        self.lapsed()
        for _ in range(3):
            reaper.Reaper().tick(self.clock.database)
        assert Chore.objects.get().attempt == 1
        assert OrmQ.objects.count() == 1

    def test_after_the_clock_was_set_leases_get_time_to_be_renewed(self):
        for jump in (3600, -3600):
            with self.subTest(jump=jump):
                ours = reaper.Reaper()
                assert ours.trusts(self.clock.database)
                self.clock.set_by += jump
                self.clock.seconds += 2
                assert not ours.trusts(self.clock.database)
                self.clock.seconds += 10
                assert not ours.trusts(self.clock.database)
                self.clock.seconds += 6
                assert ours.trusts(self.clock.database)

    def test_slow_corrections_of_the_clock_are_no_jump(self):
        ours = reaper.Reaper()
        for _ in range(100):
            assert ours.trusts(self.clock.database)
            self.clock.seconds += 2
            self.clock.set_by += 0.5

    def test_a_full_queue_gets_no_reminders(self):
        for _ in range(reaper.HINTS_WAITING + 5):
            Chore.objects.create(owner=self.alice)
        ours = reaper.Reaper()
        for _ in range(3):
            ours.remind()
        assert OrmQ.objects.count() == reaper.HINTS_WAITING


class WatchTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def setUp(self):
        self.row = WorkerBeat.objects.create(host="here", pid=1, workers=1)
        self.watch = cluster.Watch(self.row)

    def after(self, seconds):
        self.clock.seconds += seconds
        return self.watch.stalled()

    def test_nothing_to_do_is_no_stall(self):
        assert not self.after(1000)

    def test_work_that_nobody_takes_is_one(self):
        Chore.objects.create(owner=self.alice)
        assert not self.after(1)
        assert not self.after(28)
        assert self.after(2)

    def test_a_claim_resets_it(self):
        Chore.objects.create(owner=self.alice)
        assert not self.after(29)
        self.row.claimed_at = NOON
        assert not self.after(29)
        assert not self.after(29)
        assert self.after(2)

    def test_busy_workers_are_no_stall(self):
        Chore.objects.create(owner=self.alice)
        busy = Chore.objects.create(owner=self.alice)
        Chore.objects.claim(busy.pk)
        Chore.objects.filter(pk=busy.pk).update(worker=f"{self.row.pk}:1")
        assert not self.after(1000)

    def test_a_restart_that_did_not_help_is_tried_later_and_later(self):
        Chore.objects.create(owner=self.alice)
        waited = []
        for _ in range(6):
            seconds = 0
            while not self.after(10):
                seconds += 10
            waited.append(seconds)
            self.watch.reset()
        assert waited == [30, 60, 120, 240, 240, 240]


class SupervisorTests(TestCase):
    def test_it_outlives_a_database_that_does_not_answer(self):
        ours = supervisor.Supervisor({"cpu": 1})
        with (
            mock.patch.object(ours, "tick", autospec=True, side_effect=OperationalError("gone")),
            mock.patch.object(supervisor, "connection"),
            self.assertLogs("jobs.supervisor", "WARNING") as logs,
        ):
            ours.tick_or_wait_for_the_database()
        assert "gone" in logs.output[0]
        assert ours.clusters[0].lame == "the database was away"


class ClusterTests(TestCase):
    def setUp(self):
        self.cluster = cluster.Cluster("cpu", workers=1)
        self.cluster.row.save(force_insert=True)

    def test_clusters_that_die_in_a_row_are_started_later_and_later(self):
        waits = []
        with mock.patch.object(cluster, "Tree", autospec=True), self.assertLogs("jobs.cluster"):
            for _ in range(6):
                self.clock.seconds += 100
                self.cluster.start()
                self.clock.seconds += 1
                self.cluster.bury("the cluster died", counted=True)
                waits.append(round(self.cluster.not_before - self.clock.seconds))
        assert waits == [1, 3, 7, 15, 30, 30]

    def test_what_a_dead_worker_held_is_free_at_once(self):
        chore = Chore.objects.create(owner=User.objects.create_user("alice"))
        Chore.objects.claim(chore.pk)
        Chore.objects.update(worker=f"{self.cluster.row.pk}:{2**22 + 1}")  # above the largest process id
        with self.assertLogs("jobs.reaper", "WARNING"):
            self.cluster.take_back_from_the_dead()
        chore.refresh_from_db()
        assert (chore.state, chore.attempt) == (State.QUEUED, 1)

    def test_an_idle_worker_that_is_gone_ends_the_cluster_when_nobody_is_busy(self):
        chore = Chore.objects.create(owner=User.objects.create_user("alice"))
        busy = os.getpid()
        for present, lame in (({1, 2, busy}, False), ({2, busy}, True), ({2, 3, busy}, True)):
            self.cluster.tree = mock.create_autospec(cluster.Tree, instance=True, pid=0)
            self.cluster.tree.workers.return_value = present
            self.cluster.look_for_the_dead()
            assert bool(self.cluster.lame) == lame
        Chore.objects.claim(chore.pk)
        Chore.objects.update(worker=f"{self.cluster.row.pk}:{busy}")
        with mock.patch.object(self.cluster, "bury", autospec=True) as bury:
            self.cluster.tick()
            bury.assert_not_called()
            Chore.objects.update(state=State.DONE)
            self.cluster.tick()
        bury.assert_called_once_with("a worker was killed while it waited for work", counted=False)

    def test_a_worker_that_leaves_with_or_after_a_job_is_no_loss(self):
        alice = User.objects.create_user("alice")
        for pid, ended in ((11, {}), (12, {"state": State.FAILED, "finished_at": Now()})):
            chore = Chore.objects.create(owner=alice)
            Chore.objects.claim(chore.pk)
            Chore.objects.filter(pk=chore.pk).update(worker=f"{self.cluster.row.pk}:{pid}", **ended)
            assert self.cluster.had_work(pid)
        assert not self.cluster.had_work(13)

    def test_the_log_tells_how_long_nobody_took_work(self):
        Chore.objects.create(owner=User.objects.create_user("alice"))
        self.cluster.tree = mock.create_autospec(cluster.Tree, instance=True, pid=0)
        self.cluster.tree.workers.return_value = set()
        self.cluster.started = self.clock.seconds
        self.clock.seconds += 2179
        self.cluster.watch.reset()
        self.clock.seconds += 31
        with mock.patch.object(cluster, "Tree", autospec=True), self.assertLogs("jobs.cluster") as logs:
            self.cluster.tick()
        assert "started anew after 2210 s: work is due and nobody took any for 31 s" in logs.output[0]

    @override_settings(JOB_STALL_SECONDS=30)
    def test_rows_of_supervisors_that_vanished_are_cleared(self):
        old = WorkerBeat.objects.create(host="there", pid=1, workers=1)
        WorkerBeat.objects.filter(pk=old.pk).update(beat_at=Now() - timedelta(days=2))
        assert list(WorkerBeat.objects.forgotten()) == [old]
