"""The voices that the form offers: enough to choose from at a glance, however many there are."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Case, Value, When
from django.db.models.functions import Lower

from models_app.models import VoiceModel, VoiceQuerySet, encoder_installed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHOWN = 60
"""The others are found in the list of voices, whose pages lead back to the form."""


def voices_to_pick(user: "User", chosen: str) -> list[VoiceModel]:
    """By name, those that lack nothing first; the chosen voice is always among them."""
    visible = VoiceModel.objects.visible_to(user)
    lacking = Case(When(encoder__in=missing_encoders(visible), then=Value(1)), default=Value(0))
    shown = list(visible.order_by(lacking, Lower("name"), "id")[:SHOWN])
    voice = picked(visible, chosen)
    return shown if voice is None or voice in shown else [voice, *shown]


def picked(voices: VoiceQuerySet, key: str) -> VoiceModel | None:
    """The voice of this id among some, if the id is one."""
    try:
        return voices.filter(pk=UUID(key)).first()
    except ValueError:
        return None


def missing_encoders(voices: VoiceQuerySet) -> list[str]:
    """The content encoders that some of these voices need and this machine lacks."""
    names = voices.order_by("encoder").values_list("encoder", flat=True).distinct()
    return [name for name in names if not encoder_installed(name)]
