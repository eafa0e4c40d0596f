"""Options under a name of one's own, for conversions that are wished again and again."""

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from rvc.errors import RVCError
from voiceproject.models import Preferences

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

MOST = 100


class PresetQuerySet(models.QuerySet["Preset"]):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def keep(self, user: "User", name: str, options: dict[str, Any]) -> "Preset":
        """Raises RVCError: `already_there`, `quota_exceeded`."""
        if self.filter(owner=user).count() >= MOST:
            message = _("You have {most} presets: delete one that you need no more.").format(most=MOST)
            raise RVCError("quota_exceeded", message)
        preset, new = self.get_or_create(owner=user, name=name, defaults={"options": options})
        if not new:
            raise RVCError("already_there", _("You have a preset of this name."), field="name")
        return preset


class Preset(models.Model):
    """Some options of a conversion; those that are left out are the voice's, or the default."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presets")
    name = models.CharField(max_length=80)
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("owner", "name"), name="one_preset_of_a_name"),)

    def __str__(self) -> str:
        return self.name

    def change(self, name: str, options: dict[str, Any]) -> None:
        """Raises RVCError("already_there")."""
        if Preset.objects.filter(owner=self.owner, name=name).exclude(pk=self.pk).exists():
            raise RVCError("already_there", _("You have a preset of this name."), field="name")
        self.name, self.options = name, options
        self.save()


def begins_with(user: "User") -> dict[str, Any]:
    """The options with which this person wants new conversions to begin, on the pages."""
    liked = Preferences.objects.of(user)
    preset = Preset.objects.visible_to(user).filter(pk=liked.preset).first() if liked.preset else None
    options = dict(preset.options) if preset else {}
    return options | ({"output_format": liked.output_format} if liked.output_format else {})
