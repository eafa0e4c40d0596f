"""Folders that work is done in: one for each attempt, gone with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from jobs.models import Job
from jobs.reaper import job_models


@contextmanager
def scratch_folder(job: Job) -> Iterator[Path]:
    """An empty folder for this attempt at a running job. Takes away what attempts that were killed have left."""
    home = settings.VAR_DIR / "work"
    clear_abandoned(home)
    scratch = home / job.token  # this attempt's own: the one that follows may be at work before this one leaves
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def clear_abandoned(home: Path) -> None:
    """Remove the folders that no token of a running job names."""
    found = list(home.glob("*"))  # before the tokens: the folder of a job that is claimed in between is not among them
    tokens = {
        token
        for model in job_models()
        for token in model._default_manager.all().running().values_list("token", flat=True)
    }
    for scratch in found:
        if scratch.name not in tokens:
            shutil.rmtree(scratch, ignore_errors=True)
