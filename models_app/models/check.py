from django.conf import settings
from django.db import models

from jobs.models import Job


class VoiceCheck(Job):
    """Half a second of synthesis and a short preview: whether a voice that was stored really speaks."""

    task = "models_app.tasks.check_voice"

    owner = models.ForeignKey(  # type: ignore[assignment]  # the server asks too
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="voicechecks"
    )
    voice = models.ForeignKey("models_app.VoiceModel", models.CASCADE, related_name="checks")

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "check of a voice"
        verbose_name_plural = "checks of voices"
