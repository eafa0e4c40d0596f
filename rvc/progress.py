"""Telling the caller how far a conversion is, often enough that it can be stopped at any time."""

import time
from collections.abc import Callable

TICK_SECONDS = 0.2

Progress = Callable[[str, float], None]
"""Called with the stage and the fraction of the whole, 0..1; what it raises ends the conversion."""


class Reporter:
    """Passes progress on, and says the same again while a long step is under way."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = ("prepare", 0.0)
        self._told = 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        """A new position."""
        self._last, self._told = (stage, fraction), time.monotonic()
        self._progress(stage, fraction)

    def again(self) -> None:
        """The position has not changed; told at most every TICK_SECONDS."""
        if time.monotonic() - self._told >= TICK_SECONDS:
            self(*self._last)
