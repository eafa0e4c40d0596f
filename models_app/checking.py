"""What a check of a voice needs and what it leaves: the sentence for the preview, the verdict, the stored preview."""

import wave
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files import File
from django.db import transaction
from numpy.typing import NDArray

from models_app.models import VoiceCheck, VoiceModel, VoiceState
from models_app.models.check import CHECK_VERSION
from rvc.options import ConversionOptions
from voiceproject.files import kept_together

SAMPLE = Path(__file__).parent / "starter" / "sample.wav"
SENTENCE_SECONDS = 4.35
"""Up to a pause of the bundled sample."""
FADE_SECONDS = 0.02
FORMAT, MEDIA_TYPE = "mp3", "audio/mpeg"
SEED = 1

SELF_TEST_SECONDS = 120.0
"""A full-sized voice takes less than one on a small processor."""

# How far a check is when its parts begin.
SELF_TEST, PREVIEW, STORE = 0.0, 0.1, 0.95


def sentence() -> NDArray[np.float32]:
    """The bundled sentence that every preview says: (N,) mono at 16 kHz."""
    with wave.open(str(SAMPLE)) as sample:
        rate = sample.getframerate()
        frames = sample.readframes(round(SENTENCE_SECONDS * rate))
    samples = np.frombuffer(frames, "<i2").astype(np.float32) / np.float32(2**15)
    fade = round(FADE_SECONDS * rate)
    samples[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples


def options(voice: VoiceModel) -> ConversionOptions:
    """What suits the voice; the same seed, so that a preview can be made again."""
    return voice.speech_options(output_format=FORMAT, seed=SEED)


def note(check: VoiceCheck, state: VoiceState, message: str = "") -> None:
    """Keep the verdict. Raises Cancelled or LeaseLost when the check is not ours any more."""
    with transaction.atomic():
        check.beat(stage="self-test", progress=PREVIEW)  # holds the row until the verdict is written
        VoiceModel.objects.filter(pk=check.voice_id).update(state=state, state_message=message[:500])


def keep_preview(check: VoiceCheck, voice: VoiceModel, made: Path) -> None:
    """Store a preview under a name of this attempt's own and let go of the earlier one. Raises as `note` does."""
    earlier, voice.preview = voice.preview.name, ""
    with kept_together(voice.preview):
        check.beat(stage="store", progress=STORE)
        with made.open("rb") as handle:
            voice.preview.save(f"{check.token[:8]}{made.suffix}", File(handle), save=False)
        VoiceModel.objects.filter(pk=voice.pk).update(preview=voice.preview.name)
        if earlier:
            transaction.on_commit(partial(voice.preview.storage.delete, earlier))


def check_those_waiting_for(encoders: Iterable[str], *, by: Any = None) -> int:
    """Queue the checks of voices that had to do without a preview until these encoders came; how many."""
    voices = VoiceModel.objects.filter(encoder__in=list(encoders), preview="").exclude(state=VoiceState.UNUSABLE)
    for voice in voices:
        VoiceCheck.objects.submit(voice, by=by)
    return len(voices)


def check_outdated() -> int:
    """Queue the checks of voices that none of this version was asked for; how many. Quick where there are none."""
    voices = list(VoiceModel.objects.filter(check_version__lt=CHECK_VERSION).only("pk"))
    for voice in voices:
        VoiceCheck.objects.submit(voice)
    return len(voices)
