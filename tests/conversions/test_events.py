"""Server-sent events: what is told, when it ends, and that listeners leave room for everybody else."""

import json
import threading
import time

import pytest
import requests
from django.db import connection

from accounts.models import AccessToken
from conversions import events
from conversions.models import Conversion
from rvc.options import ConversionOptions
from tests import base
from voiceproject.seats import Seats, seats

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(events, "SECONDS", 20)


@pytest.fixture
def conversion(alice, voice):
    return Conversion.objects.submit(alice, voice, base.upload(base.tone(0.2)), ConversionOptions())


def address(conversion):
    return f"/api/conversions/{conversion.pk}/events/"


def read(answer):
    """Names and data of the events; comments as such."""
    for block in b"".join(answer).decode().strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        yield (fields.get("event") or fields.get("", "")), json.loads(fields.get("data", "null"))


def leave(answer):
    """What the server does for a listener who has left; `close` would end the connection to the database as well."""
    for close in answer._resource_closers:
        close()


def test_it_tells_what_moves_until_the_end(api, alice, conversion):
    answer = api(alice).get(address(conversion), HTTP_ACCEPT="text/event-stream")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/event-stream")
    stream = iter(answer.streaming_content)
    assert next(stream) == b"retry: 3000\n\n"
    assert b'"state": "queued"' in next(stream)
    job = Conversion.objects.claim(conversion.pk)
    job.beat(stage="pitch", progress=0.25)
    told = next(stream)
    assert told.startswith(b"event: progress\n")
    assert json.loads(told.split(b"data: ")[1])["progress"] == 0.25
    job.fail("out_of_memory", "It was too long.")
    told = next(stream)
    assert told.startswith(b"event: end\n")
    assert json.loads(told.split(b"data: ")[1])["error"]["code"] == "out_of_memory"
    assert list(stream) == []
    leave(answer)
    assert seats().taken.total() == 0


def test_what_has_ended_is_told_at_once(api, alice, conversion):
    conversion.cancel()
    (_, _), (name, body) = read(api(alice).get(address(conversion)))
    assert (name, body["state"], body["id"]) == ("end", "cancelled", str(conversion.pk))


def test_what_is_deleted_ends(api, alice, conversion):
    answer = api(alice).get(address(conversion))
    Conversion.objects.all().delete()
    assert list(read(answer))[-1] == ("end", None)


def test_what_is_cancelled_while_somebody_listens_ends(api, alice, conversion):
    answer = api(alice).get(address(conversion))
    stream = iter(answer.streaming_content)
    assert [next(stream)[:6], b'"state": "queued"' in next(stream)] == [b"retry:", True]
    assert api(alice).post(f"/api/conversions/{conversion.pk}/cancel/").status_code == 200
    [last] = stream
    assert last.startswith(b"event: end\n")
    assert b'"state": "cancelled"' in last
    leave(answer)


def test_it_is_nobody_elses(api, alice, bob, conversion):
    for method in ("get", "head"):
        assert getattr(api(bob), method)(address(conversion)).status_code == 404
    for method in ("get", "head", "options"):
        assert getattr(api(), method)(address(conversion)).status_code == 401
    told = api(bob).options(address(conversion))
    assert (told.status_code, str(conversion.pk) in told.content.decode()) == (200, False)
    conversion.delete()
    assert api(alice).get(address(conversion)).status_code == 404
    assert seats().taken.total() == 0


@pytest.mark.parametrize("header", ["Last-Event-ID", "If-None-Match", "If-Modified-Since", "Range"])
@pytest.mark.parametrize("value", ["*", "7", "bytes=0-9", "Tue, 24 Nov 2026 03:00:00 GMT", "\u00e4\x01"])
def test_no_header_changes_what_is_told(api, alice, conversion, header, value):
    conversion.cancel()
    answer = api(alice).get(address(conversion), headers={header: value})
    assert answer.status_code == 200
    assert [name for name, _ in read(answer)] == ["", "end"]
    assert seats().taken.total() == 0


def test_it_beats_and_ends_by_itself(api, alice, conversion, monkeypatch):
    monkeypatch.setattr(events, "SECONDS", 0.4)
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    names = [name for name, _ in read(api(alice).get(address(conversion)))]
    assert names[:2] == ["", "progress"]
    assert set(names[2:]) == {"still here"}


def test_one_person_has_two(api, alice, conversion):
    held = [api(alice).get(address(conversion)) for _ in range(2)]
    answer = api(alice).get(address(conversion))
    assert (answer.status_code, answer.json()["error"]["code"], answer["Retry-After"]) == (429, "slow_down", "5")
    leave(held.pop())
    held.append(api(alice).get(address(conversion)))
    assert held[-1].status_code == 200
    for answer in held:
        leave(answer)  # none of them was ever read
    assert seats().taken.total() == 0


def test_head_takes_no_seat(api, alice, conversion):
    assert api(alice).head(address(conversion)).status_code == 200
    assert seats().taken.total() == 0


def test_seats_are_for_all_and_for_each():
    few = Seats(3, of_a_person=2)
    assert [few.take(who) for who in "aaabb"] == [True, True, False, True, False]
    few.leave("a")
    assert few.take("b")
    assert sorted(few.taken) == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_over_the_wire_the_site_goes_on(live_server, alice, conversion):
    headers = {"Authorization": f"Bearer {AccessToken.objects.issue(alice, scopes=['read']).key}"}
    url = live_server.url + address(conversion)

    def work():
        job = Conversion.objects.claim(conversion.pk)
        for step in (0.2, 0.4):
            job.beat(stage="pitch", progress=step)
            time.sleep(0.3)
        job.cancel()
        connection.close()

    with requests.get(url, headers=headers, stream=True, timeout=10) as heard:
        assert requests.get(live_server.url + "/api/me/", headers=headers, timeout=10).status_code == 200
        worker = threading.Thread(target=work)
        worker.start()
        lines = [line.decode() for line in heard.iter_lines() if line.startswith(b"event")]
        worker.join()
    assert lines[-1] == "event: end"
    assert len(lines) >= 3
