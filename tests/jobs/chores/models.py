"""The smallest job there is: it writes lines to a file. What `kind` says goes wrong on the way."""

from django.conf import settings
from django.db import models

from jobs.models import Job

FOLDER = settings.VAR_DIR / "chores"
LOG = FOLDER / "log"


class Chore(Job):
    task = "tests.jobs.chores.tasks.run"
    length = "seconds"

    kind = models.CharField(max_length=10, default="ok")
    seconds = models.FloatField(default=0.0)
    result = models.CharField(max_length=80, default="")

    def discard(self, changes):
        (FOLDER / changes["result"]).unlink(missing_ok=True)
