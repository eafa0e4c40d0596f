from django.conf import settings
from django.db import models

from jobs.models import Job


class AssetFetch(Job):
    """One pretrained part on its way from its source to this machine."""

    task = "models_app.tasks.fetch_asset"

    owner = models.ForeignKey(  # type: ignore[assignment]  # the server asks too
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="assetfetchs"
    )
    name = models.CharField(max_length=60, editable=False)
    bytes_done = models.BigIntegerField(default=0, editable=False)
    bytes_total = models.BigIntegerField(default=0, editable=False, help_text="0: not known")

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "fetched asset"
