"""Where the wish that everything be deleted is done, by a worker: it may be a lot."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from accounts.models import AccessToken, Erasure
from jobs.events import JobEvent
from jobs.scratch import clear_abandoned
from jobs.tasks import perform
from models_app.models import VoiceModel
from voiceproject.models import KeptAnswer

if TYPE_CHECKING:
    from django.db import models

Report = Callable[[str, float], None]


def erase(pk: str) -> bool:
    return perform(Erasure, pk, _erase)


def _erase(erasure: Erasure, progress: Report) -> dict[str, Any]:
    """One row after the other, with its files: an attempt that is killed leaves less for the next."""
    progress("delete", 0.0)
    erasure.stop_jobs()
    _overwrite_deleted_rows()
    rows = erasure.rows()
    for place, row in enumerate(rows):
        progress("delete", place / len(rows))
        _delete(row)
    clear_abandoned(settings.VAR_DIR / "work")  # of jobs that were stopped, or killed, just now
    JobEvent.objects.filter(owner=erasure.owner, at__lte=erasure.created_at).delete()
    if erasure.tokens:
        AccessToken.objects.visible_to(erasure.owner).delete()
    KeptAnswer.objects.filter(owner=erasure.owner).delete()
    _empty_the_log_of_the_database()
    return {}


def _delete(row: "models.Model") -> None:
    with transaction.atomic():
        if isinstance(row, VoiceModel):
            row.remove(row.owner)
        else:
            row.delete()


def _overwrite_deleted_rows() -> None:
    """SQLite leaves the words of a deleted row in its file until something else needs the place."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def _empty_the_log_of_the_database() -> None:
    """What was written before is in SQLite's log as well; a reader that is at work may keep it a while longer."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
