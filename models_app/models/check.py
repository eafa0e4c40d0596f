from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction

from jobs.models import Job, JobQuerySet
from models_app.models.event import Action

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from models_app.models.voice import VoiceModel


CHECK_VERSION = 1
"""Raised when a check finds what earlier ones did not: `prepare` then has every voice tried once more."""


class VoiceCheckQuerySet(JobQuerySet["VoiceCheck"]):
    def submit(self, voice: "VoiceModel", *, by: "User | None" = None) -> "VoiceCheck":
        """Have a voice tried by a worker. One check that waits is enough; one that runs may have begun too early."""
        with transaction.atomic():
            waiting = self.waiting().filter(voice=voice).first()
            if waiting is not None:
                return waiting
            check = self.create(voice=voice, owner=by)
            voice.check_version = CHECK_VERSION
            type(voice)._default_manager.filter(pk=voice.pk).update(check_version=CHECK_VERSION)
            transaction.on_commit(check.hint, robust=True)
        return check

    def ask(self, voice: "VoiceModel", *, by: "User | None") -> "VoiceCheck":
        """Somebody wants a voice to be tried once more: `submit`, and a line of it unless a check waits already."""
        if not self.waiting().filter(voice=voice).exists():
            voice.record(Action.CHECKED, by)
        return self.submit(voice, by=by)


class VoiceCheck(Job):
    """Half a second of synthesis and a short preview: whether a voice that was stored really speaks."""

    task = "models_app.tasks.check_voice"

    owner = models.ForeignKey(  # type: ignore[assignment]  # the server asks too
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="voicechecks"
    )
    voice = models.ForeignKey("models_app.VoiceModel", models.CASCADE, related_name="checks")

    objects = VoiceCheckQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "check of a voice"
        verbose_name_plural = "checks of voices"
