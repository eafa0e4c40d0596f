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

OUTPUT = FOLDER / "workers.log"


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
    environment: dict[str, str] = {}  # noqa: RUF012 - read only

    def setUp(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        LOG.touch()
        OUTPUT.touch()
        self.alice = User.objects.create_user("alice")
        self.started = []
        self.addCleanup(self.kill_everything)

    def start(self, workers=2):
        """A supervisor whose workers are ready."""
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings_faults",
            "DATABASE_URL": database_url(),
            "VAR_DIR": str(settings.VAR_DIR),
        }
        seen = len(self.ready())
        command = [sys.executable, settings.BASE_DIR / "manage.py", "runworkers", f"--workers={workers}"]
        with OUTPUT.open("a") as output:
            self.supervisor = subprocess.Popen(
                command, env=environment | self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.started.append(self.supervisor)
        self.wait(lambda: len(self.ready()) == seen + workers, 20, "workers ready")

    def ready(self):
        """Process ids of all workers that ever were ready, the latest last."""
        return [int(pid) for pid in re.findall(r"ready for work at (\d+)", OUTPUT.read_text())]

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
        files = sorted(path.name for path in FOLDER.iterdir() if path not in (LOG, OUTPUT))
        assert files == sorted(Chore.objects.values_list("result", flat=True))

    def kill_everything(self):
        for supervisor in self.started:
            if supervisor.poll() is None:
                children = psutil.Process(supervisor.pid).children(recursive=True)
                supervisor.kill()
                psutil.wait_procs(children, timeout=5)
            supervisor.wait()

    def kill(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
