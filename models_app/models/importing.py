from django.db import models

from jobs.models import Job


class VoiceImport(Job):
    """A voice on its way from an address to this server."""

    task = "models_app.tasks.import_voice"

    url = models.CharField("address", max_length=2000)
    index_url = models.CharField("address of the index", max_length=2000, blank=True)
    sha256 = models.CharField("expected SHA-256", max_length=64, blank=True)
    name = models.CharField(max_length=120, blank=True)
    bytes_done = models.BigIntegerField(default=0, editable=False)
    bytes_total = models.BigIntegerField(default=0, editable=False, help_text="0: not known")
    voice = models.ForeignKey(
        "models_app.VoiceModel", models.SET_NULL, null=True, editable=False, related_name="imports"
    )

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "import of a voice"
        verbose_name_plural = "imports of voices"
