from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from models_app.models.voice import VoiceModel


class FavouriteQuerySet(models.QuerySet["FavouriteVoice"]):
    def put(self, user: "User", voice: "VoiceModel", *, starred: bool) -> None:
        """Give the star of this person to a voice, or take it; twice is once."""
        if starred:
            self.get_or_create(owner=user, voice=voice)
        else:
            self.filter(owner=user, voice=voice).delete()

    def of(self, user: "User | AnonymousUser") -> Exists:
        """Whether each voice of a query has the star of this person."""
        return Exists(self.filter(owner_id=user.pk, voice=OuterRef("pk")))


class FavouriteVoice(models.Model):
    """The star that one person gave a voice; nobody else sees it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="favourite_voices")
    voice = models.ForeignKey("models_app.VoiceModel", models.CASCADE, related_name="stars")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FavouriteQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("owner", "voice"), name="one_star_of_a_person"),)

    def __str__(self) -> str:
        return f"{self.owner}: {self.voice}"
