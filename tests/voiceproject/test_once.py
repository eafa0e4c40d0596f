"""A request that is sent again makes nothing twice, whoever else sends it, and whenever."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from conversions import preferring
from conversions.models import Conversion
from jobs.models import State
from models_app.models import VoiceModel
from tests import base
from voiceproject.models import KEPT, LOST, KeptAnswer
from voiceproject.seats import seats

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
CONVERSIONS = "/api/conversions/"


@pytest.fixture
def send(api, alice, voice):
    def send(key="one-of-mine", user=alice, path=CONVERSIONS, sound=0.2, **wish):
        body = {"voice": str(voice.pk), "recording": base.upload(base.tone(sound))} | wish
        return api(user).post(path, body, headers={"Idempotency-Key": key})

    return send


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_the_second_gets_the_answer_of_the_first(send):
    first = send(pitch_shift=2)
    second = send(pitch_shift=2)
    assert (first.status_code, second.status_code) == (202, 202)
    assert (first.json(), first["Location"]) == (second.json(), second["Location"])
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Conversion.objects.count() == 1


@pytest.mark.parametrize("other", [{"pitch_shift": 3}, {"sound": 0.3}])
def test_a_key_is_for_one_request(send, other):
    send(pitch_shift=2)
    answer = send(**{"pitch_shift": 2} | other)
    assert error_of(answer) == (409, "key_reused")
    assert Conversion.objects.count() == 1


def test_the_same_key_at_another_address_is_another_request(send):
    first = send()
    assert error_of(send(path=f"{first['Location']}again/")) == (409, "key_reused")


def test_keys_of_other_people_and_other_keys_are_others(send, voice, bob):
    VoiceModel.objects.update(visibility="everyone")
    places = {send()["Location"], send("another-one")["Location"], send(user=bob)["Location"]}
    assert len(places) == Conversion.objects.count() == 3


def test_what_was_refused_may_be_mended_under_its_key(send):
    assert error_of(send(pitch_shift="high")) == (400, "bad_request")
    assert send().status_code == 202
    assert not KeptAnswer.objects.filter(status=None).exists()


@pytest.mark.parametrize("key", ["", "ö", "a b", "x" * 201])
def test_a_key_that_is_none_is_refused(send, key):
    answer = send(key)
    assert error_of(answer) == (400, "bad_request")
    assert answer.json()["error"]["field"] == "Idempotency-Key"


def test_while_the_first_is_at_work_the_second_is_told_to_come_back(send, alice):
    send("other")
    fingerprint = KeptAnswer.objects.get().fingerprint
    held = KeptAnswer.objects.create(owner=alice, key="one-of-mine", fingerprint=fingerprint)
    answer = send()
    assert (*error_of(answer), answer["Retry-After"]) == (409, "busy", "2")
    KeptAnswer.objects.filter(pk=held.pk).update(created_at=timezone.now() - LOST - timedelta(seconds=1))
    assert send().status_code == 202, "whoever began it is not there any more"
    assert send()["Idempotent-Replayed"] == "true"


def test_answers_are_kept_for_a_day(send):
    send()
    KeptAnswer.objects.update(created_at=timezone.now() - KEPT - timedelta(seconds=1))
    assert "Idempotent-Replayed" not in send()
    assert (Conversion.objects.count(), KeptAnswer.objects.count()) == (2, 1)


def test_other_creating_calls_have_it_too(api, alice, voice, send):
    body = {"first": str(voice.pk)}
    assert error_of(send(path="/api/voices/blend/", **body))[0] in (400, 422)
    for path, wish in (
        ("/api/batches/", {"voice": str(voice.pk)}),
        ("/api/speeches/", {"voice": "tiny", "text": "Hi."}),
    ):
        answers = [api(alice).post(path, wish, headers={"Idempotency-Key": path[5:12]}) for _ in range(2)]
        assert {answer.status_code for answer in answers} <= {201, 202}, answers[0].content
        assert answers[0].json() == answers[1].json()


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_has_the_work(send):
    answers = []

    def ask():
        answers.append(send())
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert sum("Idempotent-Replayed" not in answer for answer in answers if answer.status_code == 202) == 1
    assert Conversion.objects.count() == 1


def done(conversion):
    job = Conversion.objects.claim(conversion.pk)
    job.result.save("result", base.upload(base.tone(0.2)), save=False)
    job.finish(result=job.result.name)


def test_sound_that_was_waited_for_comes_once_more(api, alice, voice, monkeypatch):
    """The worker is quicker than the first look of whoever waits."""

    def awaited(conversion, seconds):
        if conversion.state == State.QUEUED:
            done(conversion)
        conversion.refresh_from_db()
        return conversion

    monkeypatch.setattr(preferring, "awaited", awaited)
    answers = []
    for _ in range(2):
        body = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.2))}
        headers = {"Idempotency-Key": "one", "Prefer": "wait=5", "Accept": "audio/*"}
        answers.append(api(alice).post(CONVERSIONS, body, headers=headers))
    sounds = [b"".join(answer) for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0]["Content-Type"] == "audio/wav"
    assert answers[0]["Location"] == answers[1]["Location"]
    assert sounds[0] == sounds[1]
    assert sounds[0].startswith(b"RIFF")
    assert Conversion.objects.count() == 1


class TestWaiting:
    def test_nobody_waits_longer_than_they_like(self, send, api, alice, voice):
        body = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.2))}
        answer = api(alice).post(CONVERSIONS, body, headers={"Prefer": "wait=1"})
        assert answer.status_code == 202
        assert answer["Location"].endswith(f"{answer.json()['id']}/")

    def test_too_many_do_not_wait(self, api, alice, voice, monkeypatch):
        waited = []
        monkeypatch.setattr(preferring, "awaited", lambda conversion, seconds: waited.append(seconds) or conversion)
        held = [seats().take(n) for n in range(seats().count)]
        try:
            body = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.2))}
            assert all(held)
            assert api(alice).post(CONVERSIONS, body, headers={"Prefer": "wait=30"}).status_code == 202
        finally:
            for n in range(len(held)):
                seats().leave(n)
        assert waited == [0]


class TestPolling:
    def test_what_stays_is_not_sent_again(self, send, api, alice):
        place = send()["Location"]
        first = api(alice).get(place)
        again = api(alice).get(place, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        Conversion.objects.get().cancel()
        changed = api(alice).get(place, headers={"If-None-Match": first["ETag"]})
        assert (changed.status_code, changed.json()["state"]) == (200, "cancelled")
        assert changed["ETag"] != first["ETag"]

    def test_pages_have_none(self, client, alice):
        client.force_login(alice)
        assert "ETag" not in client.get("/conversions/")
