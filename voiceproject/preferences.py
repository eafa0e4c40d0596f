"""What a person likes the site to be like, wherever they sign in."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class Theme(models.TextChoices):
    AUTOMATIC = "", _("As this device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class PreferencesQuerySet(models.QuerySet["Preferences"]):
    def of(self, user: "User | AnonymousUser") -> "Preferences":
        """Those of this person; of whoever has said nothing a row that is not saved."""
        known = self.filter(user_id=user.pk).first() if user.is_authenticated else None
        return known or self.model(user_id=user.pk or 0)

    def wish(self, user: "User", **wishes: Any) -> None:
        self.update_or_create(user=user, defaults=wishes)


class Preferences(models.Model):
    """Empty is: as the browser says, or as the voice or the server does."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    language = models.CharField(max_length=16, blank=True)
    theme = models.CharField(max_length=8, choices=Theme, blank=True)
    output_format = models.CharField(max_length=8, blank=True, help_text="of results")
    preset = models.UUIDField(null=True, help_text="whose options new conversions begin with")

    objects = PreferencesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"
