"""Everything of a person goes when they say so; the account stays."""

from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import CASCADE, QuerySet
from django.utils import timezone
from django.utils.translation import override

from accounts.tokens.models import AccessToken
from conversions.batches.models import Batch
from conversions.models import Preset, Upload
from conversions.sharing.models import ShareLink
from jobs.many import cancel_all
from jobs.models import Job, JobQuerySet
from jobs.reaper import job_models
from models_app.models import VoiceModel
from webhooks.models import Webhook

__all__ = ["AccessToken", "Erasure", "count_everything"]

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User


class ErasureQuerySet(JobQuerySet["Erasure"]):
    def submit(self, user: "User", *, tokens: bool = False) -> "Erasure":
        """Stop what waits or runs for this person now, and have a worker delete all that is theirs.

        What they bring afterwards stays. tokens: end their tokens of the API too.
        """
        with transaction.atomic():
            self.waiting().filter(owner=user).delete()  # this one does more
            erasure = self.create(owner=user, tokens=tokens, found=count_everything(user))
            transaction.on_commit(erasure.hint, robust=True)
        erasure.stop_jobs()
        return erasure


class Erasure(Job):
    """One person's wish that all that is theirs be deleted; the row stays to say that it was."""

    task = "accounts.tasks.erase"

    tokens = models.BooleanField(default=False, editable=False)
    found = models.JSONField(default=dict, editable=False, help_text="what there was when it was asked for, by kind")

    objects = ErasureQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False

    def stop_jobs(self) -> None:
        """Cancel what this person asked for until now. A worker that is busy stops at its next beat."""
        for kind in personal_jobs():
            cancel_all(kind._default_manager.filter(owner=self.owner, created_at__lte=self.created_at))

    def rows(self) -> list[models.Model]:
        """What is left to be deleted: files go with their rows."""
        return [row for rows in everything_of(self.owner, self.created_at).values() for row in rows]


def personal_jobs() -> list[type[Job]]:
    """The kinds of jobs that are a person's own, and go with their account; others are the server's."""
    kinds = [kind for kind in job_models() if kind is not Erasure]
    return [kind for kind in kinds if kind._meta.get_field("owner").remote_field.on_delete is CASCADE]


def everything_of(user: "User", until: "datetime") -> "dict[str, QuerySet[Any]]":
    """All that somebody brought until then, and what was made of it, by the English name of its kind."""
    kinds: list[type[Any]] = [*personal_jobs(), Batch, ShareLink, VoiceModel, Webhook, Preset, Upload]
    mine = {"owner": user, "created_at__lte": until}
    with override(None):
        return {str(kind._meta.verbose_name_plural): kind._default_manager.filter(**mine) for kind in kinds}


def count_everything(user: "User") -> dict[str, int]:
    return {name: rows.count() for name, rows in everything_of(user, timezone.now()).items()}
