"""A comparison of settings, as one job, and its cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files import File
from django.db import models, transaction
from django.db.models import F
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _

from conversions.methods import check_method
from conversions.sweeps.grid import LONGEST_SECONDS, SHORTEST_SECONDS, Axis, checked, combinations
from jobs.models import Job, JobQuerySet, State
from jobs.quotas import admit_sound
from models_app.models import VoiceModel
from rvc.codec import MEDIA_TYPES
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions
from voiceproject.files import delete_after_commit

if TYPE_CHECKING:
    from conversions.models import Conversion

FORMAT = "flac"
"""Exact, half as large as WAV, and played by every browser."""


def cell_path(cell: "SweepCell", filename: str) -> str:
    """The token makes the name one attempt's own, as with results."""
    return f"sweeps/{cell.sweep_id.hex}-{cell.sweep.token[:8]}-{cell.position:02d}{MEDIA_TYPES[FORMAT][0]}"


class SweepQuerySet(JobQuerySet["Sweep"]):
    def submit(self, conversion: "Conversion", axes: Sequence[Axis], *, start: float, seconds: float) -> "Sweep":
        """Compare settings on a clip of what was converted; everything else stays as in that conversion.

        start and seconds: of the clip, in the recording, which may end before. Raises OptionError, which names the
        option or `start`; RVCError("source_missing"); what is more than a person may have: see `quotas.admit_sound`.
        """
        if conversion.state != State.DONE or not conversion.source:
            raise RVCError("source_missing", _("There is no finished conversion with its recording to compare on."))
        axes = checked(axes, conversion.options)
        self._check_usable(conversion, axes)
        seconds = _clip(conversion, start, seconds)
        cells = combinations(axes)
        sweep = self.model(
            owner=conversion.owner,
            conversion=conversion,
            axes=[{"name": axis.name, "values": list(axis.values)} for axis in axes],
            start=start,
            seconds=seconds,
            sound_seconds=seconds * len(cells),
        )
        with transaction.atomic():
            admit_sound(conversion.owner, sweep.sound_seconds, 0)
            sweep.save(force_insert=True)
            SweepCell.objects.bulk_create(SweepCell(sweep=sweep, position=n, options=o) for n, o in enumerate(cells))
            transaction.on_commit(sweep.hint, robust=True)
        return sweep

    def _check_usable(self, conversion: "Conversion", axes: Sequence[Axis]) -> None:
        voice = VoiceModel.objects.usable_by(conversion.owner).filter(conversions=conversion).first()
        if voice is None:
            message = _("The voice %(name)s is not there any more, or not shared with you.")
            raise RVCError("voice_deleted", message % {"name": conversion.voice_name}, field="voice")
        voice.check_usable()
        for options in combinations(axes):
            check_method(voice, conversion.options.from_mapping({**_plain(conversion.options), **options}))


def _plain(options: ConversionOptions) -> dict[str, Any]:
    return dict(vars(options))


def _clip(conversion: "Conversion", start: float, seconds: float) -> float:
    """How long the clip is. Raises OptionError."""
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        words = _("The clip may have {low:g} to {high:g} seconds.")
        message = words.format(low=SHORTEST_SECONDS, high=LONGEST_SECONDS)
        raise OptionError("seconds", message)
    whole = conversion.source_seconds or 0.0
    if not 0 <= start <= max(0.0, whole - SHORTEST_SECONDS):
        raise OptionError("start", _("The recording has {whole:.1f} seconds.").format(whole=whole))
    return min(seconds, whole - start)


class Sweep(Job):
    """One clip in several settings. It belongs to the conversion that it was asked for on, and goes with it."""

    task = "conversions.sweeps.tasks.sweep"
    length = "sound_seconds"
    bytes_column = "stored_bytes"

    conversion = models.ForeignKey("conversions.Conversion", models.CASCADE, related_name="sweeps", editable=False)
    axes = models.JSONField(editable=False, help_text="each with name and values")
    start = models.FloatField(default=0.0, editable=False, help_text="of the clip in the recording, seconds")
    seconds = models.FloatField(editable=False, help_text="of the clip")
    sound_seconds = models.FloatField(editable=False, help_text="of all cells, which is what is counted")
    fingerprint = models.CharField(max_length=40, blank=True, db_index=True, editable=False, help_text="of the clip")
    stored_bytes = models.BigIntegerField(default=0, editable=False)
    facts = models.JSONField(default=dict, blank=True, editable=False)

    objects = SweepQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False

    def get_absolute_url(self) -> str:
        return reverse("conversions:sweep-detail", args=[self.pk])

    @property
    def own_options(self) -> list[Axis]:
        return [Axis(axis["name"], tuple(axis["values"])) for axis in self.axes]

    @property
    def table(self) -> "list[tuple[Any, list[SweepCell]]]":
        """A row for every value of the first option: the value, and its cells."""
        cells, (first, *rest) = list(self.cells.all()), self.own_options
        width = len(rest[0].values) if rest else 1
        return [(value, cells[row * width : (row + 1) * width]) for row, value in enumerate(first.values)]


class SweepCell(models.Model):
    """One setting of a sweep: its sound, or why there is none."""

    sweep = models.ForeignKey(Sweep, models.CASCADE, related_name="cells")
    position = models.PositiveSmallIntegerField(help_text="from 0, row by row")
    options = models.JSONField(help_text="those that are compared")
    result = models.FileField(upload_to=cell_path, blank=True, editable=False)
    result_seconds = models.FloatField(null=True, editable=False)
    result_rate = models.PositiveIntegerField(null=True, editable=False)
    error_code = models.CharField(max_length=32, blank=True, editable=False)
    error_message = models.CharField(max_length=500, blank=True, editable=False)
    facts = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("sweep", "position"), name="one_cell_of_a_position"),)

    def __str__(self) -> str:
        return f"cell {self.position} of {self.sweep_id}"

    @property
    def number(self) -> int:
        """As people count."""
        return self.position + 1

    @property
    def is_final(self) -> bool:
        """Whether it has its sound, or a reason why there is none."""
        return bool(self.result or self.error_code)

    @property
    def all_options(self) -> ConversionOptions:
        """Those of the conversion, with the compared ones in their place."""
        return ConversionOptions(**{**_plain(self.sweep.conversion.options), **self.options, "output_format": FORMAT})

    def publish(self, path: Path, progress: float, **columns: Any) -> None:
        """Store a file as its sound, while the sweep is ours. Raises Cancelled or LeaseLost, and leaves nothing."""
        with path.open("rb") as handle:
            self.result.save(path.name, File(handle), save=False)
        try:
            with transaction.atomic():
                self.sweep.beat(stage="synthesis", progress=progress)  # holds the row until the cell is written
                rows = SweepCell.objects.filter(pk=self.pk)
                rows.update(result=self.result.name, **columns)
                size = path.stat().st_size
                Sweep.objects.filter(pk=self.sweep_id).update(stored_bytes=F("stored_bytes") + size)
        except BaseException:
            self.result.storage.delete(str(self.result.name))
            raise

    def note_failure(self, error: RVCError) -> None:
        columns = {"error_code": error.code, "error_message": error.message[:500]}
        SweepCell.objects.filter(pk=self.pk).update(**columns)


@receiver(post_delete, sender=SweepCell)
def delete_sound(instance: SweepCell, **kwargs: Any) -> None:
    delete_after_commit(instance.result)
