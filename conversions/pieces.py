"""What can be heard of a conversion before its last part is done: numbered pieces of the result, one after the other.

They are passing things: a new attempt begins by removing those of the one before, and some time after the conversion
has ended the whole result stands in their place. Joined they are the result, sample by sample; a recording that
comes out too loud in its later parts is lowered as a whole in the end, which what was heard before could not know.
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from django.core.files import File
from django.db import models, transaction
from django.db.models.functions import Now
from django.db.models.signals import post_delete
from django.dispatch import receiver

from jobs.queries import FINAL
from rvc.codec import encode
from voiceproject.files import delete_after_commit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from conversions.models import Conversion

KEPT = timedelta(hours=1)
"""After the end of the conversion: whoever listens at that moment hears the rest."""
MEDIA_TYPE = "audio/wav"
STAGE = "synthesis"
"""What the conversion was busy with when the piece was made."""


def piece_path(piece: "Piece", filename: str) -> str:
    return f"pieces/{piece.conversion_id.hex}-{piece.conversion.token[:8]}-{piece.number:04d}.wav"


class PieceQuerySet(models.QuerySet["Piece"]):
    def add(self, conversion: "Conversion", path: Path, *, number: int, progress: float, **measured: Any) -> "Piece":
        """Publish a WAV of 16 bits as the next piece of a running conversion. progress: of the whole, 0 to 1.

        measured: `seconds`, and of a text `passage` and `spoken_seconds`.

        Raises Cancelled or LeaseLost, and leaves nothing, when the conversion is not ours any more.
        """
        piece = self.model(conversion=conversion, number=number, **measured)
        with path.open("rb") as handle:
            piece.file.save(path.name, File(handle), save=False)
        try:
            with transaction.atomic():
                conversion.beat(stage=STAGE, progress=progress)  # holds the row until the piece is written
                piece.save(force_insert=True)
        except BaseException:
            piece.file.storage.delete(str(piece.file.name))
            raise
        return piece

    def passed(self) -> Self:
        """Those that the whole result stands for by now."""
        return self.filter(conversion__state__in=FINAL, conversion__finished_at__lt=Now() - KEPT)

    def clear(self) -> int:
        """Delete these with their files."""
        return sum(piece.delete()[0] for piece in self)


class Piece(models.Model):
    conversion = models.ForeignKey("conversions.Conversion", models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField(help_text="from 0")
    file = models.FileField(upload_to=piece_path)
    seconds = models.FloatField()
    passage = models.PositiveIntegerField(null=True, help_text="of the text that is spoken, from 0")
    spoken_seconds = models.FloatField(null=True, help_text="then silence follows")

    objects = PieceQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("conversion", "number"), name="one_piece_of_a_number"),)

    def __str__(self) -> str:
        return f"piece {self.number} of {self.conversion_id}"


class Publisher:
    """Publishes the stretches of a result as pieces, in their order."""

    def __init__(self, conversion: "Conversion", scratch: Path) -> None:
        """progress: of the whole, 0 to 1, as last reported; whoever works says so."""
        self.conversion, self.path = conversion, scratch / "piece.wav"
        self.count, self.progress = 0, 0.0
        conversion.pieces.all().clear()  # an earlier attempt's

    def add(self, samples: "NDArray[np.floating[Any]]", rate: int, **measured: Any) -> None:
        """samples: (N,) at `rate` Hz; nothing of none. Raises Cancelled or LeaseLost, see PieceQuerySet.add."""
        if not len(samples):
            return
        encode(samples, rate, self.path, "wav")
        measured["seconds"] = len(samples) / rate
        Piece.objects.add(self.conversion, self.path, number=self.count, progress=self.progress, **measured)
        self.count += 1


@receiver(post_delete, sender=Piece)
def delete_file(instance: Piece, **kwargs: Any) -> None:
    delete_after_commit(instance.file)
