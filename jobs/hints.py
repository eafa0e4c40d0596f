"""Hints: words to the queue that there is work. Where Redis carries them and is away, work is found without."""

import logging

from django.conf import settings
from django_q.brokers import get_broker
from django_q.brokers.redis_broker import Redis
from django_q.tasks import async_task
from redis import Redis as Connection
from redis.exceptions import RedisError

from jobs.queues import hint_list
from voiceproject.cache import patience

logger = logging.getLogger(__name__)

AWAY = "Redis does not answer, workers are told later: %s"


class RedisHints(Redis):  # type: ignore[misc]
    """Hints in Redis: whoever takes one waits at the other end, instead of asking the database twice a second."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Connection:
        return Connection.from_url(settings.REDIS_URL, **patience())


def send_hint(function: str, queue: str) -> None:
    """Have a worker of this queue called. A hint that is not sent is sent again by a reaper."""
    try:
        async_task(function, queue, cluster=hint_list(queue))
    except RedisError as error:
        logger.warning(AWAY, error)


def hints_waiting(queue: str) -> int:
    """How many hints of this queue nobody has taken. Raises RedisError."""
    return int(get_broker(hint_list(queue)).queue_size())
