import uuid
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from conversions import recordings
from conversions.batches.totals import Totals, total
from jobs.many import cancel_all, retry_all
from jobs.models import Job, JobQuerySet, LeaseLost, State
from jobs.queues import Queue
from jobs.quotas import admit_bytes, admit_job
from models_app.models import VoiceModel
from rvc.errors import RVCError
from rvc.options import ConversionOptions
from voiceproject.errors import SlowDown
from voiceproject.files import clean_label, delete_after_commit, kept_together

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files import File

    from conversions.batches.intake import Parcel, Wish
    from conversions.models import Conversion
    from rvc.codec import RecordingFacts

AT_A_TIME = 5
"""Unpackings of one person that may wait or run."""
LONGEST_PATH = 200
AGAIN = (State.FAILED, State.CANCELLED)
"""What may go well at the next try; a recording that was rejected will not."""


def zip_path(unpacking: "Unpacking", filename: str) -> str:
    return f"batches/{unpacking.pk.hex}"


class Entry(NamedTuple):
    """One file of a zip, as `rvc.voicefile.bundle.look` lists it."""

    number: int
    name: str
    size: int

    @property
    def path(self) -> str:
        """Its name with its folders, fit for another zip."""
        parts = (clean_label(part, fallback="_") for part in self.name.split("/") if part)
        return "/".join(parts)[-LONGEST_PATH:].lstrip("/") or "recording"

    @property
    def label(self) -> str:
        return PurePosixPath(self.path).name


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner_id=user.pk) if user.pk else self.none()

    def submit(self, user: "User", wish: "Wish", parcels: "Sequence[Parcel]", name: str = "") -> "Batch":
        """Keep the wish and what `intake.look` found, all or nothing, then tell the queue. No parcels: files follow.

        Raises RVCError: `slow_down` and `quota_exceeded` for what is more than a person may have.
        """
        label = clean_label(name, fallback="") or _name_of(parcels)
        size = sum(len(parcel.entries) for parcel in parcels)
        batch = self.model(owner=user, name=label, size=size, **wish.columns())
        unpackings = [Unpacking.of(batch, parcel) for parcel in parcels]
        with kept_together(*(unpacking.zip for unpacking in unpackings)):
            admit_bytes(user, sum(unpacking.stored_bytes for unpacking in unpackings))
            Unpacking.objects.check_room(user)
            batch.save(force_insert=True)
            place = 0
            for unpacking, parcel in zip(unpackings, parcels, strict=True):
                unpacking.first_position, place = place, place + unpacking.total
                unpacking.zip.save("zip", parcel.file, save=False)
                parcel.file.close()
                unpacking.save(force_insert=True)
                transaction.on_commit(unpacking.hint, robust=True)
        return batch


def _name_of(parcels: "Sequence[Parcel]") -> str:
    count = sum(len(parcel.entries) for parcel in parcels)
    if len(parcels) == 1 and parcels[0].name:
        return parcels[0].name
    return f"{count} recordings" if count else "Batch"


class Batch(models.Model):
    """Conversions that were asked for together. Each is a job of its own; this says what they share."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="batches")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    voice = models.ForeignKey(VoiceModel, models.SET_NULL, null=True, related_name="batches")
    voice_name = models.CharField("name of the voice", max_length=120, editable=False)
    options = models.JSONField(editable=False, help_text="of every conversion; each has its own seed unless one is set")
    keep_days = models.PositiveSmallIntegerField(null=True, editable=False)
    delete_after_download = models.BooleanField(default=False, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False, help_text="files that were sent, the refused too")
    ended_at = models.DateTimeField(null=True, editable=False, help_text="when nothing of it was left to do")

    objects = BatchQuerySet.as_manager()
    known: Totals | None = None

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "batches"
        indexes = (models.Index(fields=("owner", "-created_at"), name="batch_owner"),)

    def __str__(self) -> str:
        return f"batch {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("conversions:batch-detail", args=[self.pk])

    @property
    def totals(self) -> Totals:
        """How far it is. A list asks for all at once: `totals.total`."""
        if self.known is None:
            [self.known] = total([self])
        return self.known

    def add(self, source: "File[Any]") -> "Conversion":
        """One file more, converted as the others. Raises what `Conversion.objects.submit` does, and too_many_files."""
        facts = recordings.probe(source)
        with transaction.atomic():
            admit_job(self.owner)  # the person first, then the batch: everybody locks in this order
            room = Batch.objects.filter(pk=self.pk, size__lt=settings.BATCH_FILES)
            if not room.update(size=F("size") + 1):
                raise RVCError("too_many_files", f"A batch may have {settings.BATCH_FILES} files.", field="recording")
            self.refresh_from_db(fields=["size"])
            return self.convert(source, Entry(0, source.name or "", 0), self.size - 1, facts)

    def convert(self, source: "File[Any]", entry: Entry, position: int, facts: "RecordingFacts") -> "Conversion":
        place = {"batch": self, "batch_position": position, "batch_path": entry.path}
        keeping = {"keep_days": self.keep_days, "delete_after_download": self.delete_after_download}
        return self.conversions.submit(
            self.owner, self.usable_voice(), source, ConversionOptions(**self.options), facts, **place, **keeping
        )

    def usable_voice(self) -> VoiceModel:
        """Raises RVCError when it was deleted, is shared no more, or does not speak."""
        voice = self.voice
        if voice is None or not VoiceModel.objects.usable_by(self.owner).filter(pk=voice.pk).exists():
            message = f"The voice {self.voice_name} is not there any more, or not shared with you."
            raise RVCError("voice_deleted", message, field="voice")
        voice.check_usable()
        return voice

    def cancel(self) -> int:
        """Stop all that waits or runs; how much it was. What is done stays."""
        stopped = sum(unpacking.cancel() for unpacking in self.unpackings.active())  # so that nothing more comes
        stopped += cancel_all(self.conversions.defer("facts"))
        self._look_again()
        return stopped

    def retry(self) -> int:
        """Queue what failed or was cancelled once more; how much it was.

        Raises SlowDown where that is more than a person may have waiting; what may wait is queued all the same.
        """
        queued = sum(unpacking.retry() for unpacking in self.unpackings.filter(state__in=AGAIN))
        wanted = self.conversions.filter(state__in=AGAIN).order_by("batch_position").defer("facts")
        count, refusal = retry_all(self.owner, wanted)
        self._look_again()
        if refusal:
            raise refusal
        return queued + count

    def _look_again(self) -> None:
        self.known = None
        self.refresh_from_db(fields=["ended_at"])

    def remove(self) -> None:
        """Delete it with its conversions and all their files; a worker that is busy stops at its next beat."""
        self.cancel()
        self.delete()

    def has_work(self) -> bool:
        return self.conversions.active().exists() or self.unpackings.active().exists()


class Refusal(models.Model):
    """A file of a batch that became no conversion, and why."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="refusals")
    position = models.PositiveIntegerField()
    path = models.CharField("file", max_length=LONGEST_PATH)
    code = models.CharField(max_length=32)
    message = models.CharField(max_length=500)

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.batch} {self.position}: {self.code}"


