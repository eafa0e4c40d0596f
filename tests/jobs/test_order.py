"""Who comes next, and what people are told about it."""

import itertools
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import TestCase
from django.utils import timezone
from django_q.models import OrmQ

from jobs.estimates import Forecast, Outlook, foresee
from jobs.models import JobEvent, State, WorkerBeat
from jobs.order import Line, Turn
from jobs.tasks import serve
from tests.jobs.chores.models import LOG, Chore

START = timezone.now() - timedelta(hours=2)


class OrderTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.bob, cls.carol = (User.objects.create_user(name) for name in ("alice", "bob", "carol"))

    def add(self, owner, count=1, *, minute=0, **fields):
        """`count` jobs that came in the same minute after the start."""
        came = START + timedelta(minutes=minute)
        return [
            Chore.objects.create(owner=owner, created_at=came + timedelta(milliseconds=n), **fields)
            for n in range(count)
        ]

    def start(self, queue="cpu"):
        job = Line(queue).next()
        return job and Chore.objects.claim(job.pk)

    def started(self, count):
        return [self.start() for _ in range(count)]

    def test_it_works(self):
        jobs = self.add(self.alice, 3)
        assert self.started(4) == [*jobs, None]

    def test_a_thousand_jobs_of_one_delay_anothers_first_by_one(self):
        self.add(self.alice, 1)
        Chore.objects.bulk_create(Chore(owner=self.alice, created_at=START, turn_at=START) for _ in range(1000))
        self.started(3)
        [first, second] = self.add(self.bob, 2, minute=119)
        assert [job.owner for job in self.started(4)].count(self.bob) == 2
        assert Chore.objects.get(pk=first.pk).state == Chore.objects.get(pk=second.pk).state == State.RUNNING

    def test_people_take_turns(self):
        for number, person in enumerate((self.alice, self.bob, self.carol)):
            self.add(person, 3, minute=number)
        owners = [job.owner.username for job in self.started(9)]
        assert owners == ["alice", "bob", "carol"] * 3

    def test_a_turn_counts_when_its_job_is_deleted_at_once(self):
        self.add(self.alice, 5)
        self.add(self.bob, minute=60)
        self.start().delete()
        assert self.start().owner == self.bob

    def test_nobody_waits_for_ever(self):
        """Every minute somebody new comes; who has waited longest is next all the same."""
        [first, last] = self.add(self.alice, 2)
        newcomers = (User.objects.create_user(f"new{number}") for number in itertools.count())
        assert self.start() == first
        for minute in range(1, 4):
            self.add(next(newcomers), minute=200 + minute)
        assert self.start() == last

    def test_what_is_short_overtakes_what_is_long(self):
        [long] = self.add(self.alice, seconds=200)
        [short] = self.add(self.alice, seconds=3, minute=1)
        [later] = self.add(self.alice, seconds=3, minute=10)
        assert self.started(3) == [short, long, later], "but not for ever"

    def test_the_same_holds_between_people(self):
        [long] = self.add(self.alice, seconds=200)
        [short] = self.add(self.bob, seconds=3, minute=1)
        assert self.started(2) == [short, long]

    def test_queues_have_turns_of_their_own(self):
        self.add(self.alice, 2, queue="import")
        self.start("import")
        [here] = self.add(self.alice, minute=1)
        self.add(self.bob, minute=2)
        assert self.start() == here
        assert Turn.objects.filter(person=self.alice.pk).count() == 2

    def test_what_is_not_due_waits(self):
        [later, now] = self.add(self.alice, 2)
        Chore.objects.filter(pk=later.pk).update(not_before=Now() + timedelta(hours=1))
        assert self.started(2) == [now, None]

    def test_a_hint_does_the_next_job_and_is_of_one_queue(self):
        [second] = self.add(self.alice, minute=1)
        [first] = self.add(self.bob)
        [elsewhere] = self.add(self.bob, queue="import")
        LOG.unlink(missing_ok=True)
        serve("cpu")
        assert Chore.objects.get(pk=first.pk).state == State.DONE
        serve("cpu")
        serve("cpu")
        assert Chore.objects.get(pk=second.pk).state == State.DONE
        assert Chore.objects.get(pk=elsewhere.pk).state == State.QUEUED
        assert not OrmQ.objects.exists()

    def test_whoever_comes_second_takes_the_next(self):
        self.add(self.alice, 30)
        self.add(self.bob, 2, minute=1)
        self.start()
        seen = list(Line("cpu"))
        assert [job.pk for job in seen[:5]] == [job.pk for job in self.started(5)]
        assert len(seen) == 10, "eight of hers, and his two"

    def test_the_position_is_the_order_of_the_starts(self):
        self.add(self.alice, 5)
        self.add(self.bob, 2, minute=1)
        self.add(self.carol, 3, minute=2)
        self.start()
        line = Line("cpu")
        told = {job.pk: line.position(job) for job in Chore.objects.waiting()}
        assert sorted(told.values()) == list(range(1, 10))
        assert [told[job.pk] for job in self.started(9)] == list(range(1, 10))


class EstimateTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def done(self, sound, seconds):
        began = timezone.now() - timedelta(hours=1)
        Chore.objects.create(
            owner=self.alice, state=State.DONE, seconds=sound, started_at=began,
            finished_at=began + timedelta(seconds=seconds),
        )  # fmt: skip

    def waiting(self, sound):
        return Chore.objects.create(owner=self.alice, seconds=sound)

    def serve(self, workers=1):
        WorkerBeat.objects.create(host="here", pid=1, workers=workers)

    def test_it_works(self):
        self.serve()
        self.done(10, 20)
        self.done(30, 60)
        first, second = self.waiting(10), self.waiting(100)
        assert first.outlook == Outlook(1, 20)
        assert second.outlook == Outlook(2, 40 + 200), "the usual job before it, and twice its own length"

    def test_two_workers_take_half_the_time_to_get_there(self):
        self.serve(2)
        self.done(10, 20)
        jobs = [self.waiting(10) for _ in range(3)]
        assert [job.estimate_seconds for job in jobs] == [20, 30, 40]

    def test_nobody_knows_without_a_measurement_or_a_worker(self):
        job = self.waiting(10)
        self.serve()
        assert job.outlook == Outlook(1, None)
        self.done(10, 20)
        WorkerBeat.objects.all().delete()
        assert job.outlook == Outlook(1, None)

    def test_a_running_job_goes_by_its_own_speed_once_it_has_one(self):
        self.done(10, 20)
        job = self.waiting(10)
        Chore.objects.claim(job.pk)
        for progress, expected in ((0.0, 15), (0.5, 5)):
            began = timezone.now() - timedelta(seconds=5)
            Chore.objects.filter(pk=job.pk).update(progress=progress, started_at=began)
            assert Chore.objects.get(pk=job.pk).estimate_seconds == pytest.approx(expected, abs=1)
        job = Chore.objects.get(pk=job.pk)
        assert job.finish()
        assert job.outlook == Outlook(None, None)

    def test_what_runs_counts_for_those_behind_it(self):
        self.serve()
        self.done(10, 20)
        running = self.waiting(10)
        Chore.objects.claim(running.pk)
        assert self.waiting(10).estimate_seconds == pytest.approx(40, abs=1)

    def test_many_are_asked_for_at_once(self):
        self.serve()
        self.done(10, 20)
        for _ in range(5):
            self.waiting(10)
        jobs = list(Chore.objects.waiting())
        with self.assertNumQueries(6):
            foresee(jobs)
        assert [job.outlook for job in jobs] == [Forecast().of(job) for job in jobs]


class EventTests(TestCase):
    def setUp(self):
        self.job = Chore.objects.create(owner=User.objects.create_user("alice"))

    def story(self):
        return [(event.before, event.after, event.reason) for event in JobEvent.objects.of(self.job)]

    def test_it_works(self):
        Chore.objects.claim(self.job.pk).fail("storage_full", "No room.")
        assert Chore.objects.get().retry()
        Chore.objects.claim(self.job.pk).finish()
        assert self.story() == [
            ("", "queued", "accepted"),
            ("queued", "running", ""),
            ("running", "failed", "storage_full"),
            ("failed", "queued", "to be tried again"),
            ("queued", "running", ""),
            ("running", "done", ""),
        ]

    def test_it_says_where_when_and_how_often(self):
        before = timezone.now()
        claimed = Chore.objects.claim(self.job.pk)
        event = JobEvent.objects.of(self.job).last()
        assert (event.worker, event.attempt, event.queue) == (claimed.worker, 1, "cpu")
        assert abs(event.at - before) < timedelta(seconds=5)
        assert str(event) == f"chore {self.job.pk}: queued → running"

    def test_what_is_taken_from_a_dead_worker_says_why(self):
        Chore.objects.claim(self.job.pk)
        Chore.objects.running().take_back("its worker is gone")
        assert self.story()[-1] == ("running", "queued", "its worker is gone")

    def test_a_cancel_names_what_it_stopped(self):
        Chore.objects.claim(self.job.pk)
        assert self.job.cancel()
        assert self.story()[-1] == ("running", "cancelled", "cancelled")

    def test_what_did_not_happen_leaves_no_line(self):
        claimed = Chore.objects.claim(self.job.pk)
        assert Chore.objects.claim(self.job.pk) is None
        assert not claimed.retry()
        claimed.finish()
        count = JobEvent.objects.count()
        assert [claimed.finish(), claimed.fail("x", "y"), claimed.cancel()] == [False] * 3
        assert JobEvent.objects.count() == count

    def test_old_lines_are_forgotten(self):
        old = JobEvent.objects.get()
        JobEvent.objects.filter(pk=old.pk).update(at=Now() - timedelta(days=31))
        Chore.objects.claim(self.job.pk)
        with self.settings(JOB_EVENT_DAYS=0):
            assert JobEvent.objects.forget() == 0
        assert JobEvent.objects.forget() == 1
        assert [event.after for event in JobEvent.objects.of(self.job)] == ["running"]
