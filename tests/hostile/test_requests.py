"""H56 to H79: requests that mean no good, and the exact answer to each. Hostile files have tests of their own.

A line is a number, a method, an address, what is sent, and the status with the code, and maybe the field, that it gets.
After all lines of a number there is no row and no file more than before.
"""

import json
import logging
import queue
import threading
import uuid

import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django_q.brokers import get_broker
from django_q.models import OrmQ
from django_q.pusher import pusher
from django_q.signing import SignedPackage

from accounts.models import AccessToken
from conversions import tasks
from conversions.models import Conversion
from jobs.models import State
from jobs.quotas import usage
from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
MISSING = uuid.UUID("907497e3-4eb4-455c-9440-f16b1d70ea75")
JOBS, VOICES, SPEECHES = "/api/conversions/", "/api/voices/", "/api/speeches/"
RESULT = JOBS + "{job}/result/"
SPOKEN = ("$(touch x)", "`touch x`", "-w /x", 'Hi <audio src="/etc/hostname"/>', "[[_^_]] hi")
UNKNOWN = ("owner", "state", "token", "is_staff", "result", "path", "output", "model_path")
BAD_NUMBERS = ("1e308", "NaN", "Infinity", "-1000000000", "[1]")


def table():
    """Number, who asks, method, address, what is sent, status, code, field."""
    return [*strangers(), *fields(), *addresses(), *bodies()]


def strangers():
    for key in ("none", "revoked", "expired"):
        for method, address in (("get", JOBS), ("post", VOICES), ("get", "/v1/voices"), ("delete", JOBS + "{job}/")):
            yield "H56", key, method, address, {}, 401, None if "v1" in address else "not_signed_in", None
    for method, rest in (("get", ""), ("get", "result/"), ("get", "source/"), ("delete", ""), ("post", "cancel/")):
        for which in ("{job}", str(MISSING)):
            yield "H57", "stranger", method, f"{JOBS}{which}/{rest}", {}, 404, "not_found", None
    for method in ("get", "patch", "delete"):
        yield "H57", "stranger", method, VOICES + "{voice}/", {}, 404, "not_found", None
    yield "H58", "stranger", "post", JOBS, {"voice": "{voice}", "recording": "tone"}, 422, "not_found", "voice"
    yield "H58", "stranger", "post", "/api/process", {"voice": "{voice}", "filename": "x.wav"}, 422, "not_found", None


def fields():
    for name in UNKNOWN:
        number = "H59" if name in UNKNOWN[:5] else "H61"
        wish = {"voice": "{voice}", "recording": "tone", name: "x"}
        yield number, "owner", "post", JOBS, wish, 400, "bad_request", name
    for value in BAD_NUMBERS:
        wish = {"voice": "{voice}", "recording": "tone", "pitch_shift": value}
        yield "H71", "owner", "post", JOBS, wish, 400, "bad_request", "pitch_shift"
    for name, value in (("index_rate", "2"), ("f0_method", "magic"), ("output_format", "exe")):
        wish = {"voice": "{voice}", "recording": "tone", name: value}
        yield "H71", "owner", "post", JOBS, wish, 400, "bad_request", name


def addresses():
    for path in ("/media/x", "/static/../db.sqlite3", "/static/%2e%2e/db.sqlite3", "/static/%252e%252e/db.sqlite3"):
        yield "H62", "owner", "get", path, {}, 404, None, None
    for path in (VOICES + "..%2f..%2fx/", VOICES + "..%5c..%5cx/", "/v1/voices/..%2f..%2fx"):
        yield "H63", "owner", "delete", path, {}, 404, None, None
    for text, status in (("5-1", 200), ("-0", 416), (",".join(["0-1"] * 1000), 200), ("999999999-", 416)):
        yield "H64", "owner", "get", RESULT, {"Range": f"bytes={text}"}, status, None, None
    for text in SPOKEN:
        yield "H66", "owner", "post", SPEECHES, {"voice": "{voice}", "text": text}, 202, None, None
    yield "H68", "owner", "get", JOBS, {"Host": "evil.example"}, 400, "bad_request", None
    yield "H68", "owner", "get", JOBS, {"X-Forwarded-Host": "evil.example"}, 200, None, None
    for method in ("trace", "FETCH"):
        yield "H68", "owner", method, JOBS, {}, 405, "method_not_allowed", None


