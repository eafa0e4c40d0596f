"""The state machine: who moves a job, and who finds it moved."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db.models.functions import Now
from django.test import TestCase, override_settings

from jobs.models import LeaseLost, State, WorkerBeat
from rvc.errors import Cancelled
from tests.jobs.chores.models import Chore

LONG_AGO = timedelta(hours=1)


class JobCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def setUp(self):
        self.chore = Chore.objects.create(owner=self.alice)

    def claim(self):
        return Chore.objects.claim(self.chore.pk)

    def row(self):
        return Chore.objects.get(pk=self.chore.pk)

    def change(self, **changes):
        Chore.objects.filter(pk=self.chore.pk).update(**changes)


class ClaimTests(JobCase):
    def test_it_works(self):
        job = self.claim()
        assert job.state == State.RUNNING
        assert job.attempt == 1
        assert len(job.token) == 32
        assert job.lease_until > job.started_at

    def test_the_second_claim_gets_nothing(self):
        assert self.claim() is not None
        assert self.claim() is None
        assert self.row().attempt == 1

    def test_it_refuses_every_other_state(self):
        for state in set(State) - {State.QUEUED}:
            with self.subTest(state=state):
                self.change(state=state)
                assert self.claim() is None

    def test_it_waits_for_not_before(self):
        self.change(not_before=Now() + timedelta(hours=1))
        assert self.claim() is None
        self.change(not_before=Now() - timedelta(seconds=1))
        assert self.claim() is not None

    def test_an_unknown_id_gets_nothing(self):
        assert Chore.objects.claim(uuid.uuid4()) is None


class HolderTests(JobCase):
    def test_finish_publishes_the_result(self):
        job = self.claim()
        assert job.finish(result="file")
        assert (job.state, job.result, job.progress) == (State.DONE, "file", 1.0)
        assert job.finished_at is not None
        assert job.is_final

    def test_fail_and_reject_keep_code_and_sentence(self):
        for verb, state in (("fail", State.FAILED), ("reject", State.REJECTED)):
            with self.subTest(verb=verb):
                self.change(state=State.QUEUED)
                job = self.claim()
                assert getattr(job, verb)("some_code", "s" * 600)
                assert (job.state, job.error_code, len(job.error_message)) == (state, "some_code", 500)

    def test_a_replaced_worker_publishes_nothing(self):
        late = self.claim()
        self.change(lease_until=Now() - LONG_AGO)
        Chore.objects.expired().take_back()
        current = self.claim()
        assert not late.finish(result="late")
        assert not late.fail("job_crashed", "late")
        with pytest.raises(LeaseLost):
            late.beat(stage="work", progress=0.5)
        assert current.finish(result="current")
        assert self.row().result == "current"

    def test_beat_renews_the_lease_and_says_how_far(self):
        job = self.claim()
        self.change(lease_until=Now() - LONG_AGO)
        job.beat(stage="f0", progress=0.25)
        row = self.row()
        assert (row.stage, row.progress) == ("f0", 0.25)
        assert not Chore.objects.expired().exists()

    def test_beat_of_a_deleted_job_loses_the_lease(self):
        job = self.claim()
        self.chore.delete()
        with pytest.raises(LeaseLost):
            job.beat(stage="", progress=0)


class CancelTests(JobCase):
    def test_it_stops_a_waiting_job_at_once(self):
        assert self.chore.cancel()
        assert self.chore.state == State.CANCELLED
        assert self.claim() is None

    def test_a_running_job_hears_of_it_at_its_next_beat(self):
        job = self.claim()
        assert self.row().cancel()
        with pytest.raises(Cancelled):
            job.beat(stage="", progress=0)
        assert not job.finish(result="late")
        assert self.row().state == State.CANCELLED

    def test_an_ended_job_stays_as_it_is(self):
        self.claim().finish()
        assert not self.chore.cancel()
        assert self.chore.state == State.DONE


class TakeBackTests(JobCase):
    def test_a_lease_that_is_over_gives_another_attempt(self):
        self.claim()
        assert Chore.objects.expired().take_back() == []
        self.change(lease_until=Now() - timedelta(seconds=1))
        [job] = Chore.objects.expired().take_back()
        assert (job.state, job.attempt, job.token, job.hinted_at) == (State.QUEUED, 1, "", None)

    @override_settings(JOB_MAX_ATTEMPTS=1)
    def test_the_last_attempt_fails_with_a_reference(self):
        self.claim()
        self.change(lease_until=Now() - timedelta(seconds=1))
        [job] = Chore.objects.expired().take_back()
        assert (job.state, job.error_code) == (State.FAILED, "job_crashed")
        assert job.pk.hex[:8] in job.error_message
        assert job.finished_at is not None

    @override_settings(JOB_MAX_ATTEMPTS=1)
    def test_a_job_over_its_time_is_told_so(self):
        self.claim()
        self.change(started_at=Now() - timedelta(hours=2), lease_until=Now() - LONG_AGO)
        [job] = Chore.objects.expired().take_back()
        assert (job.state, job.error_code) == (State.FAILED, "job_timed_out")

    @override_settings(JOB_MAX_ATTEMPTS=1)
    def test_a_worker_that_was_stopped_on_purpose_costs_no_attempt(self):
        self.claim()
        [job] = Chore.objects.running().take_back(counted=False)
        assert (job.state, job.attempt) == (State.QUEUED, 0)

    def test_a_lease_from_before_the_clock_was_set_back_is_over(self):
        self.claim()
        self.change(lease_until=Now() + LONG_AGO)
        assert Chore.objects.expired().count() == 1

    def test_a_beat_in_between_keeps_the_job(self):
        job = self.claim()
        self.change(lease_until=Now() - timedelta(seconds=1))
        expired = Chore.objects.expired()
        job.beat(stage="", progress=0)
        assert expired.take_back() == []
        assert job.finish()

    def test_it_finds_the_jobs_of_one_supervisor(self):
        self.claim()
        self.change(worker="aaa:17")
        assert Chore.objects.held_by("aaa").count() == 1
        assert Chore.objects.held_by("bbb").count() == 0


class AskingTests(JobCase):
    def test_people_see_their_own(self):
        bob = User.objects.create_user("bob")
        assert Chore.objects.visible_to(self.alice).count() == 1
        assert Chore.objects.visible_to(bob).count() == 0
        assert Chore.objects.visible_to(AnonymousUser()).count() == 0

    def test_position_counts_those_before(self):
        second = Chore.objects.create(owner=self.alice)
        self.change(created_at=Now() - LONG_AGO)
        assert (self.row().position, second.position) == (1, 2)
        self.claim()
        assert (self.row().position, second.position) == (None, 1)

    def test_unhinted_are_those_the_queue_has_not_heard_of_lately(self):
        for hinted_at, expected in ((None, 1), (Now(), 0), (Now() - LONG_AGO, 1), (Now() + LONG_AGO, 1)):
            with self.subTest(hinted_at=hinted_at):
                self.change(hinted_at=hinted_at)
                assert Chore.objects.unhinted().count() == expected

    def test_hint_sends_the_queue_and_nothing_else(self):
        from django_q.models import OrmQ

        self.chore.hint()
        task = OrmQ.objects.get().task
        assert (task["func"], task["args"]) == ("jobs.tasks.serve", ("cpu",))
        assert self.row().hinted_at is not None

    def test_a_supervisor_is_alive_while_it_beats(self):
        beat = WorkerBeat.objects.create(host="here", pid=1, workers=1)
        assert WorkerBeat.objects.alive().exists()
        WorkerBeat.objects.filter(pk=beat.pk).update(beat_at=Now() - LONG_AGO)
        assert not WorkerBeat.objects.alive().exists()
