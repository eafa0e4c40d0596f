"""How long a conversion stays once it has ended: what it says itself, else its owner, else the server."""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction
from django.db.models import DateTimeField, Func, Q, Value
from django.db.models.functions import Coalesce, Now

from jobs.models import Job, JobQuerySet

DOWNLOAD_GRACE = timedelta(minutes=10)
"""After a complete download the result can be fetched again for so long: its last bytes may have been lost."""
LONGEST_DAYS = 3650
BATCH = 100

K = TypeVar("K", bound="Kept")


class DaysAgo(Func):
    """So many days before now, by the clock of the database: SQLite multiplies no durations."""

    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        moment = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW', '-' || %(expressions)s || ' days')"
        return self.as_sql(compiler, connection, template=moment, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        moment = "(STATEMENT_TIMESTAMP() - %(expressions)s * INTERVAL '1 day')"
        return self.as_sql(compiler, connection, template=moment, **context)


class KeptQuerySet(JobQuerySet[K]):
    def with_end(self) -> Self:
        """Each row can say when it goes without asking for its owner's wish."""
        return self.select_related("owner__keeping")

    def outdated(self) -> Self:
        """Those whose time is over, by the clock of the database."""
        days = Coalesce("keep_days", "owner__keeping__days", Value(settings.RETENTION_DAYS))
        over = Q(days__gt=0, finished_at__lt=DaysAgo("days"))
        fetched = Q(delete_after_download=True, downloaded_at__lt=Now() - DOWNLOAD_GRACE)
        return self.final().alias(days=days).filter(over | fetched)

    def forget_outdated(self) -> int:
        """Delete those whose time is over, each by itself, so that whoever is stopped has only less left to do."""
        count = 0
        while batch := list(self.outdated().order_by("pk").values_list("pk", flat=True)[:BATCH]):
            count += sum(self._forget(pk) for pk in batch)
        return count

    def _forget(self, pk: Any) -> bool:
        """Delete it unless it was changed, or somebody else deleted it, since it was found."""
        with transaction.atomic():
            row = self.outdated().select_for_update(of=("self",)).filter(pk=pk).first()
            return row is not None and bool(row.delete()[0])


class Kept(Job):
    """The part of a conversion that says when it goes by itself."""

    keep_days = models.PositiveSmallIntegerField(
        null=True, blank=True, editable=False, help_text="after its end; 0: for good; empty: as its owner wishes"
    )
    delete_after_download = models.BooleanField(default=False, editable=False)
    delivered = models.BigIntegerField(default=0, editable=False, help_text="bytes of the result, from its start")
    downloaded_at = models.DateTimeField(null=True, editable=False)
    result: Any  # the file, of the concrete model

    class Meta(Job.Meta):
        abstract = True

    @property
    def days_kept(self) -> int:
        """Days from its end; 0 for good."""
        if self.keep_days is not None:
            return self.keep_days
        try:
            return int(self.owner.keeping.days)
        except ObjectDoesNotExist:
            return int(settings.RETENTION_DAYS)

    @property
    def expires_at(self) -> datetime | None:
        """When it is deleted with its recording and its result; None before it has ended, and when it stays."""
        if not self.is_final or self.finished_at is None:
            return None
        ends = [self.finished_at + timedelta(days=self.days_kept)] if self.days_kept else []
        if self.delete_after_download and self.downloaded_at:
            ends.append(self.downloaded_at + DOWNLOAD_GRACE)
        return min(ends, default=None)

    def note_sent(self, start: int, end: int) -> None:
        """Bytes `start` to `end` of the result left the server; with the last one it counts as downloaded.

        Only what follows on what was sent before counts: a download that broke off may be resumed, and a player that
        looks at the end of the file has not fetched it.
        """
        rows = self._rows().filter(pk=self.pk, delete_after_download=True, downloaded_at=None)
        if end > start and rows.filter(delivered__gte=start, delivered__lt=end).update(delivered=end):
            rows.filter(delivered__gte=self.result.size).update(downloaded_at=Now())
