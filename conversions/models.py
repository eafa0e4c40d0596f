from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conversions import recordings
from conversions.batches.models import Batch
from conversions.clips import Clipped
from conversions.keeping import Kept, KeptQuerySet
from conversions.methods import check_method
from conversions.pieces import Piece
from conversions.presets import Preset
from conversions.sharing import models as sharing  # noqa: F401 - registers itself
from conversions.sweeps.models import Sweep
from conversions.uploads.models import Upload
from jobs.many import AT_ONCE
from jobs.quotas import admit_sound, count_sound
from models_app.models import VoiceModel
from rvc.codec import MEDIA_TYPES, RecordingFacts
from rvc.errors import RVCError
from rvc.features import FeatureCache
from rvc.options import CHOICES, FORMAT_LABELS, ConversionOptions
from voiceproject.files import clean_label, delete_after_commit, kept_together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

OPTION_NAMES = tuple(spec.name for spec in fields(ConversionOptions))

__all__ = ["OPTION_NAMES", "Conversion", "ConversionQuerySet", "Kind", "Piece", "Preset", "Upload", "forget_features"]


class Kind(models.TextChoices):
    """Where the recording comes from; CONVERSION_TASKS names who does the work of each."""

    RECORDING = "recording", _("Recording")
    SPEECH = "speech", _("Speech")


def source_path(conversion: "Conversion", filename: str) -> str:
    """A recording that a worker makes has the attempt's own name, as results have."""
    return f"sources/{conversion.pk.hex}" + (f"-{conversion.token[:8]}" if conversion.token else "")


def result_path(conversion: "Conversion", filename: str) -> str:
    """The token makes the name one attempt's own, so that a late twin never overwrites a published result."""
    return f"results/{conversion.pk.hex}-{conversion.token[:8]}.{conversion.extension}"


def picture_path(conversion: "Conversion", filename: str) -> str:
    return f"pictures/{conversion.pk.hex}-{conversion.token[:8]}.png"


def _choices(name: str) -> list[tuple[str, str]]:
    return [(value, FORMAT_LABELS.get(value, value)) for value in CHOICES[name]]


class ConversionQuerySet(KeptQuerySet["Conversion"]):
    def readable_by(self, user: "User | AnonymousUser") -> Self:
        """Whose sound a person may hear: their own, and everybody's for staff who may see conversions."""
        if user.is_staff and user.has_perm("conversions.view_conversion"):
            return self.all()
        return self.visible_to(user)

    def submit(
        self,
        user: "User",
        voice: VoiceModel,
        source: "File[Any]",
        options: ConversionOptions,
        facts: RecordingFacts | None = None,
        **keeping: Any,
    ) -> "Conversion":
        """Keep the recording and the wish in one transaction, then tell the queue.

        `facts` is what `recordings.probe` said about the source; without them it is asked here, and may raise.
        `keeping` may say `keep_days` and `delete_after_download` of this one conversion, and which clip is meant.
        A voice that failed its self-test is refused: VoiceFileError("voice_unusable"); what is more than a person may
        have: see `quotas.admit_sound`.
        """
        conversion = self.wished(user, voice, options, **keeping)
        facts = facts or recordings.probe(source)
        conversion.source_name = clean_label(source.name or "", fallback="recording")
        conversion.source_type = recordings.media_type(source)
        conversion.source_seconds = conversion.length_of_clip(facts.seconds)
        conversion.stored_bytes = source.size
        with kept_together(conversion.source):
            admit_sound(user, conversion.source_seconds or 0.0, source.size)
            conversion.source.save("source", source, save=False)
            conversion.save(force_insert=True)
            transaction.on_commit(conversion.hint, robust=True)
        return conversion

    def wished(self, user: "User", voice: VoiceModel, options: ConversionOptions, **fields: Any) -> "Conversion":
        """A row that is not saved yet, once the voice and the options are found to be usable."""
        voice.check_usable()
        check_method(voice, options)
        return self.model(owner=user, voice=voice, voice_name=voice.name, **asdict(options.seeded()), **fields)


