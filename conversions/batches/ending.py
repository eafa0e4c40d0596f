"""When a batch has ended: noticed with the last of its jobs, in the transaction that ends it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.functions import Now
from django.urls import reverse

from conversions.batches.models import Batch
from jobs.models import FINAL, Job
from webhooks.telling import announce


def note(jobs: Iterable[Job], state: str) -> None:
    """Called with every change of every job."""
    for pk in sorted({pk for job in jobs if (pk := getattr(job, "batch_id", None))}):  # all lock in this order
        _note(pk, state)


def _note(pk: UUID, state: str) -> None:
    batches = Batch.objects.filter(pk=pk)
    if state not in FINAL:
        batches.exclude(ended_at=None).update(ended_at=None)
        return
    # Of two jobs that end at the same time the second waits here, and then sees that it is the last.
    batch = batches.select_for_update(no_key=True).first()
    if batch is not None and batch.ended_at is None and not batch.has_work():
        batches.update(ended_at=Now())
        batch.refresh_from_db()
        _tell(batch)


def _tell(batch: Batch) -> None:
    """Once for the whole; its conversions are not told of one by one."""
    ended = batch.ended_at
    data = {
        "id": str(batch.pk),
        "kind": "batch",
        "state": batch.totals.state,
        "error_code": None,
        "created_at": batch.created_at.isoformat(),
        "finished_at": ended.isoformat() if ended else None,
        "path": reverse("api:batch-detail", args=[batch.pk]),
        "files": batch.size,
        "done": batch.totals.counts["done"],
    }
    announce(batch.owner_id, "batch.ended", data)
