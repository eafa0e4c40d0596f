"""A few seconds of a recording as a conversion of their own: the settings are heard before a long one is made."""

from pathlib import Path
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from rvc.codec import Recording, encode
from rvc.errors import RVCError

USUAL_SECONDS, SHORTEST, LONGEST = 10.0, 1.0, 60.0
KEEP_DAYS = 1
"""What a person tries out goes soon, unless they say otherwise."""


def clip_path(conversion: "Clipped", filename: str) -> str:
    return f"clips/{conversion.pk.hex}-{conversion.token[:8]}.wav"


class Clipped(models.Model):
    """The part of a conversion that says which seconds of the recording are meant; without them all of it is."""

    pk: Any
    token: Any

    clip_start = models.FloatField(default=0.0, editable=False, validators=[MinValueValidator(0.0)])
    clip_seconds = models.FloatField(null=True, editable=False, help_text="empty: all of the recording")
    clip = models.FileField("what was heard of the recording", upload_to=clip_path, blank=True, editable=False)

    class Meta:
        abstract = True

    def length_of_clip(self, seconds: float | None) -> float | None:
        """How much of a recording of this length is converted. Raises RVCError("clip_outside")."""
        if seconds is None or self.clip_seconds is None:
            return seconds
        if seconds - self.clip_start < min(SHORTEST, seconds):
            message = f"The recording has {seconds:.0f} seconds: begin the preview earlier."
            raise RVCError("clip_outside", message, field="clip_start")
        return min(self.clip_seconds, seconds - self.clip_start)


def cut(recording: Recording, conversion: Clipped) -> Recording:
    """The wished part of a decoded recording. Raises RVCError("clip_outside")."""
    seconds = conversion.length_of_clip(recording.seconds)
    if conversion.clip_seconds is None or seconds is None:
        return recording
    return recording.part(conversion.clip_start, seconds)


def kept(recording: Recording, conversion: Clipped, folder: Path) -> dict[str, Path]:
    """The file of a part that was cut, by its column: whoever compares hears what the result was made of."""
    if conversion.clip_seconds is None:
        return {}
    path = folder / "clip.wav"
    encode(recording.samples, recording.rate, path, "wav")
    return {"clip": path}
