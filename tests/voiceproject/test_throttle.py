"""Guessing passwords is slow, whichever door is tried and whatever the headers say."""

import pytest
from django.conf import settings as site
from django.core.cache import cache

from voiceproject import throttle

pytestmark = pytest.mark.django_db
RIGHT = {"username": "alice", "password": "a long enough secret"}
WRONG = RIGHT | {"password": "wrong"}
DOORS = ("/login/", f"/{site.ADMIN_PATH}login/")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    cache.clear()
    monkeypatch.setattr(throttle.time, "time", lambda: 1_700_000_050.0)


@pytest.fixture
def behind_proxy(settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}


def statuses(client, door, count, data=WRONG, **headers):
    return [client.post(door, data, **headers).status_code for _ in range(count)]


@pytest.mark.parametrize("door", DOORS)
def test_the_forms_are_throttled(client, alice, door):
    assert statuses(client, door, 20) == [200] * 20
    answer = client.post(door, RIGHT)
    assert (answer.status_code, answer["Retry-After"]) == (429, "50")
    assert "Request was throttled. Expected available in 50 seconds." in answer.content.decode()
    assert client.get(door).status_code == 200


def test_success_does_not_count(client, staff):
    right = RIGHT | {"username": "staff"}
    assert statuses(client, "/login/", 19, WRONG | {"username": "staff"}) == [200] * 19
    assert statuses(client, "/login/", 3, right) == [302] * 3


def test_other_names_and_addresses_go_on(client, alice, bob):
    statuses(client, "/login/", 20)
    assert statuses(client, "/login/", 1, RIGHT | {"username": "bob"}) == [302]
    assert statuses(client, "/login/", 1, RIGHT, REMOTE_ADDR="10.0.0.7") == [302]


def test_after_the_window_one_may_try_again(client, alice, monkeypatch):
    statuses(client, "/login/", 20)
    monkeypatch.setattr(throttle.time, "time", lambda: 1_700_000_400.0)
    assert statuses(client, "/login/", 1, RIGHT) == [302]


@pytest.mark.parametrize("name", [" alice ", "\uff41lice", "ALICE"])
def test_spellings_of_a_name_are_one_name(client, alice, name):
    statuses(client, "/login/", 20)
    assert statuses(client, "/login/", 1, WRONG | {"username": name}) == [429]


def test_many_names_from_one_address_are_stopped(client, monkeypatch):
    monkeypatch.setattr(throttle, "TRIES_OF_AN_ADDRESS", 3)
    assert [statuses(client, "/login/", 1, WRONG | {"username": f"n{n}"})[0] for n in range(4)] == [200] * 3 + [429]


@pytest.mark.parametrize(("door", "refused"), [("/login/", 200), ("/api/token/", 401)])
def test_a_made_up_address_changes_nothing(client, alice, door, refused):
    answers = [client.post(door, WRONG, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").status_code for n in range(21)]
    assert answers == [refused] * 20 + [429]


@pytest.mark.parametrize(("door", "refused"), [("/login/", 200), ("/api/token/", 401)])
def test_behind_a_proxy_its_word_counts_and_the_callers_does_not(client, alice, behind_proxy, door, refused):
    answers = [client.post(door, WRONG, HTTP_X_FORWARDED_FOR=f"10.9.9.{n}, 10.0.0.1").status_code for n in range(21)]
    assert answers == [refused] * 20 + [429]
    assert client.post(door, WRONG, HTTP_X_FORWARDED_FOR="10.0.0.2").status_code == refused
