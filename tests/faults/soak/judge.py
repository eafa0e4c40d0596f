"""What became of everything that was accepted."""

import collections
import io
import os
import time
from collections.abc import Iterator

import psutil
import soundfile
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from jobs.models import FINAL, JobEvent, State
from tests.jobs.chores.models import FOLDER

LATER = 2 * 3600
GIVEN_UP = {"job_crashed", "job_timed_out"}
ENDS = {
    "bug": [("failed", "job_crashed")],
    "poison": [("failed", "job_crashed")],
    "hang": [("failed", "job_timed_out")],
    "memory": [("failed", "out_of_memory")],
    "content": [("rejected", "not_audio")],
    "import": [("failed", "upstream")],
}


class Verdict:
    def __init__(self, site, people) -> None:
        self.site, self.people = site, people
        self.faults = collections.defaultdict(list)
        self.given_up = 0

    def judge(self) -> None:
        for wish in self.people.book:
            if wish.deleted:
                if wish.row is not None:
                    self.faults["undead"].append(f"{wish.kind} {wish.pk} was deleted and is there")
                continue
            for fault, words in self._faults_of(wish, wish.row):
                self.faults[fault].append(f"{wish.kind} {wish.pk}: {words}")
        self._judge_what_is_left()

    def _faults_of(self, wish, row) -> Iterator[tuple[str, str]]:
        if row is None:
            yield "lost", "its row is gone"
            return
        if row.state not in FINAL:
            yield "stuck", f"{row.state}, attempt {row.attempt}, {row.stage}"
            return
        yield from (("doubled", words) for words in history(row, wish.retries))
        if wish.cancelled or row.state == State.CANCELLED:
            if not wish.cancelled or row.state != State.CANCELLED:
                yield "lost", f"{row.state}, cancelled by its owner: {wish.cancelled}"
        elif (row.state, row.error_code) in ENDS.get(wish.kind, ()):
            return
        elif row.error_code in GIVEN_UP and row.attempt >= settings.JOB_MAX_ATTEMPTS:
            self.given_up += 1
        elif row.state != State.DONE or wish.kind in ENDS:
            yield "lost", f"ended {row.state} {row.error_code}: {row.error_message}"
        elif words := self._wrong_result(wish, row):
            yield "lost", words

    def _wrong_result(self, wish, row) -> str:
        """Why the result is not what was asked for; empty when it is."""
        if wish.kind == "ok":
            return "" if (FOLDER / row.result).is_file() else "done, and its file is missing"
        try:
            with row.result.open("rb") as handle:
                heard = soundfile.info(io.BytesIO(handle.read()))
        except (OSError, ValueError, soundfile.LibsndfileError) as error:
            return f"done, and its file cannot be heard: {error}"
        wanted = round(wish.frames * heard.samplerate / self.people.rate)
        if abs(heard.frames - wanted) > 0:
            return f"{heard.frames} frames instead of {wanted}"
        return ""

    def _judge_what_is_left(self) -> None:
        """After the supervisor has ended."""
        self.faults["processes left"] += [f"{process}" for process in self.site.everything()]
        self.faults["connections left"] += connections()
        for name in ("work", "quarantine", "uploads"):
            self.faults["folders left"] += [str(path) for path in (settings.VAR_DIR / name).glob("*")]
        age(settings.VAR_DIR)
        self.swept = len(told("storage", "--sweep"))
        try:
            told("storage", "--check")
        except CommandError as error:
            self.faults["storage --check"].append(str(error))
        self.faults["drains that failed"] += ["one took too long, or ended badly"] * self.site.slow_drains
        self.faults["supervisors that died"] += ["by itself"] * self.site.deaths


def history(row, retries: int) -> Iterator[str]:
    """What is wrong in the story of a job: each line begins where the one before ended, and it ended once a try."""
    events = list(JobEvent.objects.of(row))
    states = [""] + [event.after for event in events]
    for before, event in zip(states, events, strict=False):
        if event.before != before:
            yield f"{event.before or 'new'} → {event.after} came after {before}"
    ends = sum(event.after in FINAL for event in events)
    if ends != 1 + retries:
        yield f"it ended {ends} times, with {retries} retries"
    if events and events[-1].after != row.state:
        yield f"its row says {row.state}, its last line {events[-1].after}"


def age(folder) -> None:
    """As if everything had lain there for hours: what is young may be on its way to its row."""
    then = time.time() - LATER
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def told(*words) -> list[str]:
    output = io.StringIO()
    call_command(*words, stdout=output)
    return output.getvalue().splitlines()


def connections() -> list[str]:
    """Who else has the database open."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid, state, query FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            return [str(row) for row in cursor.fetchall()]
    name = str(connection.settings_dict["NAME"])
    return [
        str(process) for process in psutil.process_iter() if process.pid != os.getpid() and name in _opened(process)
    ]


def _opened(process) -> set[str]:
    try:
        return {file.path for file in process.open_files()}
    except (psutil.Error, OSError):
        return set()
