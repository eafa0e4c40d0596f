import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, models, transaction
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from jobs.quotas import admit_bytes
from models_app import ingest
from models_app.models.check import VoiceCheck
from models_app.models.event import Action
from models_app.models.sharing import Shared, SharedQuerySet
from models_app.models.tag import Tag
from models_app.models.tuned import Tuned
from rvc.assets import AssetStore
from rvc.assets.record import sha256_of
from rvc.errors import AssetError, VoiceFileError
from rvc.voicefile import safetensors
from rvc.voicefile.header import VoiceHeader
from voiceproject.files import delete_after_commit, kept_together

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def voice_path(voice: "VoiceModel", filename: str) -> str:
    return f"voices/{voice.pk.hex}.safetensors"


def index_path(voice: "VoiceModel", filename: str) -> str:
    """A name is used once: a worker that reads the index which is replaced never finds half of another."""
    return f"voices/{voice.pk.hex}-{uuid.uuid4().hex[:8]}.index.safetensors"


def upload_path(voice: "VoiceModel", filename: str) -> str:
    return f"originals/{voice.pk.hex}-{uuid.uuid4().hex[:8]}.upload"


def preview_path(voice: "VoiceModel", filename: str) -> str:
    return f"previews/{voice.pk.hex}-{Path(filename).name}"


def encoder_installed(name: str) -> bool:
    """Whether a content encoder is here; a name we do not know is not."""
    try:
        return AssetStore(settings.ASSETS_DIR).installed(name)
    except AssetError:
        return False


LONGEST_WORDS = 140
"""Letters of the longest name or slug: databases refuse to compare with far longer ones."""


class VoiceQuerySet(SharedQuerySet["VoiceModel"]):
    def ready(self) -> Self:
        """The voices that can be used at once: their content encoder is installed, and no self-test says no."""
        names = self.order_by().values_list("encoder", flat=True).distinct()
        installed = [name for name in names if encoder_installed(name)]
        return self.filter(encoder__in=installed).exclude(state=VoiceState.UNUSABLE)

    def find(self, words: str) -> "VoiceModel":
        """The one voice of this id or name, else of this slug."""
        try:
            return self.get(pk=uuid.UUID(words))
        except ValueError:
            words = words.encode(errors="replace").decode()  # half a letter, which JSON can hold and no database
            if len(words) > LONGEST_WORDS:
                raise self.model.DoesNotExist from None
            named = self.filter(name__iexact=words)
            return named.get() if named.exists() else self.get(slug=words)

    def add(
        self,
        *,
        checkpoint: ingest.Upload,
        index: ingest.Upload | None = None,
        by: "User | None" = None,
        tags: Iterable[str] = (),
        **fields: Any,
    ) -> "VoiceModel":
        """Check uploaded files and keep them as a voice; a VoiceFileError names the wrong one and leaves nothing."""
        voice = self.model(**fields)
        voice.store(self.examine(checkpoint=checkpoint, index=index, owner=voice.owner), by, tags=tags)
        return voice

    def examine(
        self, *, checkpoint: ingest.Upload, index: ingest.Upload | None = None, owner: "User | None" = None
    ) -> ingest.CheckedVoice:
        """Check uploaded files for their owner to be; refuses bytes that this owner has brought before."""
        return ingest.check(checkpoint, index, refuse=partial(self.refuse_known, owner))

    def refuse_known(self, owner: "User | None", sha256: str, index_sha256: str) -> None:
        """The same voice with another index is another voice."""
        known = self.filter(owner=owner, checkpoint_sha256=sha256)
        voice = known.filter(index_sha256=index_sha256).first() if index_sha256 else known.first()
        if voice is not None:
            since = date_format(voice.created_at, "j F Y")
            message = _("This file is there already: as “{voice}”, added on {since}.").format(voice=voice, since=since)
            raise VoiceFileError("already_there", message)