def bodies():
    yield "H69", "owner", "post", SPEECHES, {"voice": "{voice}", "text": "a" * 100_001}, 422, "text_too_long", "text"
    for body, status, code in (
        (b'{"text": "' + b"a" * 10_000_000 + b'"}', 413, "too_large"),
        (b"[" * 10_000, 400, "bad_request"),
        (b'{"voice": "x", "text": "a", "rate": NaN}', 400, "bad_request"),
        (b'{"voice": "x", "text": "a", "text": "b"}', 400, "bad_request"),
        (b'{"voice": "x", "text": "a", "engines": [{"a": 1, "\\u0061": 2}]}', 400, "bad_request"),
    ):
        yield "H69", "owner", "post", SPEECHES, body, status, code, None
    yield (
        "H75",
        "none",
        "post",
        "/api/token/",
        {"username": "alice", "password": "x" * (1 << 20)},
        400,
        "bad_request",
        None,
    )
    for name in ("schedule", "success", "failure", "ormq"):
        yield "H76", "staff", "get", f"/{settings.ADMIN_PATH}django_q/{name}/", {}, 404, None, None


@pytest.fixture
def world(voice, alice, bob, staff):
    """Alice with a voice and a result, and a way to ask as anybody."""
    cache.clear()
    job = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    running = Conversion.objects.claim(job.pk)
    running.result.save("result", base.upload(base.tone(0.2)), save=False)
    running.finish(result=running.result.name)
    keys = {name: AccessToken.objects.issue(person).key for name, person in (("owner", alice), ("stranger", bob))}
    ended = AccessToken.objects.issue(alice, days=1)
    AccessToken.objects.filter(pk=ended.pk).update(expires_at="2020-01-01T00:00Z")
    revoked = AccessToken.objects.issue(alice)
    revoked.delete()
    keys |= {"expired": ended.key, "revoked": revoked.key}
    names = {"voice": voice.pk, "job": job.pk}

    def ask(who, method, address, sent, **headers):
        client = Client(raise_request_exception=False)
        if who == "staff":
            client.force_login(staff)
        if who in keys:
            headers["Authorization"] = f"Bearer {keys[who]}"
        content = {}
        if isinstance(sent, bytes):
            content = {"data": sent, "content_type": "application/json"}
        elif method == "get":
            headers |= sent
        elif sent:
            content = {"data": {name: base.upload(base.tone(0.5)) if value == "tone" else value.format(**names)
                                for name, value in sent.items()}}  # fmt: skip
            if "text" in sent or "filename" in sent:
                content = {"data": json.dumps(content["data"]), "content_type": "application/json"}
        path = address.format(**names)
        if method == "FETCH":
            return client.generic(method, path, headers=headers)
        return getattr(client, method)(path, headers=headers, **content)

    return ask


