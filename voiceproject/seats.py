"""How many requests of this process may stay for long: each holds one of the few threads that answer everybody."""

import functools
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from voiceproject.errors import SlowDown

OF_A_PERSON = 2


class Seats:
    def __init__(self, count: int, of_a_person: int) -> None:
        self.count, self.of_a_person = count, of_a_person
        self.taken: Counter[Any] = Counter()
        self.lock = threading.Lock()

    def take(self, person: Any) -> bool:
        """Whether there is one for this person, who has it then until `leave`."""
        with self.lock:
            free = self.taken.total() < self.count and self.taken[person] < self.of_a_person
            self.taken[person] += free
            return free

    def leave(self, person: Any) -> None:
        with self.lock:
            self.taken[person] -= 1
            self.taken += Counter()  # forgets people who sit nowhere

    @contextmanager
    def taken_by(self, person: Any) -> Iterator[bool]:
        seated = self.take(person)
        try:
            yield seated
        finally:
            if seated:
                self.leave(person)


class Seated:
    """Blocks that are sent over a long time. They hold a seat until they are closed, whether they were begun or not."""

    def __init__(self, person: Any, blocks: Iterable[bytes], among: Seats | None = None) -> None:
        """among: where the person has a seat already; None: takes one of `seats`.

        Raises SlowDown when too many of this process, or of this person, listen.
        """
        if among is None and not seats().take(person):
            raise SlowDown("Too many listen already: ask for the conversion itself now and then.", retry_after=5)
        self.person, self.blocks, self.seats, self.seated = person, blocks, among or seats(), True

    def __iter__(self) -> Iterator[bytes]:
        yield from self.blocks

    def close(self) -> None:
        if self.seated:
            self.seated = False
            self.seats.leave(self.person)


@functools.cache
def seats() -> Seats:
    """Those of this process."""
    return Seats(settings.LONG_REQUESTS, OF_A_PERSON)
