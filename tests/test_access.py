"""Everybody gets the answer that stands in access_matrix.txt. A new route needs a line there."""

import os
import re
import uuid
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, resolve

from accounts.models import AccessToken
from accounts.tokens.scopes import ROUTES, Scope, scope_for
from conversions.batches.models import Batch
from conversions.models import Conversion, Preset, Upload
from conversions.sharing.models import ShareLink
from conversions.sweeps.grid import Axis
from conversions.sweeps.models import Sweep
from models_app.models import VoiceImport
from rvc.options import ConversionOptions
from tests import base
from tts.models import Speech
from tts.wishes import Wish
from voiceproject.errors import API_PATHS
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db

LOGIN = "login"
WRITES = bool(os.environ.get("WRITE_ACCESS"))
MATRIX = Path(__file__).parent / "access_matrix.txt"
TABLE = [line.split() for line in MATRIX.read_text().splitlines() if not line.startswith("#")]
CLIENTS = {"model": "rvc", "nothing": "nothing"}
ROLES = {"nobody": "nobody", "stranger": "bob", "shared": "carol", "owner": "alice", "staff": "staff"}


@pytest.fixture(autouse=True)
def _fresh(own_folder):
    cache.clear()


@pytest.fixture
def carol(django_user_model):
    """Somebody with whom the voice is shared."""
    return django_user_model.objects.create_user("carol", password="a long enough secret")


@pytest.fixture
def done(voice, alice):
    """A conversion of alice's that has ended, with a voice that has its preview and its picture."""
    voice.preview.save("preview.mp3", base.upload(base.tone(0.2)))
    voice.show_cover(alice, b"a picture")
    conversion = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    conversion.result.save("result", base.upload(base.tone(0.2)), save=False)
    Conversion.objects.filter(pk=conversion.pk).update(state="done", result=conversion.result.name)
    return conversion


@pytest.fixture
def imported(voice, alice):
    """An import of alice's that has ended."""
    return VoiceImport.objects.create(owner=alice, url="https://files.example/a.pth", state="done", voice=voice)


@pytest.fixture
def batch(done):
    """A batch of alice's that has ended, with one conversion."""
    wish = {"voice": done.voice, "voice_name": done.voice_name, "options": asdict(ConversionOptions())}
    batch = Batch.objects.create(owner=done.owner, name="Songs", size=1, **wish)
    Conversion.objects.filter(pk=done.pk).update(batch=batch)
    return batch


@pytest.fixture
def keys(voice, done, batch, imported, alice, carol):
    """What stands for the words in braces."""
    voice.share(alice, "people", people=[carol])
    webhook = Webhook.objects.create(owner=alice, url="https://files.example/hook")
    things = {"voice": voice, "done": done, "batch": batch, "imported": imported, "webhook": webhook}
    speech = Speech.objects.submit(alice, voice, Wish("Hello."), ConversionOptions())
    speech.conversion.cancel()
    things["speech"] = speech
    things["preset"] = Preset.objects.keep(alice, "Deep", {"pitch_shift": -4})
    things["token"] = AccessToken.objects.issue(alice)
    ended = Conversion.objects.get(pk=done.pk)
    things["link"] = ShareLink.objects.make(ended)
    things["sweep"] = sweep = Sweep.objects.submit(ended, [Axis("pitch_shift", (0, 12))], start=0, seconds=1)
    cell = sweep.cells.get(position=0)
    cell.result.save("cell", base.upload(base.tone(0.2)))
    things["upload"] = Upload.objects.keep(alice, base.upload(base.tone()))
    return (
        {name: thing.pk for name, thing in things.items()}
        | {"secret": things["link"].secret, "cell": 1}
        | {"asset": "crepe-tiny", "number": 0, "slug": voice.slug, "filename": f"{done.pk.hex}.wav"}
        | CLIENTS
        | {"admin": settings.ADMIN_PATH}
    )


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_the_answer_of_the_table(role, request, voice, keys, subtests):
    user = None if role == "nobody" else request.getfixturevalue(ROLES[role])
    found = {}
    for method, address, *answers in TABLE:
        path = address.format(**keys)
        with subtests.test(f"{role} {method} {path}"), rolled_back():
            found[method, address] = told = answer_to(user, method, path)
            assert WRITES or told == dict(zip(ROLES, answers, strict=True))[role]
    if WRITES:
        write(role, found)