@pytest.mark.parametrize("number", list(dict.fromkeys(line[0] for line in table())))
def test_it_gets_its_answer(number, world, subtests):
    before = (base.files_left(), VoiceModel.objects.count(), Conversion.objects.exclude(kind="speech").count())
    told = {}
    for _, who, method, address, sent, status, code, field in (line for line in table() if line[0] == number):
        with subtests.test(f"{who} {method} {address[:60]} {str(sent)[:60]}"):
            answer = world(who, method, address, sent)
            assert answer.status_code == status
            body = b"".join(answer)
            if code:
                error = json.loads(body)["error"]
                assert (error["code"], error["field"] if field else None) == (code, field)
            told.setdefault((who, method, address.rpartition("/")[2]), set()).add(body if status == 404 else b"")
    after = (base.files_left(), VoiceModel.objects.count(), Conversion.objects.exclude(kind="speech").count())
    assert after == before
    if number == "H57":
        assert {len(bodies) for bodies in told.values()} == {1}, "hidden and missing cannot be told apart"


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "C:\\x.wav", "a\0b.wav", "é" * 300 + ".wav", "evil\u202egnp.wav", "a\r\nSet-Cookie: x.wav"],
)
def test_h60_names_are_labels(world, voice, name):
    answer = world_post(world, voice, name)
    assert answer.status_code == 202
    job = Conversion.objects.get(pk=answer.json()["id"])
    assert job.source.name == f"sources/{job.pk.hex}"
    assert not any(sign in job.source_name for sign in "/\\\0\r\n\u202e")
    kept = world("owner", "get", f"{JOBS}{job.pk}/source/", {})
    assert "\n" not in kept["Content-Disposition"]
    b"".join(kept)