class UnpackingQuerySet(JobQuerySet["Unpacking"]):
    def check_room(self, user: "User") -> None:
        if self.active().filter(owner=user).count() >= AT_A_TIME:
            raise SlowDown(f"{AT_A_TIME} batches of yours are being taken in: let one of them end first.")


class Unpacking(Job):
    """Files of a batch on their way from a zip to their conversions, one after the other.

    `taken` counts with each file in the transaction that makes its conversion: whoever goes on after a crash neither
    repeats nor skips one.
    """

    task = "conversions.tasks.unpack"
    bytes_column = "stored_bytes"

    queue = models.CharField(max_length=8, choices=Queue, default=Queue.IMPORT, editable=False)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="unpackings")
    zip = models.FileField(upload_to=zip_path, blank=True, editable=False)
    entries = models.JSONField(default=list, editable=False, help_text="number, name and bytes of each file")
    total = models.PositiveIntegerField(default=0, editable=False)
    taken = models.PositiveIntegerField(default=0, editable=False)
    first_position = models.PositiveIntegerField(default=0, editable=False)
    stored_bytes = models.BigIntegerField(default=0, editable=False, help_text="what is not taken yet")

    objects = UnpackingQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name = "unpacking of a batch"
        verbose_name_plural = "unpackings of batches"

    @classmethod
    def of(cls, batch: Batch, parcel: "Parcel") -> "Unpacking":
        facts = {"total": len(parcel.entries), "stored_bytes": parcel.file.size}
        return cls(owner=batch.owner, batch=batch, entries=[list(entry) for entry in parcel.entries], **facts)

    @property
    def left(self) -> list[Entry]:
        return [Entry(*entry) for entry in self.entries[self.taken :]]

    def keep(self, entry: Entry, source: "File[Any]", facts: "RecordingFacts") -> None:
        """Make the conversion of the next file."""
        with transaction.atomic():
            self._count(entry)
            self.batch.convert(source, entry, self.first_position + self.taken, facts)
        self.taken += 1

    def refuse(self, entry: Entry, error: RVCError) -> None:
        """Note why the next file becomes none."""
        with transaction.atomic():
            self._count(entry)
            self.batch.refusals.create(
                position=self.first_position + self.taken, path=entry.path, code=error.code, message=error.message[:500]
            )
        self.taken += 1

    def _count(self, entry: Entry) -> None:
        left = max(0, self.stored_bytes - entry.size)  # from now on it counts as a recording
        if not self._held().update(taken=self.taken + 1, stored_bytes=left):
            raise LeaseLost(str(self))
        self.stored_bytes = left

    def put_back(self, reason: str, *, seconds: int = 0) -> None:
        """Let go of it for a while; where it stopped somebody goes on."""
        if self.put_off(seconds, reason) and not seconds:
            self.hint()

    def finish(self, **changes: Any) -> bool:
        """The zip has done its duty."""
        file = self.zip
        with transaction.atomic():
            published = super().finish(zip="", stored_bytes=0, **changes)
            if published:
                delete_after_commit(file)
        return published


@receiver(post_delete, sender=Unpacking)
def delete_zip(instance: Unpacking, **kwargs: Any) -> None:
    delete_after_commit(instance.zip)
