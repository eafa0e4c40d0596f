"""Has what killed processes left behind removed from time to time, in a process of its own: storage may be slow."""

import logging
import os
import sys
import time

from django.conf import settings

from jobs.processes import Tree

logger = logging.getLogger(__name__)

COMMAND = ("manage.py", "storage", "--sweep")
LONGEST_SECONDS = 600.0
"""A sweep that takes longer is ended; the next one goes on with what is left."""


class Sweeper:
    """Any number may run, on one machine or several: what one has removed the others do not find."""

    def __init__(self) -> None:
        self.sweep: Tree | None = None
        self.started = time.monotonic()  # not at once: the start of a site is busy enough

    def tick(self) -> None:
        """Start a sweep when it is time for one, look after one that runs."""
        lasted = time.monotonic() - self.started
        if self.sweep is None:
            if 0 < settings.SWEEP_MINUTES * 60 <= lasted:
                self.start()
        elif (not self.sweep.alive() or lasted > LONGEST_SECONDS) and (status := self.end()):
            logger.warning("the sweep of the storage ended with %d after %.0f s", status, lasted)

    def start(self) -> None:
        self.started = time.monotonic()
        script, *words = COMMAND
        self.sweep = Tree([sys.executable, settings.BASE_DIR / script, *words], dict(os.environ))

    def end(self) -> int:
        """What the sweep ended with; negative when it was stopped, 0 when there was none."""
        if self.sweep is None:
            return 0
        self.sweep.kill()
        status, self.sweep = self.sweep.root.returncode, None
        return status
