"""What is done to the processes of the site, drawn by lot."""

import collections
import signal
import time

import psutil
from django.db import connection

KILL, STOP, GO_ON = signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT
LONGEST_STOP_SECONDS = 40.0


class Harm:
    def __init__(self, site, lot) -> None:
        self.site, self.lot = site, lot
        self.done = collections.Counter()
        self.stopped: list[tuple[float, psutil.Process]] = []
        self.weights = {
            self.kill_busy: 8,
            self.kill_idle: 2,
            self.kill_sentinel: 1,
            self.kill_cluster: 1,
            self.kill_supervisor: 1,
            self.kill_everything: 1,
            self.drain: 1,
            self.stop_worker: 2,
            self.hang_worker: 1,
        }
        if connection.vendor == "postgresql":
            self.weights[self.cut_connections] = 1

    def strike(self) -> None:
        [blow] = self.lot.choices(list(self.weights), list(self.weights.values()))
        if blow() is not False:
            self.done[blow.__name__] += 1

    def let_go_on(self, *, all_of_them: bool = False) -> None:
        """Wake those whose time has come, as if they had only been slow."""
        due = [pair for pair in self.stopped if all_of_them or pair[0] < time.monotonic()]
        self.stopped = [pair for pair in self.stopped if pair not in due]
        for _, process in due:
            self._signal(process, GO_ON)

    def kill_busy(self):
        return self._one(self.site.busy(), KILL)

    def kill_idle(self):
        return self._one(self.site.idle(), KILL)

    def kill_sentinel(self):
        return self._one(self.site.sentinels(), KILL)

    def kill_cluster(self):
        return self._one(self.site.clusters(), KILL)

    def kill_supervisor(self):
        self.site.supervisor.kill()
        self._restart()

    def kill_everything(self):
        """As when the power goes."""
        for process in self.site.everything():
            self._signal(process, KILL)
        self._restart()

    def drain(self):
        self.site.drain()
        self._restart()

    def stop_worker(self):
        """It goes on after a while, and may have been replaced."""
        return self._one(self.site.busy(), STOP, self.lot.uniform(2, LONGEST_STOP_SECONDS))

    def hang_worker(self):
        """It never goes on by itself."""
        return self._one(self.site.workers_alive(), STOP)

    def cut_connections(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def _restart(self) -> None:
        self.site.supervisor.wait()
        self.site.start()

    def _one(self, processes, number, seconds=None):
        if not processes:
            return False
        process = self.lot.choice(processes)
        if seconds is not None:
            self.stopped.append((time.monotonic() + seconds, process))
        return self._signal(process, number)

    @staticmethod
    def _signal(process, number) -> bool:
        try:
            process.send_signal(number)
        except psutil.Error:
            return False
        return True
