"""A site as an operator runs it: web server, workers, database. What a hostile file may not change of it."""

import ctypes
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

SECONDS = 60
CLOSING_SECONDS = 5
PR_SET_CHILD_SUBREAPER = 36
LISTENS = re.compile(r"Listening at: (http://[\d.:]+)")
PREPARE = """
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from accounts.models import AccessToken
call_command("migrate", verbosity=0)
print(AccessToken.objects.issue(User.objects.create_user("alice")).key)
"""
LIVING = ("jobs_workerbeat", "sqlite_sequence")
"""Tables that say how the workers are: they change by themselves."""


def adopt_orphans(wanted: bool) -> None:
    """On Linux a process whose parent dies becomes ours, so that no grandchild leaves our sight. Nobody buries them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted))


class Site:
    """One that runs, and somebody who sends things to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.hostile.settings",
            "DATABASE_URL": f"sqlite:///{home}/site.sqlite3",
            "VAR_DIR": str(home / "var"),
            "TMPDIR": str(home / "tmp"),
        }

    def start(self) -> None:
        adopt_orphans(True)
        for name in ("var", "tmp"):
            (self.home / name).mkdir()
        prepare = [sys.executable, "-c", PREPARE]
        self.token = subprocess.check_output(prepare, cwd=settings.BASE_DIR, env=self.environment, text=True).strip()
        self._run("web", "-m", "gunicorn", "voiceproject.wsgi", "--bind=127.0.0.1:0", "--workers=2", "--threads=2")
        self._run("workers", "manage.py", "runworkers", "--workers=2", "--queues=cpu")
        self.address = self.wait(lambda: LISTENS.search(self.said()))[1]
        self.wait(lambda: self.said().count("ready for work") >= 2)
        self.wait(lambda: self.ask("/api/usage/")[0] == 200 and self._settled())

    def _run(self, name: str, *command: str) -> None:
        options: dict[str, Any] = {"cwd": settings.BASE_DIR, "env": self.environment}
        with (self.home / f"{name}.log").open("wb") as log:
            started = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, **options)
        self.processes.append(started)

    def wait(self, condition: Any) -> Any:
        end = time.monotonic() + SECONDS
        while not (found := condition()):
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)
        return found

    def said(self) -> str:
        return "".join(path.read_text() for path in self.home.glob("*.log"))

    def _settled(self) -> bool:
        """Whether nothing starts or ends any more: two looks half a second apart see the same processes."""
        before = alive()
        time.sleep(0.5)
        return alive() == before

    def stop(self) -> None:
        adopt_orphans(False)
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(SECONDS)

    def ask(self, path: str, sent: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body of the answer; `sent` is uploaded."""
        headers = {"Content-Type": MULTIPART_CONTENT, "Authorization": f"Token {self.token}"}
        body = None if sent is None else encode_multipart(BOUNDARY, sent)
        request = urllib.request.Request(self.address + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def standing(self) -> dict[str, Any]:
        """Everything that must be as it was once a hostile file has been answered."""
        return {
            "processes": alive(),
            "files": {str(path): path.stat().st_size for path in self._files()},
            "rows": self._rows(),
            "usage": self.ask("/api/usage/"),
            "faults": self.said().count("Traceback"),
        }

    def standing_like(self, before: dict[str, Any]) -> dict[str, Any]:
        """How things stand; what an answer leaves to be closed after it was sent has some seconds for that."""
        end = time.monotonic() + CLOSING_SECONDS
        while (now := self.standing()) != before and time.monotonic() < end:
            time.sleep(0.05)
        return now

    def _files(self) -> list[Path]:
        places = [self.home / "tmp", *(self.home / "var" / name for name in ("files", "quarantine", "uploads", "work"))]
        return [path for place in places for path in place.rglob("*") if path.is_file()]

    def _rows(self) -> dict[str, int]:
        """How many rows each table has: voices, jobs, events, hints."""
        with closing(sqlite3.connect(f"file:{self.home}/site.sqlite3?mode=ro", uri=True, timeout=SECONDS)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            counts = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
        return {name: count for name, count in counts.items() if name not in LIVING}


def alive() -> set[tuple[int, float]]:
    """Every process below this one, by its id and the moment it began: an id may be given anew."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add((process.pid, process.create_time()))
        except psutil.NoSuchProcess:
            continue
    return found
