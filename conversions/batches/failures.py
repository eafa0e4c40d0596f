"""The files of a batch that brought no result, for people and programs, in the order in which they were sent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversions.batches.models import Batch
from conversions.batches.outgoing import lines_without_conversion
from jobs.models import State

if TYPE_CHECKING:
    from uuid import UUID

FAILED = (State.FAILED, State.REJECTED, State.CANCELLED)
CANCELLED = "It was cancelled."


@dataclass(frozen=True)
class Failure:
    file: str
    state: str
    code: str
    sentence: str
    conversion: "UUID | None" = None


def failures(batch: Batch) -> list[Failure]:
    """Refused, rejected, failed, cancelled, or left in a zip that nobody unpacks any more."""
    found = [
        (position, Failure(line.file, line.state, line.code, line.sentence or CANCELLED))
        for position, line in lines_without_conversion(batch)
        if line.state != "waiting"
    ]
    for row in batch.conversions.filter(state__in=FAILED):
        words = row.error_message or CANCELLED
        failure = Failure(row.batch_path or row.source_name, row.state, row.error_code, words, row.pk)
        found.append((row.batch_position, failure))
    return [failure for _, failure in sorted(found, key=lambda item: item[0])]
