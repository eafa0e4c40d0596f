"""What becomes of a request that is sent again, and of one by somebody whose voice it is not."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.tokens.models import AccessToken
from clients import sound
from clients.models import Submission
from conversions.models import Conversion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]
ADDRESS = "/v1/audio/speech"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Nobody waits here: there is no worker."""
    cache.clear()
    monkeypatch.setattr(sound, "WAIT_SECONDS", 0)


@pytest.fixture
def ask(client, voice, alice):
    def ask(*, user=alice, headers=(), **changed):
        wish = {"model": "rvc", "voice": str(voice.pk), "input": "Hello.", **changed}
        key = AccessToken.objects.issue(user).key
        headers = {"Authorization": f"Bearer {key}", **dict(headers)}
        return client.post(ADDRESS, wish, content_type="application/json", headers=headers)

    return ask


def fail(conversion):
    assert Conversion.objects.claim(conversion.pk).fail("engine_failed", "It broke.")


def ended(minutes):
    Conversion.objects.update(finished_at=timezone.now() - timedelta(minutes=minutes))


def test_who_has_waited_long_is_told_to_ask_again_and_finds_the_same_job(ask):
    for _ in range(2):
        answer = ask()
        assert (answer.status_code, answer["Retry-After"], answer["x-should-retry"]) == (503, "1", "true")
        assert answer.json()["error"]["type"] == "server_error"
    assert Conversion.objects.count() == 1
    ask(input="Hello!")
    assert Conversion.objects.count() == 2


def test_a_failure_is_told_again_for_a_while_then_it_is_tried_anew(ask):
    ask()
    fail(Conversion.objects.get())
    for _ in range(2):
        answer = ask()
        assert (answer.status_code, answer["x-should-retry"]) == (422, "false")
        assert answer.json()["error"]["code"] == "engine_failed"
    assert Conversion.objects.count() == 1
    ended(minutes=1)
    assert ask().status_code == 503
    assert Conversion.objects.count() == 2


def test_a_named_request_keeps_its_job(ask):
    named = {"Idempotency-Key": "one"}
    ask(headers=named)
    fail(Conversion.objects.get())
    ended(minutes=60)
    assert ask(headers=named).status_code == 422
    answer = ask(headers=named, input="Else.")
    assert (answer.status_code, answer["x-should-retry"]) == (409, "false")
    assert Conversion.objects.count() == 1
    Submission.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert ask(headers=named).status_code == 503
    assert Conversion.objects.count() == 2


def test_two_people_who_ask_the_same_have_a_job_each(ask, bob, voice):
    voice.share(None, "everyone")
    ask()
    ask(user=bob)
    assert {conversion.owner.username for conversion in Conversion.objects.all()} == {"alice", "bob"}


def test_a_strangers_voice_is_like_none(ask, bob):
    hidden, missing = ask(user=bob), ask(user=bob, voice=str(uuid.uuid4()))
    assert (hidden.status_code, hidden.content) == (404, missing.content)
    assert not Conversion.objects.exists()


def test_a_refused_request_leaves_nothing(ask):
    assert ask(input="").status_code == 400
    assert not Submission.objects.exists()


def test_a_full_share_is_told_with_its_end(ask, settings):
    settings.PERSON_JOBS = 1
    ask()
    answer = ask(input="More.")
    assert (answer.status_code, answer.json()["error"]["type"]) == (429, "rate_limit_error")
    assert answer["Retry-After"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[1]", 400), (b'{"speed": NaN}', 400), (b"[" * 20_000, 400), (b"\xff", 400)],
)
def test_bodies_that_are_none(client, alice, body, status):
    key = AccessToken.objects.issue(alice).key
    answer = client.post(ADDRESS, body, content_type="application/json", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
