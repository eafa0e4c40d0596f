"""The soak itself: one loop in which people ask, processes are harmed and memory is looked at; then the table."""

import collections
import random
import sys
import time

import psutil
from django.db import Error, connection

from jobs.models import JobEvent
from tests.faults.soak.harm import Harm
from tests.faults.soak.judge import Verdict
from tests.faults.soak.memory import Memory
from tests.faults.soak.people import People
from tests.faults.soak.site import LOG, Site

NAP_SECONDS = 0.1
QUIET_SECONDS = 300.0
SAMPLE_SECONDS = 5.0
SAID_SECONDS = 30.0
SHORTEST_SLOPE = 0.25
"""Of the calm time: processes that lived for less say nothing about their memory."""
COUNTED = ("lost", "doubled", "stuck")


class Soak:
    def __init__(self, options) -> None:
        self.options = options
        lot = random.Random(options.seed)
        self.lot, self.site = lot, Site(options.workers)
        self.people, self.harm, self.memory = People(self.site, lot), Harm(self.site, lot), Memory()
        self.trouble = collections.Counter()
        self.next = {}

    def run(self) -> bool:
        """Whether anything went wrong."""
        self.site.start()
        self.began = time.monotonic()
        try:
            self._bustle()
            self.harm.let_go_on(all_of_them=True)
            self._wait_until_quiet()
        finally:
            self.site.end()
        verdict = Verdict(self.site, self.people)
        verdict.judge()
        return self._tell(verdict)

    def _bustle(self) -> None:
        whole = self.options.minutes * 60
        while (lasted := time.monotonic() - self.began) < whole:
            self._every(self.options.pause, self.people.ask)
            self._every(self.options.pause * 4, self.people.meddle)
            self.people.calm = lasted >= whole * (1 - self.options.calm)
            if not self.people.calm:
                self._every(self.options.peace, self.harm.strike)
            self.harm.let_go_on()
            self._look()
            time.sleep(NAP_SECONDS)

    def _every(self, seconds, act) -> None:
        """Do it from time to time, so often on average; a database that is away for a moment is nobody's fault here."""
        now = time.monotonic()
        if now < self.next.setdefault(act, now + seconds):
            return
        try:
            act()
        except Error as error:
            self.trouble[f"{act.__name__}: {type(error).__name__}"] += 1
            connection.close()
        self.next[act] = time.monotonic() + self.lot.expovariate(1 / seconds)

    def _look(self) -> None:
        now = time.monotonic()
        if now >= self.next.get("sample", 0):
            self.next["sample"] = now + SAMPLE_SECONDS
            self.site.watch()
            self.memory.look("worker", self.site.workers_alive())
            self.memory.look("supervisor", [psutil.Process(self.site.supervisor.pid)])
        if now >= self.next.get("said", 0):
            self.next["said"] = now + SAID_SECONDS
            self._say()

    def _say(self) -> None:
        states = ", ".join(f"{state} {count}" for state, count in sorted(self.people.states().items()))
        minutes = (time.monotonic() - self.began) / 60
        struck = self.harm.done.total()
        sys.stdout.write(f"{minutes:6.1f} min  accepted {len(self.people.book)}  {states}  blows {struck}\n")
        sys.stdout.flush()

    def _wait_until_quiet(self) -> None:
        end = time.monotonic() + QUIET_SECONDS
        while self.people.busy() and time.monotonic() < end:
            self._look()
            time.sleep(NAP_SECONDS)

    def _tell(self, verdict) -> bool:
        growths = self.memory.growths(self.options.minutes * 60 * self.options.calm * SHORTEST_SLOPE)
        worst = max((growth.mib_per_hour for growth in growths), default=0.0)
        deleted = sum(wish.deleted for wish in self.people.book)
        kinds = collections.Counter(wish.kind for wish in self.people.book)
        lines = [
            ("accepted", len(self.people.book), _words(kinds)),
            ("deleted by their owners", deleted, ""),
            ("tried again by their owners", sum(wish.retries for wish in self.people.book), ""),
            ("blows", self.harm.done.total(), _words(self.harm.done)),
            ("attempts taken back", JobEvent.objects.filter(before="running", after="queued").count(), ""),
            ("given up after all attempts", verdict.given_up, ""),
            ("files left by kills, swept", verdict.swept, ""),
            ("warnings and errors in the log", *_log_lines()),
            ("requests that met no database", self.trouble.total(), _words(self.trouble)),
            *((name, len(verdict.faults[name]), "") for name in COUNTED),
            *((name, len(words), "") for name, words in sorted(verdict.faults.items()) if name not in COUNTED),
        ]
        for name, number, words in lines:
            sys.stdout.write(f"{name:34}{number:6}  {words}\n")
        for growth in growths:
            sys.stdout.write(
                f"{growth.role} {growth.pid}: {growth.mib:.0f} MiB after {growth.minutes:.0f} warm minutes, "
                f"{growth.mib_per_hour:+.1f} MiB an hour, {growth.files:+d} open files\n"
            )
        for name, words in verdict.faults.items():
            for word in words:
                sys.stdout.write(f"{name}: {word}\n")
        return any(verdict.faults.values()) or worst > self.options.growth


def _words(counted) -> str:
    return ", ".join(f"{name} {number}" for name, number in counted.most_common())


def _log_lines() -> tuple[int, str]:
    text = LOG.read_text(errors="replace")
    found = collections.Counter(level for level in ("WARNING", "ERROR") for _ in range(text.count(f" {level} ")))
    return found.total(), _words(found)
