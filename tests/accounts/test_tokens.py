"""Keys for programs: what opens the API, what each may do there, and what is left of one that is gone."""

import hashlib
import logging
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.models import AccessToken
from accounts.tokens import throttle
from accounts.tokens.models import MOST, MOST_OF_SIGN_INS
from accounts.tokens.scopes import Scope

pytestmark = pytest.mark.django_db
PASSWORD = {"username": "alice", "password": "a long enough secret"}


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def call(api):
    def ask(key, method="get", path="/api/me/", data=None):
        headers = {"Authorization": f"Token {key}"}
        return getattr(api(), method)(path, data, format="json", headers=headers)

    return ask


@pytest.fixture
def token(alice):
    return AccessToken.objects.issue(alice, name="Radio", scopes=["read"])


@pytest.mark.parametrize("shown", ["Token {}", "Bearer {}", "bearer  {} "])
def test_a_key_opens_the_api(api, token, shown):
    answer = api().get("/api/me/", headers={"Authorization": shown.format(token.key)})
    assert (answer.status_code, answer.json()["username"]) == (200, "alice")


def test_a_key_opens_the_api_as_other_clients_send_it(api, token):
    assert api().get("/api/me/", headers={"xi-api-key": token.key}).status_code == 200
    assert api().get("/api/me/", headers={"xi-api-key": "wrong"}).status_code == 401


def test_a_key_in_the_address_is_worth_nothing(api, token):
    assert api().get(f"/api/me/?token={token.key}&xi-api-key={token.key}").status_code == 401


def test_the_key_is_kept_nowhere(token, call, caplog):
    with caplog.at_level(logging.DEBUG):
        call(token.key)
        call(token.key, "post", "/api/conversions/", {})
    assert token.key not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_accesstoken")
        row = str(cursor.fetchall())
    assert hashlib.sha256(token.key.encode()).hexdigest() in row
    assert token.key[:12] not in row


def test_an_end_ends_it(alice, call):
    token = AccessToken.objects.issue(alice, days=1)
    assert call(token.key).status_code == 200
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = call(token.key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


def test_somebody_who_is_shut_out_comes_in_with_no_token(alice, token, call):
    alice.is_active = False
    alice.save()
    assert call(token.key).status_code == 401


def test_the_last_use_is_noted_to_the_minute(token, call):
    call(token.key)
    first = AccessToken.objects.get().used_at
    assert first is not None
    call(token.key)
    assert AccessToken.objects.get().used_at == first
    AccessToken.objects.update(used_at=first - timedelta(minutes=2))
    call(token.key)
    assert AccessToken.objects.get().used_at > first


def test_a_scope_that_is_lacking_is_named(token, call):
    answer = call(token.key, "post", "/api/conversions/", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert "`convert`" in answer.json()["error"]["message"]


def test_a_method_that_is_not_there_is_told_before_scopes(token, call):
    assert call(token.key, "put", "/api/voices/").status_code == 405


class TestThroughTheAPI:
    def make(self, call, key, **wish):
        return call(key, "post", "/api/tokens/", {"name": "Radio", "scopes": ["read"]} | wish)

    def test_it_works(self, api, alice, call):
        made = api(alice).post("/api/tokens/", {"name": "Radio", "scopes": ["read"], "days": 7}, format="json")
        assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
        key = made.json()["key"]
        assert call(key).status_code == 200
        shown = api(alice).get(made["Location"]).json()
        assert "key" not in shown
        assert (shown["name"], shown["scopes"], shown["beginning"]) == ("Radio", ["read"], key[:9])
        assert shown["used_at"] is not None
        assert api(alice).delete(made["Location"]).status_code == 204
        assert call(key).status_code == 401

    def test_a_token_makes_none_that_may_more_or_lives_longer(self, alice, call):
        key = AccessToken.objects.issue(alice, scopes=["read", "admin"], days=10).key
        assert self.make(call, key, days=9).status_code == 201
        for wish, field in (({"scopes": ["convert"], "days": 9}, "scopes"), ({"days": 11}, "days"), ({}, "days")):
            answer = self.make(call, key, **wish)
            assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)

    @pytest.mark.parametrize(
        ("wish", "field"),
        [({"scopes": []}, "scopes"), ({"scopes": ["all"]}, "scopes"), ({"days": 0}, "days"), ({"owner": 1}, "owner")],
    )
    def test_it_refuses_by_field(self, api, alice, wish, field):
        body = {"name": "Radio", "scopes": ["read"]} | wish
        answer = api(alice).post("/api/tokens/", body, format="json")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)

    def test_there_is_an_end_to_how_many(self, api, alice):
        tokens = [AccessToken(owner=alice, name="x", digest=f"{n}", beginning="x") for n in range(MOST)]
        AccessToken.objects.bulk_create(tokens)
        answer = api(alice).post("/api/tokens/", {"name": "Radio", "scopes": ["read"]}, format="json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded")

    def test_signing_in_again_keeps_the_last_ones(self, api, alice):
        for _ in range(MOST_OF_SIGN_INS + 1):
            cache.clear()
            last = api().post("/api/token/", PASSWORD).json()["token"]
        assert AccessToken.objects.count() == MOST_OF_SIGN_INS
        assert AccessToken.objects.of_key(last).scopes == Scope.values


