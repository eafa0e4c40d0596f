"""The border between a job and its work: every way to end, and what the row says after it."""

import threading
import time
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.test import TestCase, TransactionTestCase, override_settings
from django.utils import timezone
from django_q.exceptions import TimeoutException

from jobs.models import State
from jobs.tasks import perform
from tests.jobs.chores import tasks
from tests.jobs.chores.models import FOLDER, Chore

QUICK = override_settings(JOB_BEAT_SECONDS=0.05)


class ChoreCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def run_chore(self, **fields):
        chore = Chore.objects.create(owner=self.alice, **fields)
        tasks.run(str(chore.pk))
        chore.refresh_from_db()
        return chore


class PerformTests(ChoreCase):
    def test_it_works(self):
        chore = self.run_chore()
        assert (chore.state, chore.progress, chore.attempt) == (State.DONE, 1.0, 1)
        assert (FOLDER / chore.result).read_text() == "done"

    def test_an_unknown_or_ended_job_is_left_alone(self):
        chore = self.run_chore()
        tasks.run(str(chore.pk))
        tasks.run("00000000-0000-0000-0000-000000000000")
        chore.refresh_from_db()
        assert chore.attempt == 1

    def test_unusable_content_is_rejected(self):
        chore = self.run_chore(kind="content")
        assert (chore.state, chore.error_code) == (State.REJECTED, "not_audio")
        assert chore.error_message == "This is not a recording."

    def test_what_the_service_lacks_is_a_failure(self):
        chore = self.run_chore(kind="asset")
        assert (chore.state, chore.error_code) == (State.FAILED, "needs_asset")

    def test_a_bug_is_logged_under_a_reference_and_tells_nothing_else(self):
        with self.assertLogs("jobs.tasks", "ERROR") as logs:
            chore = self.run_chore(kind="bug")
        assert (chore.state, chore.error_code) == (State.FAILED, "job_crashed")
        assert "secret" not in chore.error_message
        reference = chore.error_message.rstrip(".").split()[-1]
        assert reference in logs.output[0]
        assert "a secret detail" in logs.output[0]

    def test_out_of_memory_is_said_and_ends_the_worker(self):
        chore = Chore.objects.create(owner=self.alice, kind="memory")
        with self.assertLogs("jobs.tasks", "ERROR"), pytest.raises(SystemExit):
            tasks.run(str(chore.pk))
        chore.refresh_from_db()
        assert (chore.state, chore.error_code) == (State.FAILED, "out_of_memory")

    def test_the_timeout_of_the_queue_is_said_and_passed_on(self):
        chore = Chore.objects.create(owner=self.alice, kind="timeout")
        with self.assertLogs("jobs.tasks", "ERROR"), pytest.raises(TimeoutException):
            tasks.run(str(chore.pk))
        chore.refresh_from_db()
        assert (chore.state, chore.error_code) == (State.FAILED, "job_timed_out")

    def test_progress_never_goes_back(self):
        seen = []

        def work(job, progress):
            for fraction in (0.2, 0.1, 0.7, 3.0):
                progress("work", fraction)
                seen.append(Chore.objects.get(pk=job.pk).progress)
            return {}

        perform(Chore, str(Chore.objects.create(owner=self.alice).pk), work)
        assert seen == [0.2, 0.2, 0.7, 1.0]

    def test_a_cancelled_job_stops_at_its_next_progress(self):
        def work(job, progress):
            Chore.objects.get(pk=job.pk).cancel()
            progress("work", 0.5)
            pytest.fail("went on")

        chore = Chore.objects.create(owner=self.alice)
        perform(Chore, str(chore.pk), work)
        chore.refresh_from_db()
        assert chore.state == State.CANCELLED

    def test_a_result_that_comes_too_late_is_dropped(self):
        def work(job, progress):
            Chore.objects.get(pk=job.pk).cancel()
            return tasks.work(job, lambda stage, fraction: None)

        chore = Chore.objects.create(owner=self.alice)
        perform(Chore, str(chore.pk), work)
        chore.refresh_from_db()
        assert (chore.state, chore.result) == (State.CANCELLED, "")
        assert not list(FOLDER.glob(f"{chore.pk.hex}.*"))

    def test_a_result_that_cannot_be_published_is_dropped(self):
        chore = Chore.objects.create(owner=self.alice)
        with mock.patch.object(Chore, "finish", side_effect=OperationalError), pytest.raises(OperationalError):
            tasks.run(str(chore.pk))
        chore.refresh_from_db()
        assert chore.state == State.RUNNING
        assert not list(FOLDER.glob(f"{chore.pk.hex}.*"))

    def test_a_result_that_is_published_outlives_a_lost_answer(self):
        """The row was written, and the connection broke before anybody heard of it."""
        chore = Chore.objects.create(owner=self.alice)
        with mock.patch.object(Chore, "refresh_from_db", side_effect=InterfaceError), pytest.raises(InterfaceError):
            tasks.run(str(chore.pk))
        chore.refresh_from_db()
        assert chore.state == State.DONE
        assert (FOLDER / chore.result).exists()