class VoiceState(models.TextChoices):
    UNCHECKED = "unchecked", _("Not tried yet")
    READY = "ready", _("Ready")
    UNUSABLE = "unusable", _("Does not speak")


class VoiceModel(Shared, Tuned):
    """A voice as inert data: checked once on its way in, mapped from storage ever after."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.FileField(upload_to=voice_path, editable=False)
    index_file = models.FileField(upload_to=index_path, blank=True, editable=False)
    upload = models.FileField("voice as it was uploaded", upload_to=upload_path, blank=True, editable=False)
    index_upload = models.FileField("index as it was uploaded", upload_to=upload_path, blank=True, editable=False)
    bytes_column = "size_bytes"
    size_bytes = models.BigIntegerField(default=0, editable=False)
    checkpoint_sha256 = models.CharField("SHA-256 of the uploaded voice", max_length=64, editable=False)
    index_sha256 = models.CharField("SHA-256 of the uploaded index", max_length=64, blank=True, editable=False)
    file_sha256 = models.CharField("SHA-256 of the stored voice", max_length=64, blank=True, editable=False)
    index_file_sha256 = models.CharField("SHA-256 of the stored index", max_length=64, blank=True, editable=False)

    state = models.CharField(
        max_length=10, choices=VoiceState, default=VoiceState.UNCHECKED, editable=False, help_text="of its self-test"
    )
    state_message = models.CharField(max_length=500, blank=True, editable=False)
    check_version = models.PositiveSmallIntegerField(default=0, editable=False, help_text="of the last one asked for")
    preview = models.FileField(upload_to=preview_path, blank=True, editable=False)
    source_url = models.CharField("imported from", max_length=2000, blank=True, editable=False)

    version = models.CharField(max_length=2, editable=False)
    f0 = models.BooleanField("follows pitch", editable=False)
    sample_rate = models.PositiveIntegerField("sampling rate", help_text="Hz", editable=False)
    speakers = models.PositiveIntegerField(default=1, editable=False)
    encoder = models.CharField("content encoder", max_length=60, editable=False)
    facts = models.JSONField(default=dict, editable=False)
    index_facts = models.JSONField(default=dict, blank=True, editable=False)
    report = models.JSONField("what was found in the upload", default=dict, blank=True, editable=False)

    use_count = models.PositiveIntegerField("finished conversions", default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    removed_by: "User | None" = None

    objects = VoiceQuerySet.as_manager()

    class Meta:
        verbose_name = "voice"
        ordering = ("-created_at", "id")
        indexes = (models.Index(fields=("-created_at", "id"), name="voice_newest"),)

    def get_absolute_url(self) -> str:
        return reverse("voices:detail", args=[self.pk])

    @property
    def has_index(self) -> bool:
        return bool(self.index_file)

    @property
    def passed_over(self) -> list[dict[str, Any]]:
        """The lines of the report about files of the upload that were not taken."""
        return [file for file in self.report.get("files", ()) if not file["taken"]]

    @property
    def header(self) -> VoiceHeader:
        return VoiceHeader.from_json(self.facts)

    @property
    def missing_asset(self) -> str | None:
        """Name of the content encoder that this voice needs and this machine lacks."""
        return None if encoder_installed(self.encoder) else self.encoder

    @property
    def missing_asset_message(self) -> str:
        """What to tell somebody who wants to use the voice; empty when nothing is missing."""
        if encoder_installed(self.encoder):
            return ""
        try:
            AssetStore(settings.ASSETS_DIR).path(self.encoder)
        except AssetError as error:
            return error.message
        return ""

    def check_usable(self) -> None:
        """Raise VoiceFileError("voice_unusable") when the self-test found that the voice does not speak."""
        if self.state == VoiceState.UNUSABLE:
            message = _("“{name}” cannot be used. {why}").format(name=self, why=self.state_message)
            raise VoiceFileError("voice_unusable", message, field="voice")

    def store(
        self, checked: ingest.CheckedVoice, by: "User | None" = None, *, tags: Iterable[str] = (), blended: str = ""
    ) -> None:
        """Keep a checked voice: its files and this new row, or none of them. Empties the quarantine.

        `by` is who brought it, nobody for the command line; `blended` says of what it was made here.
        """
        self._take_facts(checked)
        self.state_consent(by)
        try:
            with kept_together(*self._files()):
                self._refuse_twin()
                self._save_files(checked)
                self.measure()
                admit_bytes(self.owner, self.size_bytes)
                self._insert()
                self.tags.set(Tag.objects.named(tags))
                VoiceCheck.objects.submit(self, by=by or self.owner)
                self.record(Action.BLENDED if blended else Action.ADDED, by, blended)
        finally:
            checked.close()

    def _refuse_twin(self) -> None:
        """Of two uploads of the same bytes at once both were new when they were checked: here one waits for the other.

        No constraint says it, because the index of a voice may be changed or removed later. SQLite's transactions
        that write wait for each other anyway.
        """
        row = self.owner or ContentType.objects.get_for_model(VoiceModel)  # those of the server have no owner
        row._meta.base_manager.select_for_update(no_key=True).get(pk=row.pk)
        try:
            VoiceModel.objects.refuse_known(self.owner, self.checkpoint_sha256, self.index_sha256)
        except VoiceFileError as error:
            error.field = "checkpoint"
            raise

    def _save_files(self, checked: ingest.CheckedVoice) -> None:
        for field, path in (
            (self.file, checked.voice),
            (self.index_file, checked.index),
            (self.upload, checked.upload),
            (self.index_upload, checked.index_upload),
        ):
            if path is not None:
                _save(field, path)

    def _insert(self) -> None:
        """Two voices of one name that come at once want the same slug: the second gets its own."""
        self.choose_slug()
        try:
            with transaction.atomic():
                self.save(force_insert=True)
        except IntegrityError:
            wanted = self.slug
            self.choose_slug()
            if self.slug == wanted:  # it was not the slug
                raise
            self.save(force_insert=True)

    def measure(self) -> None:
        kept = (self.file, self.index_file, self.upload, self.index_upload)
        self.size_bytes = sum(file.size for file in kept if file)

    def _files(self) -> list[FieldFile]:
        columns = self._meta.concrete_fields
        return [getattr(self, column.name) for column in columns if isinstance(column, models.FileField)]

    @transaction.atomic
    def remove(self, by: "User | None") -> None:
        """Delete it with all its files. Waiting conversions with it end as `voice_deleted`; results stay."""
        row = self.held()  # with the files that it has by now; who comes second finds nothing to delete
        row.removed_by = by
        row.delete()

    def _take_facts(self, checked: ingest.CheckedVoice) -> None:
        header = VoiceHeader.from_json(checked.facts)
        self.version, self.f0, self.sample_rate = header.version, header.f0, header.sample_rate
        self.speakers, self.encoder = header.speakers, header.encoder
        self.speaker_names = self.speaker_names or dict(header.speaker_names)
        self.facts, self.checkpoint_sha256 = checked.facts, checked.sha256
        self.index_facts, self.index_sha256 = checked.index_facts, checked.index_sha256
        self.file_sha256 = sha256_of(checked.voice)
        self.index_file_sha256 = sha256_of(checked.index) if checked.index else ""
        self.report = {**checked.report, "tensors": safetensors.summary(checked.voice)}


def _save(field: FieldFile, path: Path) -> None:
    with path.open("rb") as handle:
        field.save(path.name, ingest.Movable(handle, str(path)), save=False)


@receiver(post_delete, sender=VoiceModel)
def delete_files(instance: VoiceModel, **kwargs: Any) -> None:
    """However a voice goes, with its owner's account too, its files go and one line of what happened stays."""
    delete_after_commit(*instance._files())
    instance.record(Action.DELETED, instance.removed_by)
