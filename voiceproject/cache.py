"""What all web processes remember together, in Redis where there is one."""

import logging
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)


def patience() -> dict[str, Any]:
    """How long a connection to Redis is waited for, in seconds; a line that broke meanwhile is mended once."""
    return {"socket_connect_timeout": 2, "socket_timeout": 5, "retry": Retry(NoBackoff(), 1)}


class SharedCache(RedisCache):
    """Redis, and the database while Redis is away: what slows down guessers must not stop to count."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "KEY_PREFIX": "voiceproject", "OPTIONS": patience()})

    def get(self, *words: Any, **named: Any) -> Any:
        return self._or_database("get", *words, **named)

    def add(self, *words: Any, **named: Any) -> Any:
        return self._or_database("add", *words, **named)

    def set(self, *words: Any, **named: Any) -> Any:
        return self._or_database("set", *words, **named)

    def incr(self, key: str, *words: Any, **named: Any) -> Any:
        try:
            return self._or_database("incr", key, *words, **named)
        except ValueError:  # added to the one, and the other is asked
            self.add(key, 0)
            return self._or_database("incr", key, *words, **named)

    def delete(self, *words: Any, **named: Any) -> Any:
        return self._or_database("delete", *words, **named)

    def _or_database(self, name: str, *words: Any, **named: Any) -> Any:
        try:
            return getattr(super(), name)(*words, **named)
        except RedisError as error:
            logger.warning("Redis does not answer, the database remembers instead: %s", error)
            return getattr(caches["database"], name)(*words, **named)
