from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.http import Http404
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User

    from models_app.models.voice import VoiceModel


class Action(models.TextChoices):
    ADDED = "added", _("Added")
    BLENDED = "blended", _("Made as a blend")
    EDITED = "edited", _("Edited")
    SHARED = "shared", _("Shared")
    EXPORTED = "exported", _("Exported")
    INDEXED = "indexed", _("Index changed")
    CHECKED = "checked", _("Checked again")
    GIVEN = "given", _("Owner changed")
    DELETED = "deleted", _("Deleted")


class VoiceEventQuerySet(models.QuerySet["VoiceEvent"]):
    def record(self, action: Action, voice: "VoiceModel", by: "User | None", details: str = "") -> "VoiceEvent":
        """Write down that somebody did something to a voice; nobody stands for the command line."""
        return self.create(
            action=action,
            voice=voice if voice.pk and action != Action.DELETED else None,
            voice_key=voice.pk,
            voice_name=voice.name,
            actor=by,
            actor_name=by.get_username() if by else "",
            details=details[:500],
        )


class VoiceEvent(models.Model):
    """One line of who did what to which voice. It outlives both, and nobody changes it."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField("who", max_length=150, blank=True)
    action = models.CharField("what", max_length=10, choices=Action)
    voice = models.ForeignKey("models_app.VoiceModel", models.SET_NULL, null=True, related_name="events")
    voice_key = models.UUIDField("id of the voice", db_index=True)
    voice_name = models.CharField("voice", max_length=120)
    details = models.CharField(max_length=500, blank=True)

    objects = VoiceEventQuerySet.as_manager()

    class Meta:
        verbose_name = "event of a voice"
        verbose_name_plural = "events of voices"
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.actor_name or 'the command line'}: {self.get_action_display().lower()} {self.voice_name}"

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: "Iterable[str] | None" = None,
    ) -> None:
        if not self._state.adding:
            raise TypeError("what has happened is not changed")
        super().save(force_insert=True, using=using)


class Recorded(models.Model):
    """A voice of which is written down what happens to it."""

    class Meta:
        abstract = True

    def held(self) -> Self:
        """The row as it stands now, locked until the transaction ends. What was deleted meanwhile is not found."""
        row: Self | None = type(self)._default_manager.select_for_update().filter(pk=self.pk).first()
        if row is None:
            raise Http404(f"{self} was deleted meanwhile.")
        return row

    def record(self, action: Action, by: "User | None", details: str = "") -> VoiceEvent:
        voice: Any = self
        return VoiceEvent.objects.record(action, voice, by, details)
