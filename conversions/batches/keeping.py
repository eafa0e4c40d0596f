"""How long a batch stays once it has ended: as long as its conversions, which go by themselves as well."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Count, F, Max, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now

from conversions.batches.models import Batch
from conversions.keeping import DOWNLOAD_GRACE, DaysAgo


def outdated() -> QuerySet[Batch]:
    """Those whose time is over, by the clock of the database, and those whose results all went after a download."""
    days = Coalesce("keep_days", "owner__keeping__days", Value(settings.RETENTION_DAYS))
    over = Q(days__gt=0, ended_at__lt=DaysAgo("days"))
    turned_down = Count("refusals", distinct=True)
    fetched = Q(delete_after_download=True, conversions=None, ended_at__lt=Now() - DOWNLOAD_GRACE)
    found = Batch.objects.alias(days=days, turned_down=turned_down)
    return found.filter(over | (fetched & Q(size__gt=F("turned_down"))))


def forget_outdated() -> int:
    """Delete them, each by itself; how many it were."""
    return sum(_forget(batch) for batch in outdated().order_by("pk"))


def _forget(batch: Batch) -> bool:
    """Delete it unless something was added to it, or somebody else deleted it, since it was found."""
    with transaction.atomic():
        row = Batch.objects.select_for_update(of=("self",)).exclude(ended_at=None).filter(pk=batch.pk).first()
        return row is not None and bool(row.delete()[0])


def expires_at(batch: Batch) -> datetime | None:
    """When it is deleted with all that is in it; None before it has ended, and when it stays."""
    if batch.ended_at is None:
        return None
    days = _days(batch)
    ends = [batch.ended_at + timedelta(days=days)] if days else []
    if batch.delete_after_download and (emptied := _emptied(batch, batch.ended_at)):
        ends.append(emptied + DOWNLOAD_GRACE)
    return min(ends, default=None)


def _emptied(batch: Batch, ended: datetime) -> datetime | None:
    """Since when nothing of it waits for its download; None while something does, or nothing ever did."""
    left = batch.conversions.aggregate(count=Count("pk"), fetched=Count("downloaded_at"), last=Max("downloaded_at"))
    if left["count"] > left["fetched"] or batch.size == batch.refusals.count():
        return None
    return max(ended, left["last"] or ended)


def _days(batch: Batch) -> int:
    if batch.keep_days is not None:
        return int(batch.keep_days)
    try:
        return int(batch.owner.keeping.days)
    except ObjectDoesNotExist:
        return int(settings.RETENTION_DAYS)
