"""The site that is soaked: its database, its people, its supervisor, and the processes of that by what they do."""

import os
import signal
import subprocess
import sys
import time

import psutil
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command

from jobs.reaper import job_models
from models_app.bundled import install_starter

LOG = settings.VAR_DIR / "workers.log"
NAMES = ("ann", "ben", "cleo", "dan", "eve")
DRAIN_SECONDS = 30.0


class Site:
    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.supervisor = None
        self.slow_drains = 0
        self.deaths = 0
        call_command("migrate", verbosity=0)
        self.voice, _ = install_starter()
        self.people = [User.objects.create_user(name) for name in NAMES]

    def start(self) -> None:
        command = [sys.executable, settings.BASE_DIR / "manage.py", "runworkers", "--queues=cpu,import"]
        with LOG.open("a") as log:
            self.supervisor = subprocess.Popen(
                [*command, f"--workers={self.workers}"], stdout=log, stderr=log, start_new_session=True
            )

    def watch(self) -> None:
        """A supervisor that nobody killed lives."""
        if self.supervisor.poll() is not None:
            self.deaths += 1
            self.start()

    def drain(self) -> None:
        """Ask it to stop, as an operator does; that it does so well and soon is looked at, too."""
        begun = bool(self.clusters())  # before, the signal ends it by itself: nothing is under way
        asked = time.monotonic()
        self.supervisor.terminate()
        try:
            status = self.supervisor.wait(2 * DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()
            status = self.supervisor.wait()
        if (status and begun) or time.monotonic() - asked > DRAIN_SECONDS:
            self.slow_drains += 1

    def clusters(self) -> list[psutil.Process]:
        return self._children(self.supervisor.pid)

    def sentinels(self) -> list[psutil.Process]:
        return [child for cluster in self.clusters() for child in self._children(cluster.pid)]

    def workers_alive(self) -> list[psutil.Process]:
        """The sentinels' children: django-q2's workers, and what brings them work and takes their results."""
        return [child for sentinel in self.sentinels() for child in self._children(sentinel.pid)]

    def busy(self) -> list[psutil.Process]:
        pids = {job.worker_pid for model in job_models() for job in model._default_manager.all().running()}
        return [process for process in self.workers_alive() if process.pid in pids]

    def idle(self) -> list[psutil.Process]:
        busy = self.busy()
        return [process for process in self.workers_alive() if process not in busy]

    def everything(self) -> list[psutil.Process]:
        """Every process that writes to this site's folder, but not this one: those that should be gone at the end."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("VAR_DIR") == str(settings.VAR_DIR) and process.pid != os.getpid()
                if ours and "postgres" not in process.name() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end(self) -> None:
        for process in self.everything():
            process.send_signal(signal.SIGCONT)
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.drain()

    @staticmethod
    def _children(pid: int) -> list[psutil.Process]:
        try:
            return [child for child in psutil.Process(pid).children() if child.status() != psutil.STATUS_ZOMBIE]
        except psutil.Error:
            return []
