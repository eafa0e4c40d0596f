"""What becomes of work that cannot go on because the storage is away: it waits, a while longer each time."""

from django.conf import settings

from jobs.events import JobEvent
from jobs.models import Job
from rvc.errors import StorageError

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 600.0


def put_off(job: Job, error: StorageError) -> bool:
    """Give the job back to the queue for later. False after too many times: somebody should be told."""
    times = _times(job, error.code)
    if times >= settings.JOB_PUT_OFF_TIMES:
        return False
    return job.put_off(min(FIRST_SECONDS * 2**times, LONGEST_SECONDS), error.code)


def _times(job: Job, reason: str) -> int:
    """How often it was put off for this reason since a worker last did something else with it."""
    times = 0
    story = JobEvent.objects.of(job).exclude(after="running").order_by("-pk")
    for said in story.values_list("reason", flat=True)[: settings.JOB_PUT_OFF_TIMES]:
        if said != reason:
            break
        times += 1
    return times
