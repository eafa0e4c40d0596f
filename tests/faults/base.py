"""A real supervisor with a real cluster, on the test's own database, and what it takes to break them."""

import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import TransactionTestCase

from tests.jobs.chores.models import FOLDER, LOG, Chore

OUTPUT = settings.VAR_DIR / "workers.log"


def database_url():
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return f"postgresql://{database['USER']}:@/{database['NAME']}?host={database['OPTIONS']['host']}"


def alive(pids):
    """Those of these processes that still do something."""
    found = set()
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.add(pid)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.mark.worker
class FaultCase(TransactionTestCase):
    supervisor = None
    """Lives on from test to test unless a test ends it: starting one takes seconds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        OUTPUT.write_text("")

    @classmethod
    def tearDownClass(cls):
        cls.end()
        super().tearDownClass()

    @classmethod
    def end(cls):
        if cls.supervisor is not None and cls.supervisor.poll() is None:
            cls.supervisor.terminate()
            cls.supervisor.wait(10)

    def setUp(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        LOG.touch()
        self.alice = User.objects.create_user("alice")
        if self.supervisor is None or self.supervisor.poll() is not None:
            self.start()
        self.wait(lambda: len(self.ready()) == 2, 30, "two workers ready")

    def start(self, timeout=3, settings_module="tests.settings_faults", queues="cpu", workers=2, **more):
        """more: other environment variables."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": settings_module,
            "DATABASE_URL": database_url(),
            "VAR_DIR": str(settings.VAR_DIR),
            "JOB_TIMEOUT_SECONDS": str(timeout),
            "JOB_MAX_ATTEMPTS": "2",
            **more,
        }
        command = [
            sys.executable,
            settings.BASE_DIR / "manage.py",
            "runworkers",
            f"--workers={workers}",
            f"--queues={queues}",
        ]
        with OUTPUT.open("a") as output:
            type(self).supervisor = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def ready(self):
        """Process ids of the workers that live and said that they are ready."""
        return alive(int(pid) for pid in re.findall(r"ready for work at (\d+)", OUTPUT.read_text()))

    def tree(self):
        """The supervisor's children: qcluster, its sentinel, the workers, the monitor, the pusher."""
        return [process.pid for process in psutil.Process(self.supervisor.pid).children(recursive=True)]

    def sentinel(self):
        [cluster] = psutil.Process(self.supervisor.pid).children()
        return cluster.children()[0].pid

    def add(self, count=1, *, hinted=True, **fields):
        chores = [Chore.objects.create(owner=self.alice, **fields) for _ in range(count)]
        for chore in chores if hinted else ():
            chore.hint()
        return chores

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.1)
        pytest.fail(f"not within {seconds} s: {what}\n{self.states()}\n{OUTPUT.read_text()[-6000:]}")

    def wait_until_final(self, seconds):
        self.wait(lambda: not Chore.objects.active().exists(), seconds, "every job in a final state")

    def wait_until_running(self, count=1):
        self.wait(lambda: len(self.lines("start")) >= count, 10, "jobs started")

    def states(self):
        return collections.Counter(Chore.objects.values_list("state", "error_code", "attempt"))

    def lines(self, word):
        """(job, pid) of each line in the log of what really ran."""
        lines = [line.split() for line in LOG.read_text().splitlines()]
        return [(job, int(pid)) for first, job, pid in lines if first == word]

    def assert_each_done_once(self):
        """All done, each with one result, each result with its file, and no file that nobody knows."""
        assert set(Chore.objects.values_list("state", flat=True)) == {"done"}, self.states()
        files = sorted(path.name for path in FOLDER.iterdir() if path != LOG)
        assert files == sorted(Chore.objects.values_list("result", flat=True))

    def kill(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
