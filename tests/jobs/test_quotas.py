"""What counts for the day of a person, and when it counts no longer. What is told to people: tests/conversions."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase, override_settings

from conversions.models import Conversion
from jobs import quotas
from jobs.models import State
from rvc.errors import RVCError
from tests.jobs.chores.models import Chore
from voiceproject.errors import SlowDown


@override_settings(PERSON_MINUTES_A_DAY=1)
class MinuteTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def ask(self, seconds=20.0):
        quotas.admit_sound(self.alice, seconds, 0)
        return Chore.objects.create(owner=self.alice, seconds=seconds)

    def used(self):
        return round(quotas.usage(self.alice).minutes * 60)

    def test_it_works(self):
        self.ask()
        job = Chore.objects.claim(self.ask().pk)
        job.finish(result="file")
        assert self.used() == 40

    def test_what_nobody_began_is_given_back(self):
        job = self.ask()
        assert job.cancel()
        assert self.used() == 0

    def test_what_was_begun_is_not(self):
        job = self.ask()
        Chore.objects.claim(job.pk)
        assert job.cancel()
        assert self.used() == 20
        waits_again = self.ask()
        Chore.objects.claim(waits_again.pk)
        Chore.objects.running().take_back()
        assert waits_again.cancel()
        assert self.used() == 40

    def test_what_failed_here_is_given_back(self):
        Chore.objects.claim(self.ask().pk).fail("job_crashed", "Bad luck.")
        assert self.used() == 0

    @override_settings(JOB_MAX_ATTEMPTS=1)
    def test_so_is_what_lost_its_worker_too_often(self):
        Chore.objects.claim(self.ask().pk)
        [job] = Chore.objects.running().take_back()
        assert (job.state, self.used()) == (State.FAILED, 0)

    def test_what_was_no_recording_is_not(self):
        Chore.objects.claim(self.ask().pk).reject("not_audio", "This is not a recording.")
        assert self.used() == 20

    def test_what_is_tried_again_counts_again(self):
        job = Chore.objects.claim(self.ask().pk)
        job.fail("job_crashed", "Bad luck.")
        assert job.retry()
        assert self.used() == 20
        assert job.cancel()
        assert self.used() == 0

    def test_trying_again_gets_past_no_limit(self):
        job = self.ask(40.0)
        job.cancel()
        self.ask(40.0)
        with pytest.raises(SlowDown, match="come back in"):
            quotas.admit_again(job)

    def test_a_day_never_gets_less_than_nothing(self):
        job = Chore.objects.create(owner=self.alice, seconds=20.0)  # of the time before days were counted
        quotas.count_sound(self.alice, 5.0)
        job.cancel()
        assert self.used() == 0


class StorageTests(TransactionTestCase):
    @override_settings(PERSON_STORAGE_MB=1)
    def test_no_byte_too_many_and_none_too_few_at_once(self):
        alice = User.objects.create_user("alice")
        start = threading.Barrier(8)
        size = 1 << 17

        def bring(number):
            if number < 8:
                start.wait(10)
            try:
                with transaction.atomic():
                    quotas.admit_bytes(alice, size)
                    Conversion.objects.create(owner=alice, voice_name="Tiny", stored_bytes=size)
            except RVCError as error:
                return error.code
            else:
                return "kept"
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(bring, range(24)))
        assert sorted(set(answers)) == ["kept", "quota_exceeded"]
        assert answers.count("kept") == 8
        assert quotas.usage(alice).bytes == 1 << 20