def test_h60_without_a_name_it_is_no_file(voice):
    """As forms send it where nobody has chosen one."""
    client = Client(headers={"Authorization": f"Bearer {AccessToken.objects.issue(voice.owner).key}"})
    part = b'--x\r\nContent-Disposition: form-data; name="recording"; filename=""\r\n\r\n' + base.tone(0.5)
    answer = client.post(JOBS, part + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def world_post(world, voice, name, person=None):
    key = AccessToken.objects.issue(person or voice.owner).key
    client = Client(headers={"Authorization": f"Bearer {key}"})
    return client.post(JOBS, {"voice": str(voice.pk), "recording": base.upload(base.tone(0.5), name)})


@pytest.mark.parametrize("title", ["<img src=x onerror=alert(1)>", "{{7*7}}", "=cmd()"])
def test_h65_titles_are_text(alice, make_voice, title):
    voice = make_voice(alice, name=title)
    client = Client()
    client.force_login(alice)
    page = client.get(f"/voices/{voice.pk}/").content.decode()
    assert "<img src=x onerror" not in page
    assert title.replace("<", "&lt;").replace(">", "&gt;") in page


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"])
def test_h67_a_session_alone_changes_nothing(alice, voice, headers, kind):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for method, address in (("post", JOBS), ("delete", f"{VOICES}{voice.pk}/")):
        answer = getattr(client, method)(address, b"{}", content_type=kind, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(("count", "name"), [(501, "recording"), (1001, "x")])
def test_h70_too_many_parts(world, voice, count, name):
    fields = dict.fromkeys(map(str, range(count)), "x")
    parts = {name: [base.upload(b"x") for _ in range(count)]} if name == "recording" else fields
    client = Client(headers={"Authorization": f"Bearer {AccessToken.objects.issue(voice.owner).key}"})
    before = base.files_left()
    answer = client.post("/api/batches/", {**parts, "voice": str(voice.pk)})
    assert (answer.status_code, answer.json()["error"]["code"]) in [(400, "bad_request"), (422, "too_many_files")]
    assert base.files_left() == before


def test_h72_a_person_has_a_share(world, voice, settings):
    settings.PERSON_JOBS = 3
    answers = [world_post(world, voice, "a.wav") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert (answers[-1].json()["error"]["code"], answers[-1].has_header("Retry-After")) == ("slow_down", True)


def test_h73_a_quota_is_exact(world, voice, bob, settings):
    settings.PERSON_STORAGE_MB = 1
    voice.share(None, "everyone")
    assert [world_post(world, voice, "a.wav", bob).status_code for _ in range(2)] == [202, 202]
    rest = (1 << 20) - usage(bob).bytes
    held = Conversion.objects.filter(owner=bob).first()
    Conversion.objects.filter(pk=held.pk).update(stored_bytes=held.stored_bytes + rest - len(base.tone(0.5)))
    answers = [world_post(world, voice, "a.wav", bob) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 403]
    assert answers[1].json()["error"]["code"] == "quota_exceeded"
    assert usage(bob).bytes == 1 << 20, "to the last byte"


def test_h75_guessing_is_slowed_down(world):
    sent = {"username": "alice", "password": "wrong"}
    statuses = [world("none", "post", "/api/token/", sent).status_code for _ in range(30)]
    assert set(statuses) == {401, 429}
    assert statuses == sorted(statuses), "once it is too much it stays so"


def hints_of(job):
    """What stands in the queue, as whoever can write there would have it."""
    hint = {"id": "1", "name": "x", "func": "conversions.tasks.convert", "args": (str(job),)}
    good, evil = SignedPackage.dumps(hint), SignedPackage.dumps({**hint, "func": "os.system", "args": ("true",)})
    signed, _, signature = good.rpartition(":")
    return {
        "junk": "junk",
        "nothing": "",
        "no letters": "\u202e:\xe9:x",
        "other signature": f"{signed}:{'A' * len(signature)}",
        "other content": f"{evil.rpartition(':')[0]}:{signature}",
        "other key": signing.dumps(hint, key="another", salt="voiceproject", serializer=signing.JSONSerializer),
        "cut short": good[:-1],
    }


@pytest.mark.parametrize("what", list(hints_of("")))
def test_h77_hints_that_nobody_signed_are_dropped(world, voice, alice, what):
    done = Conversion.objects.get()
    waiting = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    OrmQ.objects.all().delete()
    OrmQ.objects.create(key="voiceproject-cpu", payload=hints_of(done.pk)[what], lock="2020-01-01T00:00Z")
    tasks_of_workers, once, said = queue.Queue(), threading.Event(), []
    once.set()
    pushing = logging.Handler()
    pushing.emit = said.append
    log = logging.getLogger("django-q")
    log.addHandler(pushing)
    try:
        pusher(tasks_of_workers, once, get_broker("voiceproject-cpu"))
    finally:
        log.removeHandler(pushing)
    assert (tasks_of_workers.empty(), OrmQ.objects.count()) == (True, 0)
    assert [record.getMessage() for record in said if record.levelno >= logging.WARNING] == [
        "Failed to push task to queue"
    ]
    states = dict(Conversion.objects.values_list("pk", "state"))
    assert states == {done.pk: State.DONE, waiting.pk: State.QUEUED}


@pytest.mark.parametrize("pk", [str(MISSING), "{job}"])
def test_h77_hints_of_nothing_do_nothing(world, pk):
    [job] = Conversion.objects.all()
    assert not tasks.convert(pk.format(job=job.pk))
    job.refresh_from_db()
    assert job.state == State.DONE


def test_h78_the_same_key_is_the_same_job(alice, voice):
    client = Client(headers={"Authorization": f"Bearer {AccessToken.objects.issue(alice).key}", "Idempotency-Key": "a"})
    wish = {"voice": str(voice.pk), "text": "Hello."}
    first, again = (client.post(SPEECHES, wish, content_type="application/json") for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    other = client.post(SPEECHES, {**wish, "text": "Else."}, content_type="application/json")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")


@pytest.mark.usefixtures("encoder")
def test_h79_a_damaged_voice_is_told(alice, voice):
    path = settings.VAR_DIR / "files" / voice.file.name
    path.chmod(0o644)
    path.write_bytes(b"\0" * path.stat().st_size)
    job = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    tasks.convert(str(job.pk))
    job.refresh_from_db()
    assert (job.state in (State.FAILED, State.REJECTED), job.error_code) == (True, "damaged")
    client = Client(headers={"Authorization": f"Bearer {AccessToken.objects.issue(alice).key}"})
    assert client.get(f"{JOBS}{job.pk}/").json()["error"]["code"] == "damaged"
