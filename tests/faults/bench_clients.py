"""What many clients at once get from a site: `python3 run.py bench --clients --people 50 --seconds 60`.

A site of its own, started as in production, in a scratch folder and with a database of its own. Each client is a person
who submits a short recording, looks at the list and at the job until it is done, fetches the result and begins anew.
Any answer but 2xx and 429, and any job that is lost, is a failure: the exit status says so.
"""

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from json import loads
from pathlib import Path

IDLE_REQUESTS = 100
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 60.0
PATIENCE_SECONDS = 300.0
LISTENS = re.compile(r"Listening at: (http://[\d.:]+)")
LISTING = "/api/conversions/"


def main() -> int:
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="voiceproject-bench-"))
    from tests.faults.soak.__main__ import database

    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "voiceproject.settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "a benchmark keeps no secrets, " * 2,
        "VAR_DIR": str(folder),
        "DATABASE_URL": database(options.database, folder),
        "RVC_THREADS": str(options.threads),
    }
    import django

    django.setup()
    try:
        return measure(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--people", type=int, default=50, help="clients at the same time")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which they ask")
    parser.add_argument("--workers", type=int, default=1, help="conversions at a time")
    parser.add_argument("--threads", type=int, default=0, help="of one conversion; 0 for all cores")
    parser.add_argument("--sound", type=float, default=1.0, help="seconds of one recording")
    return parser.parse_args()


@dataclass
class Book:
    """What all clients saw; each writes by itself, and appending is safe between threads."""

    answers: collections.Counter = field(default_factory=collections.Counter)
    listed: list = field(default_factory=list)
    accepted: list = field(default_factory=list)
    fetched: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status) -> None:
        with self.lock:
            self.answers[status] += 1


@dataclass
class Client:
    """One person's program."""

    address: str
    key: str
    book: Book

    def ask(self, path, sent=None):
        """Status and body of an answer; the status is 0 where none came."""
        from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

        headers = {"Authorization": f"Token {self.key}"} | ({"Content-Type": MULTIPART_CONTENT} if sent else {})
        body = encode_multipart(BOUNDARY, sent) if sent else None
        try:
            asked = urllib.request.Request(self.address + path, body, headers)
            with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, b""
        except OSError:
            status, content = 0, b""
        self.book.note(status)
        return status, content

    def look(self) -> float:
        """Seconds that the list takes."""
        began = time.monotonic()
        self.ask(LISTING)
        return time.monotonic() - began

    def work(self, voice, sound, end) -> None:
        while time.monotonic() < end:
            if job := self.submit(voice, sound):
                self.follow(job, end)
            time.sleep(PAUSE_SECONDS)

    def submit(self, voice, sound) -> str:
        """Id of the job; empty where it was not accepted."""
        from tests.base import upload

        status, content = self.ask(LISTING, {"voice": voice, "recording": upload(sound)})
        if status != 202:
            return ""
        job = loads(content)["id"]
        self.book.accepted.append(job)
        return job

    def follow(self, job, end) -> None:
        while time.monotonic() < end:
            self.book.listed.append(self.look())
            status, content = self.ask(f"{LISTING}{job}/")
            state = loads(content)["state"] if status == 200 else ""
            if state == "done" and self.ask(f"{LISTING}{job}/result/")[0] == 200:
                self.book.fetched.append(job)
            if state not in ("", "queued", "running"):
                return
            time.sleep(PAUSE_SECONDS)


def measure(options, folder) -> int:
    voice, keys = prepare(options)
    processes = [start(folder, "web", *web()), start(folder, "workers", *workers(options))]
    try:
        address = wait(lambda: LISTENS.search((folder / "web.log").read_text()), "the site listens")[1]
        wait(alive, "a worker is there")
        return tell(*ask_much(options, voice, [(address, key) for key in keys]))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def prepare(options):
    """The starter voice and a key for each person."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from accounts.tokens.models import AccessToken
    from models_app.bundled import install_starter

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    voice, _ = install_starter()
    voice.checks.all().delete()
    people = [User.objects.create_user(f"person{number}") for number in range(options.people)]
    return str(voice.pk), [AccessToken.objects.issue(person).key for person in people]


def web():
    """gunicorn, as `run.py` starts it, at a port that is free."""
    from django.conf import settings

    from launch.checkout import Checkout
    from launch.services import web_command

    return web_command(Checkout(settings.BASE_DIR, os.environ), "127.0.0.1", 0)[1:]


def workers(options):
    return "manage.py", "runworkers", f"--workers={options.workers}", "--queues=cpu"


def start(folder, name, *command):
    from django.conf import settings

    with (folder / f"{name}.log").open("w") as log:
        line = [sys.executable, *map(str, command)]
        return subprocess.Popen(line, cwd=settings.BASE_DIR, stdout=log, stderr=log)


def alive() -> bool:
    from jobs.models import WorkerBeat

    return WorkerBeat.objects.alive().exists()


def wait(condition, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"not within {PATIENCE_SECONDS:.0f} s: {what}")
        time.sleep(0.2)
    return found


def ask_much(options, voice, people):
    """The list of an idle site, then everybody at once; the book, and how long the idle lists took."""
    from tests.base import tone
    from tests.faults.bench import machine, say

    say(machine())
    book, sound = Book(), tone(options.sound)
    clients = [Client(address, key, book) for address, key in people]
    clients[0].submit(voice, sound)  # the worker loads what it needs, and the list is not empty
    if not book.accepted:
        raise SystemExit(f"the first recording was not accepted: {dict(book.answers)}")
    wait(lambda: all_ended(book), "the first job has ended")
    for _ in range(len(clients)):
        clients[0].look()  # every process of the site has answered once
    idle = [clients[0].look() for _ in range(IDLE_REQUESTS)]
    end = time.monotonic() + options.seconds
    threads = [threading.Thread(target=client.work, args=(voice, sound, end)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return book, idle


def states(book) -> collections.Counter:
    from conversions.models import Conversion

    rows = Conversion.objects.filter(pk__in=book.accepted).order_by()
    return collections.Counter(rows.values_list("state", flat=True))


def all_ended(book) -> bool:
    return not {"queued", "running"} & states(book).keys()


def tell(book, idle) -> int:
    from tests.faults.bench import say

    wait(lambda: all_ended(book), "every job has ended")
    ended = states(book)
    lost = len(book.accepted) - ended["done"]
    wrong = sum(count for status, count in book.answers.items() if status != 429 and not 200 <= status < 300)
    say("answers: " + ", ".join(f"{count} of {status or 'none'}" for status, count in sorted(book.answers.items())))
    say(
        f"jobs: {len(book.accepted)} accepted, {ended['done']} done, {lost} lost or failed, "
        f"{len(book.fetched)} results fetched while they asked"
    )
    say(f"list of an idle site: {spread(idle)}")
    say(f"list with everybody asking: {spread(book.listed)}")
    return int(wrong > 0 or lost > 0)


def spread(seconds) -> str:
    if not seconds:
        return "never asked"
    ordered = sorted(seconds)
    p50, p95 = (1000 * ordered[len(ordered) * part // 100] for part in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {len(ordered)} answers"


if __name__ == "__main__":
    sys.exit(main())
