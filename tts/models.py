"""A text that is spoken: one to one with the Conversion that says it in a voice, and gone with it."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction

from conversions.models import Conversion, Kind
from conversions.pieces import MEDIA_TYPE
from jobs.quotas import admit_sound
from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tts.wishes import Wish, named
from voiceproject.files import clean_label

if TYPE_CHECKING:
    from django.contrib.auth.models import User

WISHES = tuple(spec.name for spec in fields(Wish))


class SpeechQuerySet(models.QuerySet["Speech"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(conversion__owner_id=user.pk) if user.pk else self.none()

    def submit(
        self, user: "User", voice: VoiceModel, wish: Wish, options: ConversionOptions, **keeping: Any
    ) -> "Speech":
        """Keep the text and the wish in one transaction, then tell the queue.

        Raises SpeechError for what cannot be spoken, and what `Conversion.objects.submit` raises.
        """
        wish = wish.checked()
        conversion = Conversion.objects.wished(user, voice, options, kind=Kind.SPEECH, **keeping)
        conversion.source_name = clean_label(named(wish.text), fallback="speech")
        conversion.source_type = MEDIA_TYPE
        conversion.source_seconds = wish.seconds
        with transaction.atomic():
            admit_sound(user, wish.seconds, 0)
            conversion.save(force_insert=True)
            speech = self.create(conversion=conversion, **asdict(wish) | {"engines": list(wish.engines)})
            transaction.on_commit(conversion.hint, robust=True)
        return speech


class Speech(models.Model):
    conversion = models.OneToOneField(
        Conversion, models.CASCADE, primary_key=True, related_name="speech", editable=False
    )
    text = models.TextField(editable=False)
    language = models.CharField(max_length=40, blank=True, editable=False, help_text="as it was said, or guessed")
    engines = models.JSONField(
        "engines that were wished", default=list, editable=False, help_text="the next is asked where one fails"
    )
    engine_speaker = models.CharField("speaker of the engine", max_length=120, blank=True, editable=False)
    rate = models.FloatField(default=1.0, editable=False, help_text="1 is the engine's usual pace")
    pause = models.FloatField(null=True, editable=False, help_text="seconds; empty: natural pauses")
    volume = models.FloatField(default=1.0, editable=False)
    engine = models.CharField("who spoke", max_length=40, blank=True, editable=False)
    attempts = models.JSONField("engines that could not", default=list, editable=False)

    objects = SpeechQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "speeches"
        ordering = ("-conversion__created_at",)

    def __str__(self) -> str:
        return self.conversion.source_name

    def get_absolute_url(self) -> str:
        return self.conversion.get_absolute_url()

    @property
    def wish(self) -> Wish:
        values = {name: getattr(self, name) for name in WISHES}
        return Wish(**values | {"engines": tuple(self.engines)})

    def note_speaker(self, engine: str, attempts: list[dict[str, str]]) -> None:
        """Who speaks it now, and who was asked before and could not."""
        self.engine, self.attempts = engine, attempts
        Speech.objects.filter(pk=self.pk).update(engine=engine, attempts=attempts)
