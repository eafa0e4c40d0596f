"""Has things removed from time to time, each in a process of its own: storage may be slow.

What killed processes left behind is swept; what people wanted to be kept for a while only is forgotten.
"""

import logging
import os
import sys
import time
from collections.abc import Sequence

from django.conf import settings

from jobs.processes import Tree

logger = logging.getLogger(__name__)

SCRIPT = "manage.py"
LONGEST_SECONDS = 600.0
"""An errand that takes longer is ended; the next one goes on with what is left."""


class Errand:
    """Any number may run, on one machine or several: what one has removed the others do not find."""

    def __init__(self, words: Sequence[str], minutes: int) -> None:
        """words: the command. minutes: how often it runs, 0 never."""
        self.words = words
        self.every = minutes * 60
        self.process: Tree | None = None
        self.started = time.monotonic()  # not at once: the start of a site is busy enough

    def tick(self) -> None:
        """Start it when it is time, look after it while it runs."""
        lasted = time.monotonic() - self.started
        if self.process is None:
            if 0 < self.every <= lasted:
                self.start()
        elif (not self.process.alive() or lasted > LONGEST_SECONDS) and (status := self.end()):
            logger.warning("`%s` ended with %d after %.0f s", " ".join(self.words), status, lasted)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = Tree([sys.executable, settings.BASE_DIR / SCRIPT, *self.words], dict(os.environ))

    def end(self) -> int:
        """What it ended with; negative when it was stopped, 0 when it did not run."""
        if self.process is None:
            return 0
        self.process.kill()
        status, self.process = self.process.root.returncode, None
        return status


class Sweeper:
    def __init__(self) -> None:
        self.errands = (
            Errand(("storage", "--sweep"), settings.SWEEP_MINUTES),
            Errand(("forget",), settings.FORGET_MINUTES),
        )

    def tick(self) -> None:
        for errand in self.errands:
            errand.tick()

    def end(self) -> None:
        for errand in self.errands:
            errand.end()
