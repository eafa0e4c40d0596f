"""Requests that somebody sends once more: client libraries do so by themselves, and no second job may come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversions.models import Conversion
from jobs.queries import ACTIVE, State
from rvc.errors import RVCError

KEPT = timedelta(days=1)
UNFETCHED = timedelta(minutes=10)
"""How long a result that nobody has fetched to its end waits for the same request."""
FAILED = timedelta(seconds=30)
"""How long the same request is told of the same failure: longer than the pauses between tries of a client."""


@dataclass(frozen=True)
class Identity:
    """What tells one request from others. key: of the person, the address, and the body or what they call it.

    body: of all that was sent. named: the person said which request it is, in `Idempotency-Key`.
    """

    key: str
    body: str
    named: bool = False


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def once(self, identity: Identity, submit: Callable[[], Conversion]) -> "Submission":
        """The conversion of this request: the one it has already, or what `submit` makes.

        Raises RVCError("already_used") where the same Idempotency-Key came with another body, and what `submit` raises.
        """
        found = self.current(identity)
        if found is not None:
            return found
        try:
            with transaction.atomic():
                row = self.create(key=identity.key, body=identity.body, named=identity.named)
                row.conversion = submit()
                row.save(update_fields=["conversion"])
            return row
        except IntegrityError:  # the same request, at the same moment, was first
            found = self.current(identity)
            if found is None:
                raise
            return found

    def current(self, identity: Identity) -> "Submission | None":
        self.outdated().delete()
        row = self.select_related("conversion").filter(key=identity.key, conversion__isnull=False).first()
        if row is not None and row.body != identity.body:
            message = "This Idempotency-Key was sent with another request before: choose another."
            raise RVCError("already_used", message, field="Idempotency-Key")
        return row

    def outdated(self) -> "SubmissionQuerySet":
        """Those that the same request has nothing to do with any more."""
        old = Q(created_at__lt=Now() - KEPT)
        done = Q(conversion__state=State.DONE, conversion__finished_at__lt=Now() - UNFETCHED)
        over = ~Q(conversion__state__in=(*ACTIVE, State.DONE)) & Q(conversion__finished_at__lt=Now() - FAILED)
        return self.filter(old | Q(named=False) & (done | over))


class Submission(models.Model):
    """A request whose answer its sender may not have got yet."""

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    body = models.CharField(max_length=64, editable=False)
    named = models.BooleanField(default=False, editable=False)
    conversion = models.ForeignKey(Conversion, models.CASCADE, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects = SubmissionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"request {self.key[:8]}"

    def answered(self) -> None:
        """Its sender has all of it: whoever asks for the same now wants it anew."""
        if not self.named:
            self.delete()
