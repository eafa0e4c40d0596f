import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from voiceproject.errors import Conflict
from voiceproject.preferences import Preferences

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["Keeping", "KeptAnswer", "OneTimePassword", "Preferences"]


class OneTimePasswordQuerySet(models.QuerySet["OneTimePassword"]):
    def give(self, user: "User") -> None:
        """The password that this person has now was made up by a program: it is there to be changed."""
        self.update_or_create(user=user, defaults={"digest": _digest(user)})

    def is_used_by(self, user: "User") -> bool:
        """Whether this person has it still. However a password is changed, this becomes false."""
        return self.filter(user=user, digest=_digest(user)).exists()


class OneTimePassword(models.Model):
    """Remembers a password that was shown on a terminal, so that it does not stay."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    digest = models.CharField(max_length=64, help_text="of the stored password")

    objects = OneTimePasswordQuerySet.as_manager()

    def __str__(self) -> str:
        return f"one-time password of {self.user}"


def _digest(user: "User") -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()


class KeepingQuerySet(models.QuerySet["Keeping"]):
    def wish(self, user: "User", days: int | None) -> None:
        """Keep what this person has for so many days, 0 for good; None: as the server does."""
        if days is None:
            self.filter(user=user).delete()
        else:
            self.update_or_create(user=user, defaults={"days": days})

    def days_of(self, user: "User") -> int | None:
        return self.filter(user=user).values_list("days", flat=True).first()


class Keeping(models.Model):
    """How long a person wants to keep what was converted for them. Without a row it is as long as the server says."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="keeping")
    days = models.PositiveSmallIntegerField(help_text="after the end of a conversion; 0: for good")

    objects = KeepingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"what {self.user} keeps"


KEPT = timedelta(hours=24)
LOST = timedelta(minutes=15)
"""After so long nobody works on a first request any more: its process has died."""


class KeyReused(Conflict):
    default_detail = "This Idempotency-Key was sent with another request: choose another one."
    default_code = "key_reused"


class StillAtIt(Conflict):
    default_detail = "The first request with this Idempotency-Key is not answered yet."
    default_code = "busy"
    wait = 2


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def claim(self, owner: "User", key: str, fingerprint: str) -> "KeptAnswer":
        """The row of this key: with an answer, or else ours to give it one. The first to write it has the work.

        Raises KeyReused, and StillAtIt while somebody else works on it.
        """
        self.filter(created_at__lt=timezone.now() - KEPT).delete()
        try:
            with transaction.atomic():
                return self.create(owner=owner, key=key, fingerprint=fingerprint)
        except IntegrityError:
            kept = self.filter(owner=owner, key=key).first()
        if kept is None:
            raise StillAtIt
        if kept.fingerprint != fingerprint:
            raise KeyReused
        if kept.status is None and not kept.take_over():
            raise StillAtIt
        return kept


class KeptAnswer(models.Model):
    """What was answered to a request that a person may send again; see voiceproject/once.py."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    location = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True, help_text="JSON; empty where sound was sent")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("owner", "key"), name="one_answer_for_a_key"),)

    def __str__(self) -> str:
        return f"answer {self.status} for {self.owner}"

    @property
    def about(self) -> str:
        """The id of what was made."""
        return self.location.rstrip("/").rpartition("/")[2]

    def take_over(self) -> bool:
        now = timezone.now()
        lost = KeptAnswer.objects.filter(pk=self.pk, status=None, created_at__lt=now - LOST)
        return bool(lost.update(created_at=now))

    def settle(self, status: int, location: str, body: str) -> None:
        KeptAnswer.objects.filter(pk=self.pk).update(status=status, location=location, body=body)
