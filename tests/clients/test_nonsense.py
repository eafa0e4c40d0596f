"""What no client library sends, to every address that they ask: it is refused in their words, and never breaks."""

import json

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from accounts.tokens.models import AccessToken
from clients import sound
from clients.urls import urlpatterns
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]
FIELDS = (
    *("input", "model", "voice", "speed", "response_format", "stream_format", "instructions", "pitch_shift", "engines"),
    *("text", "model_id", "voice_settings", "seed", "language_code", "audio_effects", "previous_text", "pause"),
    *("audio", "remove_background_noise", "file_format", "name", "files", "labels", "", "\0"),
)
ASKED = ("output_format", "page_size", "next_page_token", "search", "sort", "voice_id", "enable_logging")
ASKED += ("start_after_history_item_id",)
WORDS = some.sampled_from(
    ["rvc", "wav", "pcm_16000", "pcm_s16le_16", "true", "false", "7", "-1", "1e999", "²", "\0", "{}"]
)
TEXTS = WORDS | some.text(max_size=8)
NUMBERS = some.integers() | some.floats()
VALUES = some.recursive(
    some.none() | some.booleans() | NUMBERS | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=4,
)
BODIES = some.dictionaries(some.sampled_from(FIELDS), VALUES, max_size=6) | VALUES
FILES = some.sampled_from([b"", b"no sound", base.tone(0.2)])
PARTS = some.dictionaries(some.sampled_from(FIELDS), TEXTS | FILES, max_size=6)
METHODS = some.sampled_from(["GET", "POST", "POST", "POST", "DELETE", "PUT"])
OFTEN = settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def ask(alice, voice, monkeypatch):
    """Alice's client, which never waits; a fault is the 500 that she would get."""
    monkeypatch.setattr(sound, "WAIT_SECONDS", 0)
    key = AccessToken.objects.issue(alice).key
    client = Client(raise_request_exception=False)

    def ask(method, route, name, query, body, kind):
        address = "/" + str(route.pattern)
        for said in ("<str:voice>", "<str:pk>", "<str:model>", "<path:rest>"):
            address = address.replace(said, name or str(voice.pk))
        cache.clear()  # who asks too much is another matter
        headers = {"xi-api-key": key, "host": "localhost"}
        return client.generic(method, address, body, kind, query_params=query, headers=headers)

    return ask


def sent(parts):
    """The parts as a form has them: what is bytes is a file."""
    files = {name: SimpleUploadedFile("a.pth", value) for name, value in parts.items() if isinstance(value, bytes)}
    return encode_multipart(BOUNDARY, {**parts, **files})


def judge(answer):
    body = answer.getvalue()
    assert answer.status_code < 500 or (answer.status_code, answer.get("x-should-retry")) == (503, "true"), body[:300]
    if answer.status_code >= 400:
        assert json.loads(body).keys() & {"detail", "error"}


@OFTEN
@given(
    METHODS,
    some.sampled_from(urlpatterns),
    some.none() | TEXTS,
    some.dictionaries(some.sampled_from(ASKED), TEXTS, max_size=2),
    BODIES,
)
def test_json_of_any_kind(ask, method, route, name, query, body):
    judge(ask(method, route, name, query, json.dumps(body), "application/json"))


@OFTEN
@given(some.sampled_from(urlpatterns), some.none() | TEXTS, PARTS)
def test_forms_of_any_kind(ask, route, name, parts):
    judge(ask("POST", route, name, {}, sent(parts), MULTIPART_CONTENT))


@OFTEN
@given(
    METHODS,
    some.sampled_from(urlpatterns),
    some.binary(max_size=40),
    some.sampled_from(["application/json", "multipart/form-data; boundary=x", "audio/wav", ""]),
)
def test_bodies_of_any_kind(ask, method, route, body, kind):
    judge(ask(method, route, None, {}, body, kind))


def route_of(pattern):
    [found] = [route for route in urlpatterns if str(route.pattern) == pattern]
    return found


@pytest.mark.parametrize("name", ["remove_background_noise", "voice_settings", "seed", "file_format", "model_id"])
def test_each_field_of_a_recording(ask, name):
    route = route_of("v1/voice-changer/<str:voice>")
    for value in ("", "[]", "7", b"7"):
        judge(ask("POST", route, None, {}, sent({"audio": base.tone(0.3), name: value}), MULTIPART_CONTENT))
    assert ask("POST", route, None, {}, json.dumps({name: True}), "application/json").status_code == 415
    answer = ask("POST", route, None, {}, sent({"audio": base.tone(0.3), name: b"7"}), MULTIPART_CONTENT)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", name])


@pytest.mark.parametrize("name", ["text", "voice_settings", "seed", "model_id", "language_code", "audio_effects"])
def test_each_field_of_a_text(ask, name):
    route = route_of("v1/text-to-speech/<str:voice>")
    for value in (True, 1e300, None, [[]], {"a": []}, {"speed": []}, {"speed": {}}, "", "\ud800", "\0"):
        judge(ask("POST", route, None, {}, json.dumps({"text": "Hello.", name: value}), "application/json"))
