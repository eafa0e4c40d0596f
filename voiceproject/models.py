import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
