from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from jobs.models import FINAL, Job, JobQuerySet, State
from jobs.queues import Queue
from models_app import addresses
from rvc.errors import OptionError, RVCError
from voiceproject.files import clean_label

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from models_app.models.voice import VoiceModel

AT_A_TIME = 5
"""Imports of one person that may wait or run."""
HEXADECIMAL = frozenset("0123456789abcdef")


class VoiceImportQuerySet(JobQuerySet["VoiceImport"]):
    def submit(self, user: "User", url: str, **wish: str) -> "VoiceImport":
        """Keep the wish, then tell the queue. Raises AddressError for an address nobody may be sent to.

        wish: `index_url`, `name`, `consent_statement`, and the expected `sha256` and `index_sha256`.
        """
        addresses.check(url)
        if wish.get("index_url"):
            addresses.check(wish["index_url"], field="index_url")
        if settings.REQUIRE_CONSENT and not wish.get("consent_statement", "").strip():
            raise OptionError("consent_statement", _("Say why you may use this voice: this server asks for it."))
        for field in ("sha256", "index_sha256"):
            wish[field] = _checked_sha256(field, wish.get(field, ""))
        self.check_room(user)
        with transaction.atomic():
            job = self.create(owner=user, url=url, **wish)
            transaction.on_commit(job.hint, robust=True)
        return job

    def check_room(self, user: "User") -> None:
        """Raise RVCError("slow_down") while as many imports of this person wait or run as may."""
        if self.active().filter(owner=user).count() >= AT_A_TIME:
            words = _("{most} imports of yours wait or run: let one of them end first.")
            message = words.format(most=AT_A_TIME)
            raise RVCError("slow_down", message)


def _checked_sha256(field: str, text: str) -> str:
    text = text.strip().lower().removeprefix("sha256:")
    if text and (len(text) != 64 or set(text) - HEXADECIMAL):
        raise OptionError(field, _("A SHA-256 has 64 digits, 0 to 9 and a to f."))
    return text


class VoiceImport(Job):
    """A voice on its way from an address to this server.

    It ends with a voice; or, when the address is a repository with several, with `found`, of which a person chooses.
    """

    task = "models_app.tasks.import_voice"

    queue = models.CharField(max_length=8, choices=Queue, default=Queue.IMPORT, editable=False)
    url = models.CharField("address", max_length=2000)
    index_url = models.CharField("address of the index", max_length=2000, blank=True)
    sha256 = models.CharField("expected SHA-256", max_length=64, blank=True)
    index_sha256 = models.CharField("expected SHA-256 of the index", max_length=64, blank=True)
    name = models.CharField(max_length=120, blank=True)
    consent_statement = models.TextField("I may use this voice because", max_length=2000, blank=True)
    bytes_done = models.BigIntegerField(default=0, editable=False)
    bytes_total = models.BigIntegerField(default=0, editable=False, help_text="0: not known")
    found = models.JSONField("voices to choose from", default=list, blank=True, editable=False)
    voice = models.ForeignKey(
        "models_app.VoiceModel", models.SET_NULL, null=True, editable=False, related_name="imports"
    )

    objects = VoiceImportQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "import of a voice"
        verbose_name_plural = "imports of voices"

    def get_absolute_url(self) -> str:
        return reverse("voices:import-detail", args=[self.pk])

    @property
    def label(self) -> str:
        """What a list calls it: the name that was wished, else the end of the address."""
        last = self.url.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
        return self.name or clean_label(last, fallback="Voice")

    def note_bytes(self, done: int, total: int) -> None:
        """Write how much has arrived, while the job is ours."""
        self._held().update(bytes_done=done, bytes_total=total)

    def take(self, voice: "VoiceModel") -> bool:
        """Note the voice that was stored for this import, in the transaction that stored it; False: not ours now."""
        return bool(self._held().update(voice=voice))

    def discard(self, changes: Mapping[str, Any]) -> None:
        """Delete the voice of an import that was cancelled while it was stored."""
        if voice := changes.get("voice"):
            voice.delete()

    @property
    def is_cut(self) -> bool:
        """Whether a part of its addresses is not known any more, so that nobody can try it again."""
        return addresses.CUT in self.url + self.index_url

    @property
    def retryable(self) -> bool:
        return self.is_final and self.state != State.DONE and not self.is_cut

    def retry(self, **changes: Any) -> bool:
        if self.is_cut:
            return False
        return super().retry(bytes_done=0, bytes_total=0, found=[], **changes)

    def remove(self) -> bool:
        """Forget it, once it has ended; the voice that it brought stays. False while it waits or runs."""
        with transaction.atomic():
            row = self._rows().filter(pk=self.pk, state__in=FINAL).select_for_update().first()
            return row is not None and bool(row.delete())

    def given_up(self, *, timed_out: bool) -> dict[str, Any]:
        return super().given_up(timed_out=timed_out) | self._without_keys()

    def _move(self, rows: JobQuerySet[Any], reason: str, **changes: Any) -> bool:
        ended = self._without_keys() if changes.get("state") in FINAL else {}
        return super()._move(rows, reason, **changes, **ended)

    def _without_keys(self) -> dict[str, str]:
        """A key in an address is kept as long as it is needed, and no longer."""
        return {"url": addresses.without_keys(self.url), "index_url": addresses.without_keys(self.index_url)}
