"""Redis carries the hints, and dies: the rows know better."""

import time
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.test import override_settings
from django_q.conf import Conf

from jobs.models import State
from tests.faults.base import OUTPUT, FaultCase
from tests.jobs.chores.models import Chore
from tests.redis_server import RedisServer


class RedisTests(FaultCase):
    """The test itself submits as a web process does: with Redis as its queue, too."""

    @classmethod
    def setUpClass(cls):
        cls.redis = RedisServer()
        cls.redis.start()
        cls.enterClassContext(override_settings(REDIS_URL=cls.redis.url))
        cls.enterClassContext(mock.patch.object(Conf, "BROKER_CLASS", "jobs.hints.RedisHints"))
        cls.addClassCleanup(cls.redis.kill)
        super().setUpClass()

    def start(self, **more):
        super().start(REDIS_URL=self.redis.url, **more)

    def submit(self, count, **fields):
        """As a request does it: the row, and the hint once it is committed."""
        for _ in range(count):
            with transaction.atomic():
                chore = Chore.objects.create(owner=self.alice, **fields)
                transaction.on_commit(chore.hint, robust=True)

    def test_it_works(self):
        self.submit(10, seconds=0.05)
        self.wait_until_final(15)
        self.assert_each_done_once()
        assert len(self.lines("start")) == 10
        assert self.redis.line().keys("django_q:voiceproject-cpu:q") == []

    def test_hints_that_redis_forgot_are_sent_again(self):
        self.submit(2, seconds=1)
        self.wait_until_running(2)
        self.submit(6, seconds=0.05)
        assert self.redis.line().llen("django_q:voiceproject-cpu:q") > 0
        self.redis.line().flushall()
        self.wait_until_final(20)
        self.assert_each_done_once()

    def test_redis_dies_in_the_middle(self):
        self.submit(2, seconds=2)
        self.wait_until_running(2)
        self.redis.kill()
        asked = time.monotonic()
        self.submit(4, seconds=0.05)
        assert time.monotonic() - asked < 5, "nobody waits for Redis"
        self.wait(lambda: Chore.objects.filter(state=State.DONE).count() == 2, 10, "what ran goes on")
        time.sleep(1)
        assert Chore.objects.filter(state=State.QUEUED).count() == 4
        self.redis.start()
        self.wait_until_final(40)
        self.assert_each_done_once()
        assert "Redis does not answer" in OUTPUT.read_text()

    def test_the_site_starts_while_redis_is_away(self):
        self.end()
        self.redis.kill()
        self.submit(2)
        self.start()
        time.sleep(3)
        assert self.supervisor.poll() is None
        assert Chore.objects.waiting().count() == 2
        self.redis.start()
        self.wait_until_final(40)
        self.assert_each_done_once()


def test_the_database_carries_hints_where_there_is_no_redis():
    assert settings.REDIS_URL == ""
    assert settings.Q_CLUSTER["broker_class"] is None
    assert settings.Q_CLUSTER["orm"] == "default"
