"""The job that takes the files of a batch out of their zip: each becomes a conversion, or a refusal that says why."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File

from conversions import recordings
from conversions.batches.intake import limits
from conversions.batches.models import Entry, Unpacking
from jobs.models import LeaseLost
from jobs.order import Line
from jobs.quotas import room
from jobs.scratch import scratch_folder
from rvc import sandbox
from rvc.errors import AudioError, RVCError, StorageError

Report = Callable[[str, float], None]

AT_LEAST = 20
"""Conversions that must have room before a zip is opened for them."""
WAIT_SECONDS = 15
"""Until we look again whether there is room."""
TURN_SECONDS = 30.0
"""After so long others that wait in this queue come first."""
DIED = ("bad_container", "This file cannot be unpacked.")


def work(job: Unpacking, progress: Report) -> dict[str, Any]:
    progress("unpack", job.taken / job.total)
    job.batch.usable_voice()
    _wait_for_room(job, AT_LEAST)
    until = time.monotonic() + TURN_SECONDS
    with scratch_folder(job) as scratch:
        source = _brought(job, scratch)
        for entry in job.left:
            progress("unpack", job.taken / job.total)
            _wait_for_room(job, 1)
            if time.monotonic() > until and Line(job.queue).next() is not None:
                _put_back(job, "others wait")
            _take(job, entry, source, scratch / "recording")
    return {}


def _wait_for_room(job: Unpacking, wanted: int) -> None:
    """What a person may have waiting is a matter of time, no reason to refuse a file."""
    free = room(job.owner)
    if free is not None and free < min(wanted, len(job.left), settings.PERSON_JOBS):
        _put_back(job, "waits for room", seconds=WAIT_SECONDS)


def _put_back(job: Unpacking, reason: str, *, seconds: int = 0) -> None:
    job.put_back(reason, seconds=seconds)
    raise LeaseLost(f"{job}: {reason}")


def _brought(job: Unpacking, scratch: Path) -> Path:
    """The zip on the disk of this machine."""
    path = scratch / "zip"
    try:
        with job.zip.open("rb") as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 1 << 20)
    except (FileNotFoundError, ValueError) as error:  # ValueError: the row names no file
        message = "The files that were sent are not in storage any more: send them once more."
        raise RVCError("source_missing", message) from error
    return path


def _take(job: Unpacking, entry: Entry, source: Path, path: Path) -> None:
    try:
        _unpack(entry, source, path)
        with path.open("rb") as handle:
            recording = File(handle, name=entry.label)
            job.keep(entry, recording, recordings.probe(recording))
    except StorageError:
        raise
    except RVCError as error:
        if error.code == "slow_down":
            _wait_for_room(job, 1)  # somebody was quicker; else it is the minutes of the day
        job.refuse(entry, error)
    finally:
        path.unlink(missing_ok=True)


def _unpack(entry: Entry, source: Path, path: Path) -> None:
    if entry.size > settings.MAX_RECORDING_MB << 20:
        raise AudioError("too_large", f"The recording is larger than {settings.MAX_RECORDING_MB} MB.")
    arguments = {"source": str(source), "target": str(path), "number": entry.number, **limits()}
    sandbox.run("rvc.voicefile.bundle:take", arguments, died=DIED)
