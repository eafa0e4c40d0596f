"""How far batches are: counted in the database, for one or for a page of them in the same three queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count, F, Q, Sum, TextChoices

from jobs.queries import ACTIVE, FINAL, State

if TYPE_CHECKING:
    from conversions.batches.models import Batch

MODELS = ("Conversion", "Refusal", "Unpacking")  # they are built on this
STOPPED = (State.FAILED, State.CANCELLED, State.REJECTED)
UNKNOWN_SECONDS = 10.0
"""Counted for a recording whose length nobody knows yet, where no length is known at all."""


class BatchState(TextChoices):
    OPEN = "open", "No files yet"
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Working"
    ENDED = "ended", "Ended"


@dataclass
class Totals:
    """One batch. `counts` are conversions by state; the other numbers are files that are none."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(State.values, 0))
    refused: int = 0
    awaited: int = 0
    """Still in a zip."""
    lost: int = 0
    """In a zip whose unpacking was stopped or failed."""
    progress: float = 0.0
    """0 to 1: how much of the sound is done, every recording weighed by its length."""

    @property
    def left(self) -> int:
        return self.awaited + sum(self.counts[state] for state in ACTIVE)

    @property
    def ended(self) -> int:
        return self.refused + self.lost + sum(self.counts[state] for state in FINAL)

    @property
    def failed(self) -> int:
        """All that brought no result."""
        return self.ended - self.counts[State.DONE]

    @property
    def turned_down(self) -> int:
        return self.refused + self.counts[State.REJECTED]

    @property
    def again(self) -> int:
        """What can be tried again."""
        return self.lost + self.counts[State.FAILED] + self.counts[State.CANCELLED]

    @property
    def state(self) -> BatchState:
        if self.left:
            return BatchState.RUNNING if self.ended or self.counts[State.RUNNING] else BatchState.QUEUED
        return BatchState.ENDED if self.ended else BatchState.OPEN

    def weigh(self, rows: Sequence[dict[str, Any]]) -> None:
        """Set the progress from the conversions by state."""
        known = sum(row["count"] - row["unknown"] for row in rows)
        seconds = sum(row["seconds"] or 0.0 for row in rows)
        mean = seconds / known if known and seconds else UNKNOWN_SECONDS
        whole = seconds + mean * (self.awaited + sum(row["unknown"] for row in rows))
        done = sum(_done(row, mean) for row in rows)
        self.progress = done / whole if whole else float(self.state == BatchState.ENDED)


def _done(row: dict[str, Any], mean: float) -> float:
    if row["state"] in FINAL:
        return float((row["seconds"] or 0.0) + mean * row["unknown"])
    return float((row["heard"] or 0.0) + mean * (row["unknown_heard"] or 0.0))


def total(batches: "Sequence[Batch]") -> list[Totals]:
    """Have all these batches know their totals, which are told as well."""
    conversions, refusals, zips = (apps.get_model("conversions", name).objects for name in MODELS)
    found = {batch.pk: Totals() for batch in batches}
    mine = {"batch__in": found}
    for row in refusals.order_by().filter(**mine).values("batch").annotate(count=Count("pk")):
        found[row["batch"]].refused = row["count"]
    left, waits, stopped = F("total") - F("taken"), Q(state__in=ACTIVE), Q(state__in=STOPPED)
    left_in = {"awaited": Sum(left, filter=waits), "lost": Sum(left, filter=stopped)}
    for row in zips.order_by().filter(**mine).values("batch").annotate(**left_in):
        found[row["batch"]].awaited, found[row["batch"]].lost = row["awaited"] or 0, row["lost"] or 0
    by_state: dict[Any, list[dict[str, Any]]] = {pk: [] for pk in found}
    for row in conversions.order_by().filter(**mine).values("batch", "state").annotate(**_measures()):
        found[row["batch"]].counts[row["state"]] = row["count"]
        by_state[row["batch"]].append(row)
    for batch in batches:
        found[batch.pk].weigh(by_state[batch.pk])
        batch.known = found[batch.pk]
    return [found[batch.pk] for batch in batches]


def _measures() -> dict[str, Any]:
    unknown = Q(source_seconds=None)
    return {
        "count": Count("pk"),
        "seconds": Sum("source_seconds"),
        "heard": Sum(F("source_seconds") * F("progress")),
        "unknown": Count("pk", filter=unknown),
        "unknown_heard": Sum("progress", filter=unknown),
    }