class TestOnThePage:
    def test_it_works(self, client, alice, call):
        client.force_login(alice)
        page = client.post("/account/tokens/", {"name": "Radio", "scopes": ["read", "voices"], "days": "30"})
        key = page.context["made"].key
        assert key in page.content.decode()
        assert "no-store" in page["Cache-Control"]
        assert key not in client.get("/account/tokens/").content.decode()
        token = AccessToken.objects.get()
        assert token.scopes == ["read", "voices"]
        assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=30)
        client.post(f"/account/tokens/{token.pk}/revoke/")
        assert call(key).status_code == 401

    def test_it_refuses_by_field(self, client, alice):
        client.force_login(alice)
        page = client.post("/account/tokens/", {"name": "", "days": "30"})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {"name", "scopes"}

    def test_it_refuses_another_users_token(self, client, bob, token):
        client.force_login(bob)
        assert "Radio" not in client.get("/account/tokens/").content.decode()
        assert client.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
        assert AccessToken.objects.exists()


class TestThrottle:
    @pytest.fixture(autouse=True)
    def _limits(self, settings, monkeypatch):
        settings.API_A_MINUTE = {"read": 0, "convert": 2, "voices": 1, "admin": 0}
        monkeypatch.setattr(throttle.time, "time", lambda: 1_700_000_050.0)

    def test_each_scope_counts_by_itself(self, alice, call, monkeypatch):
        keys = [AccessToken.objects.issue(alice).key for _ in range(2)]
        asked = [call(key, "post", "/api/conversions/", {}) for key in (*keys, keys[0])]
        assert [answer.status_code for answer in asked] == [400, 400, 429], "both tokens are one person's"
        assert (asked[-1].json()["error"]["code"], asked[-1]["Retry-After"]) == ("slow_down", "50")
        assert [call(keys[0], "post", "/api/voices/", {}).status_code for _ in range(2)] == [400, 429]
        assert [call(keys[0]).status_code for _ in range(5)] == [200] * 5
        monkeypatch.setattr(throttle.time, "time", lambda: 1_700_000_110.0)
        assert call(keys[0], "post", "/api/conversions/", {}).status_code == 400

    def test_other_people_go_on(self, alice, bob, call):
        key, other = (AccessToken.objects.issue(user).key for user in (alice, bob))
        assert [call(key, "post", "/api/voices/", {}).status_code for _ in range(2)] == [400, 429]
        assert call(other, "post", "/api/voices/", {}).status_code == 400


def test_old_keys_still_open_and_are_kept_as_digests(alice, call):
    old = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
    migration = import_module("accounts.migrations.0003_hash_old_tokens")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE authtoken_token (key varchar(40), created varchar(40), user_id integer)")
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, 'x', %s)", [old, alice.pk])
    editor = SimpleNamespace(connection=connection)
    migration.hash_old_tokens(apps, editor)
    migration.hash_old_tokens(apps, editor)
    assert "authtoken_token" not in connection.introspection.table_names()
    assert call(old).status_code == 200
    assert AccessToken.objects.get().digest == hashlib.sha256(old.encode()).hexdigest()
