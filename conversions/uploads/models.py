"""Recordings that were sent before anything was asked of them, by the names that they got here."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.db.models.functions import Now
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from conversions import recordings
from jobs.quotas import admit_bytes
from rvc.errors import RVCError
from voiceproject.files import clean_label, delete_after_commit, kept_together

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser, User
    from django.core.files import File

UNUSED = timedelta(days=1)
"""After its last use, or its arrival, an upload is forgotten."""
MOST = 200
ENDINGS = {
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
}
SERVER_PATH = "This is a path: send the recording to POST /api/uploads/, and name the `filename` of its answer."


def upload_path(upload: "Upload", filename: str) -> str:
    return f"uploads/{upload.pk.hex}"


def is_path(words: str) -> bool:
    """Whether somebody means a file of the server, or believes to."""
    return any(sign in words for sign in "/\\") or words[1:2] == ":" or words in (".", "..")


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def keep(self, user: "User", file: "File[Any]") -> "Upload":
        """Raises AudioError for what is no recording, RVCError("quota_exceeded") for more than a person may keep."""
        if self.filter(owner=user).count() >= MOST:
            message = _("You have {most} uploads that wait to be used: delete some.").format(most=MOST)
            raise RVCError("quota_exceeded", message)
        facts = recordings.probe(file, field="file")
        upload = self.model(
            owner=user,
            name=clean_label(file.name or "", fallback="recording"),
            media_type=recordings.media_type(file),
            seconds=facts.seconds,
            stored_bytes=file.size,
        )
        with kept_together(upload.file):
            admit_bytes(user, file.size)
            upload.file.save("upload", file, save=False)
            upload.save(force_insert=True)
        return upload

    def called(self, filename: str) -> "Upload | None":
        """The one of this name among these. Raises RVCError("server_path")."""
        if is_path(filename):
            raise RVCError("server_path", SERVER_PATH, field="filename")
        stem = filename.partition(".")[0]
        found = self.filter(pk=stem).first() if _is_id(stem) else None
        return found if found is not None and found.filename == filename else None

    def unused(self) -> Self:
        """Those that nobody has asked for within a day."""
        return self.filter(used_at__lt=Now() - UNUSED)

    def clear(self) -> int:
        """Delete these with their files."""
        return sum(upload.delete()[0] for upload in self)


class Upload(models.Model):
    """A recording without a wish, until there is one; what is made of it has a copy."""

    bytes_column = "stored_bytes"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file = models.FileField(upload_to=upload_path, editable=False)
    name = models.CharField(max_length=120, editable=False, help_text="as its person calls it")
    media_type = models.CharField(max_length=40, editable=False)
    seconds = models.FloatField(null=True, editable=False)
    stored_bytes = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    used_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "id")

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"

    @property
    def filename(self) -> str:
        """What the server calls it: nobody's words are in it."""
        return f"{self.pk.hex}.{ENDINGS.get(self.media_type, 'bin')}"

    @property
    def expires_at(self) -> "datetime":
        return self.used_at + UNUSED

    def recording(self) -> "UploadedFile[Any]":
        """As if it were sent now. Raises RVCError("source_missing")."""
        Upload.objects.filter(pk=self.pk).update(used_at=timezone.now())
        try:
            return UploadedFile(self.file.open("rb"), self.name, size=self.file.size)
        except FileNotFoundError as error:
            message = _("This upload is not in storage any more: send it once more.")
            raise RVCError("source_missing", message, field="filename") from error


def _is_id(words: str) -> bool:
    try:
        return uuid.UUID(words).hex == words
    except ValueError:
        return False


@receiver(post_delete, sender=Upload)
def delete_file(instance: Upload, **kwargs: Any) -> None:
    delete_after_commit(instance.file)
