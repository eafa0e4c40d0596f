"""The programs that run.py keeps running: the worker and the web server, each in a process group of its own."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from launch.checkout import Checkout
from launch.console import Trouble, say

START_SECONDS = 60.0
STOP_SECONDS = 40.0
"""A worker gives its running conversion back within 30 s of being asked to stop."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Service:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Services:
    """Starts programs and ends them all when left, whatever the reason for leaving."""

    def __init__(self, checkout: Checkout, *, workers: int | None = None) -> None:
        self.checkout = checkout
        self.environ = checkout.child_environ(**({"WORKERS": str(workers)} if workers else {}))
        self.running: dict[str, Service] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.running:
            say("Stopping …")
        self.end()

    def start(self, name: str, command: Sequence[str | Path]) -> None:
        """Start a program with a log of its own; nothing when it runs already."""
        if name in self.running:
            return
        log = self.checkout.var / "log" / f"{name}.log"
        with log.open("ab") as written:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.checkout.root,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one thread here
            )
        self.running[name] = Service(name, process, log)

    def start_worker(self) -> None:
        self.start("worker", self.checkout.manage("runworkers"))

    def serve(self, host: str, port: int) -> None:
        """Serve the site until Ctrl-C or SIGTERM. Trouble when a program ends by itself."""
        self.start("web", web_command(self.checkout, host, port))
        address = site_address(host, port)
        self._wait_for_answer(host, port)
        say(f"Voiceproject is at {address}   (logs: {self.checkout.var / 'log'}; stop with Ctrl-C)")
        if host not in ("127.0.0.1", "localhost", "::1"):
            say("Other machines reach it only by names listed in ALLOWED_HOSTS in .env.")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                self.check()
                time.sleep(0.5)

    def check(self) -> None:
        """Raise Trouble when one of the programs has ended."""
        for service in self.running.values():
            if service.process.poll() is not None:
                raise Trouble(f"The {service.name} stopped by itself: the end of {service.log} says why.")

    def end(self) -> None:
        """Ask every program to stop, wait, and kill the groups of those that do not."""
        for service in self.running.values():
            _signal_group(service.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for service in self.running.values():
            try:
                service.process.wait(max(0.1, deadline - time.monotonic()))
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                deadline = 0.0  # a second Ctrl-C, or too late: no more waiting for anyone
            _kill_group(service.process)
        self.running.clear()

    def _wait_for_answer(self, host: str, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(host, port):
            self.check()
            if time.monotonic() > deadline:
                raise Trouble(
                    f"The web server did not answer within {START_SECONDS:.0f} s: see {self.running['web'].log}."
                )
            time.sleep(0.1)


def web_command(checkout: Checkout, host: str, port: int) -> list[str | Path]:
    """gunicorn; on Windows, where it does not run, Django's own server."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if os.name == "nt":
        say("Windows: serving with Django's own server, which is meant for one person, not for the open internet.")
        return checkout.manage("runserver", "--noreload", shown)
    options = ["--worker-class", "gthread", "--workers", "2", "--threads", "16", "--timeout", "120"]
    return [checkout.python, "-m", "gunicorn", "voiceproject.wsgi", "--bind", shown, *options]


def site_address(host: str, port: int) -> str:
    """The address to open on this machine."""
    name = {"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost"}.get(host, host)  # noqa: S104
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def check_port(host: str, port: int) -> None:
    """Raise Trouble when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise Trouble(
            f"Port {port} on {host} cannot be used ({error.strerror}): choose another with --port, "
            "or stop the program that uses it."
        ) from error


def _listens(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    with contextlib.suppress(OSError), socket.create_connection((target, port), timeout=1.0):
        return True
    return False


def _end_with_parent() -> None:
    """Ask Linux to stop this program when run.py dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a program's group: nothing, when it stopped in order."""
    with contextlib.suppress(ProcessLookupError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
