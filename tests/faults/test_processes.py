"""Processes die in every place they can: no job is lost, doubled or stuck. Real supervisor, cluster and kills."""

import os
import signal
import time

from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from jobs.events import JobEvent
from jobs.models import State, WorkerBeat
from tests.faults.base import OUTPUT, FaultCase, alive
from tests.jobs.chores.models import Chore


class FaultTests(FaultCase):
    def test_it_works(self):
        self.add(20, seconds=0.05)
        self.wait_until_final(20)
        self.assert_each_done_once()
        assert len(self.lines("start")) == 20
        assert WorkerBeat.objects.alive().get().workers == 2

    def test_kill_busy(self):
        self.add(seconds=2)
        self.wait_until_running()
        [(_, pid)] = self.lines("start")
        self.kill(pid)
        self.wait_until_final(12)
        self.assert_each_done_once()
        assert Chore.objects.get().attempt == 2
        assert len(self.lines("end")) == 1

    def test_fenced(self):
        """A worker that was stopped, replaced, and goes on as if nothing had happened."""
        self.end()
        self.addCleanup(self.end)
        self.start(timeout=60)  # else the queue ends the worker before it can go on
        self.add(seconds=2)
        self.wait_until_running()
        [(_, pid)] = self.lines("start")
        os.kill(pid, signal.SIGSTOP)
        try:
            self.wait_until_final(15)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.wait(lambda: "stopped, " in OUTPUT.read_text(), 5, "the late twin noticed")
        self.assert_each_done_once()
        assert Chore.objects.get().attempt == 2
        assert len(self.lines("end")) == 1

    def test_kill_idle(self):
        self.kill(*self.ready())
        self.add(6)
        self.wait_until_final(30)
        self.assert_each_done_once()

    def test_kill_idle_is_noticed_before_there_is_work(self):
        [first, second] = self.ready()
        before = len(OUTPUT.read_text())
        for _ in range(2):  # so that the supervisor has seen them
            seen = timezone.now()
            self.wait(lambda seen=seen: WorkerBeat.objects.filter(beat_at__gt=seen).exists(), 5, "another look")
        self.kill(first)
        self.wait(lambda: len(new := self.ready()) == 2 and second not in new, 12, "two new workers")
        said = OUTPUT.read_text()[before:]
        assert "a worker was killed while it waited for work" in said
        assert "nobody took any" not in said

    def test_kill_sentinel(self):
        self.add(3, seconds=0.8)
        self.wait_until_running()
        before = self.tree()
        self.kill(self.sentinel())
        self.wait_until_final(25)
        self.assert_each_done_once()
        assert not alive(before), "orphans"

    def test_kill_supervisor(self):
        self.add(3, seconds=0.8)
        self.wait_until_running()
        before = self.tree()
        self.supervisor.kill()
        self.wait(lambda: not alive(before), 3, "children die with it")
        assert len(before) >= 6
        self.start()
        self.wait_until_final(25)
        self.assert_each_done_once()

    def test_sigterm(self):
        self.add(6, seconds=0.8)
        self.wait_until_running(2)
        before = self.tree()
        asked = time.monotonic()
        self.supervisor.terminate()
        assert self.supervisor.wait(10) == 0
        assert time.monotonic() - asked < 5
        assert not alive(before)
        assert not Chore.objects.running().exists()
        assert Chore.objects.waiting().count() + Chore.objects.final().count() == 6
        assert not WorkerBeat.objects.exists()
        self.start()
        self.wait_until_final(30)
        self.assert_each_done_once()
        assert set(Chore.objects.values_list("attempt", flat=True)) == {1}, "being stopped costs no attempt"

    def test_fairness(self):
        """Whose one job comes after many of another waits for two starts of each worker at most."""
        many = self.add(60, seconds=0.05)
        self.wait_until_running(4)
        bob = User.objects.create_user("bob")
        one = Chore.objects.create(owner=bob, seconds=0.05)
        one.hint()
        self.wait_until_final(40)
        self.assert_each_done_once()
        came, begun = JobEvent.objects.of(one).values_list("pk", flat=True)[:2]
        assert JobEvent.objects.filter(pk__gt=came, pk__lt=begun, after=State.RUNNING).count() <= 4
        assert len(self.lines("start")) == len(many) + 1

    def test_lost_hints(self):
        self.add(5)
        self.add(5, hinted=False)
        OrmQ.objects.all().delete()
        self.wait_until_final(12)
        self.assert_each_done_once()

    def test_duplicate_hints_and_junk(self):
        [chore] = self.add(seconds=0.2)
        for _ in range(50):
            chore.hint()
        OrmQ.objects.create(key="voiceproject-cpu", payload="junk", lock=timezone.now())
        self.add(2)
        self.wait_until_final(20)
        self.wait(lambda: not OrmQ.objects.exists(), 20, "queue drained")
        self.assert_each_done_once()
        assert len(self.lines("start")) == 3

    def test_poison_and_hang_and_oom_hurt_nobody_else(self):
        bad = {kind: self.add(kind=kind)[0] for kind in ("poison", "hang", "memory", "bug")}
        good = self.add(6, seconds=0.1)
        self.wait_until_final(40)
        assert {row.state for row in Chore.objects.filter(pk__in=[chore.pk for chore in good])} == {State.DONE}
        ended = {kind: Chore.objects.get(pk=chore.pk) for kind, chore in bad.items()}
        assert {kind: (chore.error_code, chore.attempt) for kind, chore in ended.items()} == {
            "poison": ("job_crashed", 2),
            "hang": ("job_timed_out", 2),
            "memory": ("out_of_memory", 1),
            "bug": ("job_crashed", 1),
        }

    def test_cancel_stops_a_running_job(self):
        [chore] = self.add(seconds=1.9)
        self.wait_until_running()
        assert chore.cancel()
        time.sleep(2.5)
        assert self.lines("end") == []
        assert Chore.objects.get().state == State.CANCELLED
        [(_, pid)] = self.lines("start")
        assert os.kill(pid, 0) is None, "the worker lives on"
        self.add()
        self.wait_until_final(5)
