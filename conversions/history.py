"""What a person asked for, newest first: conversions and batches in one list; what is in a batch stands on its page."""

from typing import TYPE_CHECKING, Any

from django.db.models import CharField, QuerySet, Value

from conversions.batches.models import Batch
from conversions.batches.totals import total
from conversions.models import Conversion
from jobs.estimates import foresee

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ALONE, TOGETHER = "conversion", "batch"


def history(user: "User") -> QuerySet[Any, Any]:
    """Rows of (kind, id), to be taken page by page and given to `things`."""
    alone = _named(ALONE, Conversion.objects.visible_to(user).filter(batch=None))
    together = _named(TOGETHER, Batch.objects.visible_to(user))
    both: QuerySet[Any, Any] = alone.union(together, all=True)
    return both.order_by("-created_at")


def _named(kind: str, rows: Any) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.order_by().annotate(what=Value(kind, CharField()))
    return named.values_list("what", "pk", "created_at")


def things(rows: Any, *, foreseen: bool = True) -> list[Conversion | Batch]:
    """The conversions and batches of some rows, which know how far they are, and `foreseen` when they will be done."""
    wanted = [(kind, pk) for kind, pk, _ in rows]
    alone = Conversion.objects.select_related("voice").in_bulk([pk for kind, pk in wanted if kind == ALONE])
    together = Batch.objects.in_bulk([pk for kind, pk in wanted if kind == TOGETHER])
    if foreseen:
        foresee(alone.values())
    if together:
        total(list(together.values()))
    found: dict[Any, Any] = {**alone, **together}
    return [found[pk] for _, pk in wanted if pk in found]
