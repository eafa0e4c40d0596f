"""Where a job meets its work: one claim, one beating heart, and the one place that catches everything."""

import contextlib
import faulthandler
import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string
from django_q.exceptions import TimeoutException

from jobs.models import Job, LeaseLost, WorkerBeat, timed_out_message
from jobs.order import Line
from jobs.putting_off import put_off
from jobs.schema import schema
from rvc.errors import AudioError, Cancelled, OptionError, RVCError, StorageError, VoiceFileError
from voiceproject.logs import about_job
from voiceproject.storage import storage_trouble

logger = logging.getLogger(__name__)

OUT_OF_MEMORY = "This machine has too little memory for it. Try a shorter recording."
CRASHED = "Something went wrong in the worker. The administrators find it in the log under {reference}."

CONTENT_ERRORS = (AudioError, OptionError, VoiceFileError)
"""What a person brought cannot be used: the job is rejected, nothing failed."""

J = TypeVar("J", bound=Job)
Work = Callable[[J, "Progress"], Mapping[str, Any]]


class Progress:
    """What the work calls to say how far it is, as often as it likes: no call touches the database.

    Raises Cancelled or LeaseLost once the job is not ours any more. The fraction, 0 to 1, never goes back.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stage = ""
        self.fraction = 0.0
        self.lost: Cancelled | LeaseLost | None = None
        # Inside a transaction nobody else sees the row: no thread could beat for it, so each call does. The engine
        # calls from threads of its own as well, which have other connections.
        self.alone = connection.in_atomic_block
        self.thread = threading.get_ident()

    def __call__(self, stage: str, fraction: float) -> None:
        self.stage = stage
        self.fraction = max(self.fraction, min(fraction, 1.0))
        if self.alone and threading.get_ident() == self.thread:
            self.beat()
        if self.lost:
            raise self.lost

    def beat(self) -> None:
        """Renew the lease and write how far we are."""
        try:
            self.job.beat(stage=self.stage, progress=self.fraction)
        except (Cancelled, LeaseLost) as reason:
            self.lost = reason


def serve(queue: str) -> None:
    """Do the job whose turn it is, if any waits in this queue: what a hint asks for."""
    if misfit := schema().misfit():
        logger.debug("nothing is done: %s", misfit)  # the supervisor says it louder, and once
        return
    while (line := Line(queue)).people:
        # Whoever is free wants the same job: all but one come second, and take the next.
        if any(import_string(job.task)(str(job.pk)) for job in line):
            return


def perform(model: type[J], pk: str, work: Work[J]) -> bool:
    """Do one job if it is still to be done; False if not. `work` returns the columns of the result, file names too.

    It runs to exactly one end, whatever `work` raises; a worker that dies is the reaper's business.
    """
    with about_job(str(model._meta.model_name), pk):
        return _perform(model, pk, work)


def _perform(model: type[J], pk: str, work: Work[J]) -> bool:
    job = cast("J | None", model._default_manager.claim(pk))
    if job is None:
        logger.info("%s %s does not wait for a worker", model._meta.verbose_name, pk)
        return False
    WorkerBeat.objects.note_claim()
    logger.info("%s: attempt %d", job, job.attempt)
    try:
        with _hang_guard(), _beating(Progress(job)) as progress:
            changes = work(job, progress)
    except BaseException as error:  # includes the queue's timeout, which is a SystemExit
        _end(job, error)
    else:
        _publish(job, changes)
    return True


def _publish(job: Job, changes: Mapping[str, Any]) -> None:
    try:
        published = job.finish(**changes)
    except Error:
        if not connection.in_atomic_block:
            connection.close()  # what comes next gets a new one
        if job.is_held():  # else the row may name the result all the same: the answer alone was lost
            job.discard(changes)
        raise
    if published:
        logger.info("%s: done", job)
    else:
        logger.warning("%s: the result came too late and is dropped", job)
        job.discard(changes)


def _end(job: Job, error: BaseException) -> None:
    """Say in the row why the work stopped. Only what must end the worker process is raised again."""
    error = storage_trouble(error) or error
    match error:
        case Cancelled() | LeaseLost():
            logger.info("%s: stopped, %s", job, error)
        case StorageError() if error.passes and put_off(job, error):
            logger.warning("%s: put off, %s", job, error.code)
        case RVCError():
            verb = job.reject if isinstance(error, CONTENT_ERRORS) else job.fail
            verb(error.code, error.message)
            logger.info("%s: %s", job, error.code)  # its sentence is in the row: it may name files of people
        case MemoryError():
            job.fail("out_of_memory", OUT_OF_MEMORY)
            logger.error("%s: out of memory", job, exc_info=error)
            raise SystemExit("out of memory") from error  # a fresh process has what this one could not free
        case TimeoutException():
            job.fail("job_timed_out", timed_out_message())
            logger.error("%s: timed out", job, exc_info=error)
            raise error
        case Error() if misfit := _misfit():
            type(job)._default_manager.all().filter(pk=job.pk, token=job.token).take_back(misfit, counted=False)
            logger.warning("%s: stopped, %s", job, misfit)
        case _:
            reference = uuid.uuid4().hex[:8]
            job.fail("job_crashed", CRASHED.format(reference=reference))
            logger.error("%s: crashed, reference %s", job, reference, exc_info=error)
            if not isinstance(error, Exception):
                raise error


def _misfit() -> str:
    """Whether the database was migrated while we worked; empty, too, when it does not answer."""
    with contextlib.suppress(Error):
        return schema().misfit()
    return ""


@contextlib.contextmanager
def _hang_guard() -> Iterator[None]:
    """End the process when native code holds it past the time limit, where no exception can reach it."""
    # The queue's own alarm rings first; a second later nobody is listening any more.
    faulthandler.dump_traceback_later(settings.JOB_TIMEOUT_SECONDS + 1, exit=True, file=sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _beating(progress: Progress) -> Iterator[Progress]:
    """Beat in a thread of its own while the work goes on."""
    if progress.alone:
        yield progress
        return
    stopped = threading.Event()
    heart = threading.Thread(target=copy_context().run, args=(_heart, progress, stopped), name="heart", daemon=True)
    heart.start()
    try:
        yield progress
    finally:
        stopped.set()
        heart.join()


def _heart(progress: Progress, stopped: threading.Event) -> None:
    try:
        while not progress.lost and not stopped.wait(settings.JOB_BEAT_SECONDS):
            try:
                progress.beat()
            except Error as error:
                logger.warning("%s: missed a beat, %s", progress.job, error)
                connection.close()
    except Exception:
        logger.exception("%s: nothing beats for it any more", progress.job)
        progress.lost = LeaseLost(str(progress.job))  # it would be given to another worker anyway
    finally:
        connection.close()
