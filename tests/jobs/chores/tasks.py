import os
import signal
import time

from jobs.tasks import perform
from rvc.errors import AssetError, AudioError, StorageError
from tests.jobs.chores.models import FOLDER, LOG, Chore


def run(pk):
    return perform(Chore, pk, work)


def work(job, progress):
    note(f"start {job.pk} {os.getpid()}")
    if job.kind != "ok":
        misbehave(job.kind)
    steps = max(1, round(job.seconds / 0.05))
    for step in range(steps):
        progress("work", step / steps)
        time.sleep(job.seconds / steps)
    name = f"{job.pk.hex}.{job.token}"
    (FOLDER / name).write_text("done")
    note(f"end {job.pk} {os.getpid()}")
    return {"result": name}


def misbehave(kind):
    if kind == "poison":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "hang":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(3600)
    elif kind == "memory":
        raise MemoryError
    elif kind == "bug":
        raise ZeroDivisionError("a secret detail")
    elif kind == "content":
        raise AudioError("not_audio", "This is not a recording.")
    elif kind == "away":
        raise StorageError("storage_unreachable")
    elif kind == "asset":
        raise AssetError("needs_asset", "Fetch the asset first.")
    elif kind == "timeout":
        from django_q.exceptions import TimeoutException

        raise TimeoutException("Task exceeded maximum timeout value")


def note(line):
    """Append one line; short appends do not mix even between processes."""
    FOLDER.mkdir(exist_ok=True)
    with LOG.open("a") as log:
        log.write(line + "\n")