class Conversion(Clipped, Kept):
    """One recording to be heard in one voice: the source, what was wished, and the result.

    Every option has a column of the same name and default as in ConversionOptions; a test holds them together.
    """

    length = "source_seconds"
    bytes_column = "stored_bytes"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.RECORDING, editable=False)
    voice = models.ForeignKey(VoiceModel, models.SET_NULL, null=True, related_name="conversions")
    voice_name = models.CharField("name of the voice", max_length=120, editable=False)

    batch = models.ForeignKey(Batch, models.CASCADE, null=True, editable=False, related_name="conversions")
    batch_position = models.PositiveIntegerField(default=0, editable=False)
    batch_path = models.CharField("name in the batch", max_length=200, blank=True, editable=False)

    source = models.FileField(upload_to=source_path, blank=True, editable=False)
    source_name = models.CharField("recording", max_length=120, editable=False)
    source_type = models.CharField(max_length=40, default=recordings.UNKNOWN, editable=False)
    fingerprint = models.CharField(
        max_length=40, blank=True, db_index=True, editable=False, help_text="of the decoded recording, once it was read"
    )
    source_seconds = models.FloatField("length", null=True, editable=False, help_text="seconds")

    pitch_shift = models.FloatField(default=0.0, help_text="semitones")
    pitch_mode = models.CharField("pitch", max_length=8, choices=_choices("pitch_mode"), default="shift")
    f0_method = models.CharField("pitch method", max_length=16, choices=_choices("f0_method"), default="auto")
    index_rate = models.FloatField(default=0.75)
    protect = models.FloatField(default=0.33)
    loudness_mix = models.FloatField(default=0.25)
    speaker = models.PositiveIntegerField(default=0)
    unvoiced = models.CharField(max_length=8, choices=_choices("unvoiced"), default="keep")
    precision = models.CharField(max_length=8, choices=_choices("precision"), default="exact")
    output_rate = models.PositiveIntegerField(default=0, help_text="Hz, 0 keeps the voice's")
    output_format = models.CharField(max_length=8, choices=_choices("output_format"), default="wav")
    seed = models.BigIntegerField(default=0)

    result = models.FileField(upload_to=result_path, blank=True, editable=False)
    result_seconds = models.FloatField(null=True, editable=False)
    result_rate = models.PositiveIntegerField(null=True, editable=False)
    picture = models.FileField(upload_to=picture_path, blank=True, editable=False)
    stored_bytes = models.BigIntegerField(default=0, editable=False, help_text="recording, result and picture")
    used_index = models.BooleanField(default=False, editable=False)
    facts = models.JSONField(default=dict, blank=True, editable=False)

    objects = ConversionQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Kept.Meta):
        abstract = False
        indexes = (  # type: ignore[assignment]
            *Kept.Meta.indexes,
            models.Index(fields=("-created_at", "-id"), name="conversion_newest"),
        )

    def get_absolute_url(self) -> str:
        return reverse("conversions:detail", args=[self.pk])

    @property
    def task(self) -> str:  # type: ignore[override]
        return str(settings.CONVERSION_TASKS[self.kind])

    @property
    def options(self) -> ConversionOptions:
        return ConversionOptions(**{name: getattr(self, name) for name in OPTION_NAMES})

    @property
    def extension(self) -> str:
        return MEDIA_TYPES[self.output_format][0].lstrip(".")

    @property
    def result_type(self) -> str:
        return MEDIA_TYPES[self.output_format][1]

    @property
    def result_name(self) -> str:
        """What the downloaded file is called: the recording and the voice, in the person's own words."""
        return self.name_with(f".{self.extension}")

    def name_with(self, extension: str) -> str:
        stem = self.source_name if self.kind == Kind.SPEECH else self.source_name.rsplit(".", 1)[0] or "recording"
        return clean_label(f"{stem} - {self.voice_name}".replace("/", " "), fallback="result") + extension

    @property
    def source_file_name(self) -> str:
        """What the downloaded recording is called."""
        return f"{self.source_name}.wav" if self.kind == Kind.SPEECH else self.source_name

    @property
    def pitch_moved(self) -> float | None:
        """Semitones by which the melody was moved; None until it was, and where the voice follows none."""
        moved = self.facts.get("pitch_shift")
        return None if moved is None else float(moved)

    @property
    def ready_seconds(self) -> float:
        """How much of the result can be heard already."""
        if self.is_final:
            return self.result_seconds or 0.0
        return sum(piece.seconds for piece in self.pieces.all())

    @property
    def warnings(self) -> list[str]:
        return list(self.facts.get("warnings", []))

    def recording(self) -> "UploadedFile[Any]":
        """The stored recording, as if it had been sent once more. Raises RVCError("source_missing") when it is gone."""
        try:
            return UploadedFile(self.source.open("rb"), self.source_file_name, size=self.source.size)
        except (FileNotFoundError, ValueError) as error:  # ValueError: the row names no file
            message = "The earlier recording is not there any more: choose it once more."
            raise RVCError("source_missing", message, field="recording") from error

    def note_length(self, seconds: float) -> None:
        """What was not known, or only guessed, when it was accepted: the day of the owner is counted accordingly."""
        guessed = self.source_seconds
        with transaction.atomic():
            if Conversion.objects.filter(pk=self.pk, source_seconds=guessed).update(source_seconds=seconds):
                count_sound(self.owner, seconds - (guessed or 0.0))
        self.source_seconds = seconds

    def finish(self, **changes: Any) -> bool:
        """Publish the result; what succeeded counts as a use of the voice."""
        published = super().finish(**changes)
        if published:
            VoiceModel.objects.filter(conversions=self).update(use_count=F("use_count") + 1)
        return published

    def discard(self, changes: "Mapping[str, Any]") -> None:
        """Delete what an attempt made that came too late."""
        for file in (self.source, self.result, self.picture, self.clip):
            if name := changes.get(file.field.name):
                file.storage.delete(name)


