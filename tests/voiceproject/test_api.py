"""What all of the API has in common: who may come in, what an error looks like, what is written down about it."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from accounts.models import AccessToken

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[2] / "schema.yml"
PASSWORD = {"username": "alice", "password": "a long enough secret"}


@pytest.fixture(autouse=True)
def _fresh_throttles():
    cache.clear()


def test_a_token_opens_the_api(api, alice):
    token = api().post("/api/token/", PASSWORD).json()["token"]
    answer = api().get("/api/voices/", HTTP_AUTHORIZATION=f"Token {token}")
    assert answer.status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_wrong_login_says_the_same_whatever_is_wrong(api, alice, wrong):
    answer = api().post("/api/token/", PASSWORD | wrong)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "code": "not_signed_in",
            "message": "This name and password do not belong together.",
            "field": None,
        }
    }


def test_login_wants_both(api):
    answer = api().post("/api/token/", {"username": "alice"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "password")


def test_logins_are_throttled(api, alice):
    answers = [api().post("/api/token/", PASSWORD | {"password": "wrong"}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert answers[-1].json()["error"]["code"] == "slow_down"
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize("token", ["", "Token wrong", "Token", "Bearer x", "Basic YWxpY2U6eA=="])
def test_nobody_comes_in_without_a_token(api, token):
    answer = api().get("/api/voices/", HTTP_AUTHORIZATION=token) if token else api().get("/api/voices/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


def test_a_revoked_token_is_worth_nothing(api, alice):
    token = AccessToken.objects.issue(alice)
    key = token.key
    token.delete()
    assert api().get("/api/voices/", HTTP_AUTHORIZATION=f"Token {key}").status_code == 401


def test_a_session_needs_the_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/api/conversions/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_an_unknown_address_is_not_found(client):
    answer = client.get("/api/nothing/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_wrong_method_is_told(api, alice):
    answer = api(alice).put("/api/voices/", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_broken_json_is_told(api, alice, make_voice):
    voice = make_voice(alice)
    answer = api(alice).patch(f"/api/voices/{voice.pk}/", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("body", [r'{"visibility": "\ud800"}', r'{"\udfff": 1}'])
def test_half_a_character_is_told_again_as_a_question_mark(api, alice, make_voice, body):
    answer = api(alice).patch(f"/api/voices/{make_voice(alice).pk}/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert "?" in answer.content.decode()


def test_another_content_type_is_told(api, alice):
    answer = api(alice).post("/api/conversions/", "x", content_type="text/plain")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media")


def test_a_full_disk_is_told(api, alice, voice_file, monkeypatch):
    import errno

    from models_app import ingest
    from tests import base

    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ingest, "check", full)
    answer = api(alice).post("/api/voices/", {"checkpoint": base.upload(voice_file, "a.pth")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")


@pytest.mark.parametrize("path", ["/media/x", "/static/../db.sqlite3", "/files/voices/x", "/%2e%2e/db.sqlite3"])
def test_no_address_leads_to_the_folders(client, path):
    assert client.get(path).status_code == 404


def test_the_docs_run_under_their_own_policy(client, alice):
    client.force_login(alice)
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "script-src" not in page["Content-Security-Policy"], "default-src 'self' holds for scripts"
    assert b"<script>" not in page.content
    assert client.get("/api/docs/?script=").status_code == 200


def test_the_kept_schema_is_current(tmp_path):
    current = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(current))
    assert SCHEMA.read_text() == current.read_text(), "run: python3 run.py manage spectacular --file schema.yml"
