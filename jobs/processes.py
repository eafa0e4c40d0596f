"""Processes that end together: whoever dies takes what it started along."""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 5.0


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent goes. Linux only; elsewhere it changes nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the kernel knew
        os._exit(1)


def tie_forks() -> None:
    """From now on every process forked here dies with its parent, and so do their own children."""
    pids = {"parent": os.getpid()}
    os.register_at_fork(
        before=lambda: pids.update(parent=os.getpid()),
        after_in_child=lambda: die_with(pids["parent"]),
    )


class Tree:
    """A command in a session of its own, with everything that it starts."""

    def __init__(self, command: Sequence[str | Path], environment: dict[str, str]) -> None:
        self.root = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Safe here: the supervisor has no threads, and this makes two system calls.
            preexec_fn=functools.partial(die_with, os.getpid()),  # noqa: PLW1509
        )

    @property
    def pid(self) -> int:
        return self.root.pid

    def alive(self) -> bool:
        """Whether the root runs. A dead root stays unreaped until `kill`: its number names nobody else."""
        return bool(psutil.Process(self.root.pid).status() != psutil.STATUS_ZOMBIE)

    def workers(self) -> set[int]:
        """Process ids of the root's living grandchildren: django-q2's sentinel is the child, its workers are these."""
        found = set()
        with contextlib.suppress(psutil.Error):
            for sentinel in psutil.Process(self.root.pid).children():
                found |= {process.pid for process in sentinel.children() if _lives(process)}
        return found

    def memory(self) -> int:
        """Resident bytes of these grandchildren together; what they share counts for each."""
        total = 0
        for pid in self.workers():
            with contextlib.suppress(psutil.Error):
                total += psutil.Process(pid).memory_info().rss
        return total

    def kill(self) -> None:
        """End all of it, now."""
        self.root.kill()
        for _ in range(10):  # one that was forked meanwhile is found in the next round
            members = [member for member in self._members() if _lives(member)]  # the dead may lie there for good
            for member in members:
                with contextlib.suppress(psutil.Error):
                    member.kill()
            if not members:
                break
            _wait_for(members)
        self.root.wait()

    def _members(self) -> Iterator[psutil.Process]:
        """Everybody in the session but the root, and their children in sessions of their own."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if process.pid != self.root.pid and os.getsid(process.pid) == self.root.pid:
                    yield from process.children(recursive=True)
                    yield process


def _wait_for(members: Sequence[psutil.Process]) -> None:
    """Wait until they are dead, which is earlier than gone where nobody buries them."""
    end = time.monotonic() + PATIENCE_SECONDS
    while members and time.monotonic() < end:
        _, left = psutil.wait_procs(members, timeout=0.05)
        members = [member for member in left if _lives(member)]


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False