@receiver(post_delete, sender=Sweep)
def delete_measured(instance: Sweep, origin: Any, **kwargs: Any) -> None:
    _forget_after_commit(instance, origin)


@receiver(post_delete, sender=Conversion)
def delete_files(instance: Conversion, origin: Any, **kwargs: Any) -> None:
    delete_after_commit(instance.source, instance.result, instance.picture, instance.clip)
    _forget_after_commit(instance, origin)


def _forget_after_commit(instance: "Conversion | Sweep", origin: Any) -> None:
    """All that goes with one call of `delete` is forgotten together, once: a batch may have a thousand recordings."""
    if instance.fingerprint:
        gathered: set[str] = origin.__dict__.setdefault("measured_recordings", set())
        gathered.add(instance.fingerprint)
        transaction.on_commit(partial(_forget_gathered, gathered))


def _forget_gathered(fingerprints: set[str]) -> None:
    """The first of those that call this forgets for all of them."""
    gathered = list(fingerprints)
    fingerprints.clear()
    if gathered:
        forget_features(*gathered)


def forget_features(*fingerprints: str) -> None:
    """Remove what was measured in recordings, unless somebody's conversion of the very same recording is left."""
    gone = set(fingerprints)
    for start in range(0, len(fingerprints), AT_ONCE):
        some = fingerprints[start : start + AT_ONCE]
        for kind in (Conversion, Sweep):
            gone.difference_update(
                kind._default_manager.filter(fingerprint__in=some).values_list("fingerprint", flat=True)
            )
    if gone:
        FeatureCache(settings.FEATURE_CACHE_DIR, settings.FEATURE_CACHE_MB << 20).forget(gone)