def answer_to(user, method, path):
    client = Client()
    if user is not None:
        client.force_login(user)
    answer = getattr(client, method)(path, **json_for(method))
    b"".join(answer)  # a stream is read, which closes its file
    sent_away = answer.status_code == 302 and answer["Location"].startswith("/login/?next=")
    return LOGIN if sent_away and user is None else str(answer.status_code)


def write(role, found):
    """One column of the table anew."""
    lines = MATRIX.read_text().splitlines()
    MATRIX.write_text("".join(f"{line if line.startswith('#') else rewritten(line, role, found)}\n" for line in lines))


def rewritten(line, role, found):
    method, address, *answers = line.split()
    columns = dict(zip(ROLES, [*answers, *"?????"][: len(ROLES)], strict=True)) | {role: found[method, address]}
    return f"{method:<7} {address:<58} {' '.join(f'{answer:<9}' for answer in columns.values())}".rstrip()


@contextmanager
def rolled_back():
    """Each line starts from the same rows: what one of them deletes comes back."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def json_for(method):
    return {"content_type": "application/json", "data": "{}"} if method == "patch" else {}


@pytest.mark.parametrize("role", ["bob", "staff"])
def test_a_stranger_cannot_tell_hidden_from_missing(role, request, api, keys):
    client = api(request.getfixturevalue(role))
    for kind, name in (("voices", "voice"), ("conversions", "done"), ("batches", "batch"), ("imports", "imported")):
        key = keys[name]
        hidden, missing = client.get(f"/api/{kind}/{key}/"), client.get(f"/api/{kind}/{uuid.uuid4()}/")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)


OPEN = ("/api/token/", "/v1/{nothing}")
CALLS = [(method, address, row[3]) for method, address, *row in TABLE if address.startswith(API_PATHS) and len(row) > 3]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_gets_the_answer_of_the_table_with_its_scope_and_none_without(scope, alice, keys, subtests):
    own = AccessToken.objects.issue(alice, scopes=[scope]).key
    others = AccessToken.objects.issue(alice, scopes=set(Scope) - {scope}).key
    for method, address, owner in CALLS:
        path = address.format(**keys)
        if address in OPEN or scope_for(resolve(path).url_name, method.upper()) != scope:
            continue
        with subtests.test(f"{method} {path}"):
            for key, wanted in ((own, owner), (others, "403")):
                with rolled_back():
                    ask = getattr(Client(headers={"Authorization": f"Bearer {key}"}), method)
                    answer = ask(path, **json_for(method))
                    assert str(answer.status_code) == wanted
                    b"".join(answer)


def test_every_call_asks_for_a_scope(keys):
    asked = {(resolve(address.format(**keys)).url_name, method.upper()) for method, address, _ in CALLS}
    unnamed = {call for call in asked if scope_for(*call) is None} - {("sign-in", "POST"), ("client-nothing", "GET")}
    assert unnamed == set(), "add these to accounts/tokens/scopes.py"
    assert set(ROUTES) - {name for name, _ in asked} == set(), "these have no line in the table"


def test_every_route_has_a_line():
    lines = [address.split("?")[0].lstrip("/") for _, address, *_ in TABLE]
    known = {re.sub("{[a-z]+}", "ID", line) for line in lines}
    unknown = {route for route in routes() if route not in known}
    assert unknown == set(), "add these routes to the table"


def routes():
    """Every address of ours, with ids as ID; the admin and health checks are told elsewhere."""
    for pattern in walk(get_resolver().url_patterns):
        if pattern.startswith((settings.ADMIN_PATH, "healthz", "static/")):
            continue
        plain = re.sub(r"<[^>]*>|\(\?P<pk>[^)]*\)", "ID", pattern)
        plain = plain.replace("^", "").replace("$", "").replace("\\Z", "")
        if not plain.endswith(".ID") and "ID.ID" not in plain:
            yield plain


def walk(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern.url_patterns, route)
        else:
            yield route