class HeartTests(TransactionTestCase):
    """With real transactions the heart beats in a thread of its own."""

    def setUp(self):
        self.chore = Chore.objects.create(owner=User.objects.create_user("alice"))

    @QUICK
    def test_it_writes_progress_without_a_query_in_the_work(self):
        seen = threading.Event()

        def work(job, progress):
            with self.assertNumQueries(0):
                progress("f0", 0.5)
            for _ in range(200):
                time.sleep(0.02)
                row = Chore.objects.get(pk=job.pk)
                if (row.stage, row.progress) == ("f0", 0.5):
                    seen.set()
                    break
            return {}

        perform(Chore, str(self.chore.pk), work)
        assert seen.is_set()

    @QUICK
    def test_the_work_hears_of_a_cancel(self):
        def work(job, progress):
            Chore.objects.get(pk=job.pk).cancel()
            for _ in range(200):
                time.sleep(0.02)
                progress("work", 0.1)
            pytest.fail("went on")

        perform(Chore, str(self.chore.pk), work)
        self.chore.refresh_from_db()
        assert self.chore.state == State.CANCELLED

    @QUICK
    def test_a_replaced_worker_stops(self):
        def work(job, progress):
            Chore.objects.filter(pk=job.pk).update(token="another")
            for _ in range(200):
                time.sleep(0.02)
                progress("work", 0.1)
            pytest.fail("went on")

        perform(Chore, str(self.chore.pk), work)
        self.chore.refresh_from_db()
        assert (self.chore.state, self.chore.token) == (State.RUNNING, "another")

    @QUICK
    def test_it_beats_on_after_a_lost_connection(self):
        beat, failed, again = Chore.beat, threading.Event(), threading.Event()

        def broken_once(job, **values):
            if not failed.is_set():
                failed.set()
                raise InterfaceError
            beat(job, **values)
            again.set()

        with mock.patch.object(Chore, "beat", broken_once):
            perform(Chore, str(self.chore.pk), lambda job, progress: {} if again.wait(5) else pytest.fail("no beat"))
        self.chore.refresh_from_db()
        assert self.chore.state == State.DONE

    @QUICK
    def test_the_work_does_not_go_on_without_it(self):
        def work(job, progress):
            for _ in range(200):
                time.sleep(0.02)
                progress("work", 0.1)
            pytest.fail("went on")

        with mock.patch.object(Chore, "beat", side_effect=ZeroDivisionError), self.assertLogs("jobs.tasks", "ERROR"):
            perform(Chore, str(self.chore.pk), work)
        self.chore.refresh_from_db()
        assert self.chore.state == State.RUNNING, "until its lease is over"

    def test_it_leaves_no_thread(self):
        perform(Chore, str(self.chore.pk), lambda job, progress: {})
        assert "heart" not in [thread.name for thread in threading.enumerate()]


class ManyWorkersTests(TransactionTestCase):
    def test_of_many_claims_at_once_one_wins(self):
        chores = [Chore.objects.create(owner=User.objects.create_user(f"u{n}")) for n in range(5)]
        start, won = threading.Barrier(8), []

        def claim():
            from django.db import connection

            start.wait()
            won.extend(chore.pk for chore in chores if Chore.objects.claim(chore.pk))
            connection.close()

        threads = [threading.Thread(target=claim) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == sorted(chore.pk for chore in chores)
        assert set(Chore.objects.values_list("attempt", flat=True)) == {1}


class PuttingOffTests(ChoreCase):
    """Storage that is away is waited for, and not for ever."""

    def test_a_job_waits_while_the_storage_does_not_answer(self):
        chore = self.run_chore(kind="away")
        assert (chore.state, chore.attempt, chore.error_code) == (State.QUEUED, 0, "")
        assert not Chore.objects.due().exists()
        Chore.objects.update(kind="ok", not_before=None)
        tasks.run(str(chore.pk))
        assert Chore.objects.get().state == State.DONE

    def test_each_wait_is_longer_and_the_last_one_says_why(self):
        chore, waits = self.run_chore(kind="away"), []
        while chore.state == State.QUEUED:
            waits.append(round((chore.not_before - timezone.now()).total_seconds()))
            Chore.objects.update(not_before=None)
            tasks.run(str(chore.pk))
            chore.refresh_from_db()
        assert (chore.state, chore.error_code) == (State.FAILED, "storage_unreachable")
        assert waits[:4] == [5, 10, 20, 40]
        assert len(waits) == 12
        assert 3000 < sum(waits) < 4000

    def test_somebody_who_tries_again_has_all_the_patience_again(self):
        chore = self.run_chore(kind="away")
        Chore.objects.update(state=State.FAILED, not_before=None)
        chore.refresh_from_db()
        chore.retry()
        tasks.run(str(chore.pk))
        chore.refresh_from_db()
        assert round((chore.not_before - timezone.now()).total_seconds()) == 5
