"""What web processes remember together: in Redis, and in the database while that is away."""

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.urls import reverse

from tests.redis_server import RedisServer


@pytest.fixture
def redis():
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def cache(redis, settings, db):
    settings.CACHES = {
        "default": {"BACKEND": "voiceproject.cache.SharedCache", "LOCATION": redis.url},
        "database": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    }
    call_command("createcachetable")
    return caches["default"]


def test_it_works(cache, redis):
    cache.set("a", 1, 30)
    assert cache.incr("a") == 2
    assert cache.get("a") == 2
    assert cache.add("a", 5) is False
    assert redis.line().keys("*") == [b"voiceproject:1:a"]
    assert caches["database"].get("a") is None
    cache.delete("a")
    assert cache.get("a", "nothing") == "nothing"


def test_the_database_remembers_while_redis_is_away(cache, redis):
    redis.kill()
    cache.set("a", 1, 30)
    assert cache.incr("a") == 2
    assert cache.get("a") == 2
    assert cache.get_or_set("b", lambda: 7, 30) == 7
    redis.start()
    assert cache.get("a") is None


def test_a_counter_goes_on_when_redis_dies_between_two_steps(cache, redis):
    cache.add("tries", 0, 30)
    redis.kill()
    assert cache.incr("tries") == 1


@pytest.mark.parametrize("alive", [True, False])
def test_guessing_is_slowed_down_all_the_same(cache, redis, client, alice, alive):
    if not alive:
        redis.kill()
    wrong = {"username": "alice", "password": "wrong"}
    answers = [client.post(reverse("login"), wrong).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]
