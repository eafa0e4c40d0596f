"""What one person may have: each share with its answer, exact however many ask at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from conversions.models import Conversion
from jobs import quotas
from jobs.models import State
from jobs.quotas import SoundOfDay, usage
from rvc.codec import RecordingFacts
from rvc.errors import RVCError
from tests import base
from tests.jobs.chores.models import Chore
from voiceproject.errors import SlowDown

CONVERSIONS = "/api/conversions/"


def wish(voice):
    return {"voice": str(voice.pk), "recording": base.upload(base.tone(), "tone.wav")}


@pytest.mark.django_db
class TestAnswers:
    def post(self, api, alice, voice):
        return api(alice).post(CONVERSIONS, wish(voice))

    def test_it_works(self, settings, api, alice, voice):
        settings.PERSON_MINUTES_A_DAY, settings.PERSON_STORAGE_MB = 1, 500
        assert self.post(api, alice, voice).status_code == 202
        said = api(alice).get("/api/usage/").json()
        size = Conversion.objects.get().source.size + voice.size_bytes
        assert said == {
            "jobs": 1, "jobs_limit": 200, "minutes": pytest.approx(1 / 60), "minutes_limit": 1,
            "bytes": size, "bytes_limit": 500 << 20,
        }  # fmt: skip

    def test_too_many_jobs(self, settings, api, alice, bob, voice, make_voice):
        settings.PERSON_JOBS = 2
        for _ in range(2):
            assert self.post(api, alice, voice).status_code == 202
        refused = self.post(api, alice, voice)
        assert (refused.status_code, refused["Retry-After"]) == (429, "30")
        assert refused.json()["error"]["code"] == "slow_down"
        assert "2 conversions of yours wait or run" in refused.json()["error"]["message"]
        assert self.post(api, bob, make_voice(bob)).status_code == 202, "another's share is another's"
        Conversion.objects.filter(owner=alice).first().cancel()
        assert self.post(api, alice, voice).status_code == 202

    def test_trying_again_is_one_more_job(self, settings, api, alice, voice):
        settings.PERSON_JOBS = 1
        first = self.post(api, alice, voice).json()["id"]
        Conversion.objects.get().cancel()
        self.post(api, alice, voice)
        assert api(alice).post(f"{CONVERSIONS}{first}/retry/").status_code == 429
        Conversion.objects.active().get().cancel()
        assert api(alice).post(f"{CONVERSIONS}{first}/retry/").status_code == 200

    def test_too_many_minutes(self, settings, api, alice, voice):
        settings.PERSON_MINUTES_A_DAY = 1
        SoundOfDay.objects.create(owner=alice, day=timezone.localdate(), seconds=59.5)
        refused = self.post(api, alice, voice)
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 24 * 3600
        assert "of the 1 minutes" in refused.json()["error"]["message"]
        SoundOfDay.objects.update(day=timezone.localdate() - timedelta(days=1))
        assert self.post(api, alice, voice).status_code == 202, "the next day"

    def test_minutes_outlive_what_is_deleted(self, settings, api, alice, voice):
        self.post(api, alice, voice)
        Conversion.objects.get().delete()
        assert usage(alice).minutes == pytest.approx(1 / 60)

    def test_a_length_that_nobody_knew_counts_once_it_was_read(self, alice, voice):
        unknown = RecordingFacts(48_000, 1, None, "opus")
        source = base.upload(base.tone(), "tone.webm")
        conversion = Conversion.objects.submit(alice, voice, source, voice.options(), unknown)
        assert usage(alice).minutes == 0
        for _ in range(2):
            Conversion.objects.get(pk=conversion.pk).note_length(30.0)
        assert usage(alice).minutes == 0.5
        assert Conversion.objects.get().source_seconds == 30.0

    def test_too_much_kept(self, settings, api, alice, voice):
        settings.PERSON_STORAGE_MB = 1
        voice.size_bytes = (1 << 20) - 100
        voice.save()
        refused = self.post(api, alice, voice)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "quota_exceeded")
        assert "of the 1.0" in refused.json()["error"]["message"]
        assert not Conversion.objects.exists()
        assert usage(alice).minutes == 0, "what is refused does not count"

    def test_no_limit_is_none(self, settings, api, alice, voice):
        settings.PERSON_JOBS = 0
        for _ in range(3):
            assert self.post(api, alice, voice).status_code == 202
        assert quotas.said(alice) == []

    def test_a_voice_counts(self, settings, alice, make_voice, voice):
        settings.PERSON_STORAGE_MB = 1
        voice.size_bytes = 1 << 20
        voice.save()
        with pytest.raises(RVCError) as refused:
            make_voice(alice)
        assert refused.value.code == "quota_exceeded"
        make_voice(None)

    def test_the_page_says_it_and_keeps_what_was_chosen(self, settings, client, alice, voice):
        settings.PERSON_JOBS = 1
        client.force_login(alice)
        assert client.post("/", wish(voice)).status_code == 302
        shown = client.get("/").content.decode()
        assert "1 of 1 conversions waiting or running" in shown
        for headers in ({}, {"X-Requested-With": "XMLHttpRequest"}):
            refused = client.post("/", wish(voice), headers=headers)
            assert (refused.status_code, refused["Retry-After"]) == (429, "30")
            assert "conversions of yours wait or run already" in refused.content.decode()

    def test_a_result_counts_too(self, alice, voice):
        conversion = Conversion.objects.submit(alice, voice, base.upload(base.tone(), "tone.wav"), voice.options())
        job = Conversion.objects.claim(conversion.pk)
        job.finish(stored_bytes=5_000_000)
        assert usage(alice).bytes == 5_000_000 + voice.size_bytes
        assert job.state == State.DONE


class AtOnceTests(TransactionTestCase):
    """Eight threads with a connection each, on whatever database the tests run."""

    def setUp(self):
        self.alice = User.objects.create_user("alice")

    def many_at_once(self, count=24):
        start = threading.Barrier(8)

        def ask(number):
            if number < 8:
                start.wait(10)
            try:
                with transaction.atomic():
                    quotas.admit_sound(self.alice, 10.0, 0)
                    Chore.objects.create(owner=self.alice, seconds=10.0)
            except SlowDown:
                return False
            else:
                return True
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            return sum(threads.map(ask, range(count)))

    @override_settings(PERSON_JOBS=5)
    def test_no_job_too_many_and_none_too_few(self):
        assert self.many_at_once() == 5
        assert Chore.objects.count() == 5

    @override_settings(PERSON_JOBS=0, PERSON_MINUTES_A_DAY=1)
    def test_no_minute_too_many_and_none_too_few(self):
        assert self.many_at_once() == 6
        assert usage(self.alice).minutes == 1.0
