"""Voices by the names under which programs ask for them."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request

from models_app.models import VoiceModel
from models_app.voice_field import VoiceField


def aliases() -> dict[str, str]:
    """Names that programs know, like alloy, and the voices that the operator lets them stand for."""
    pairs = (pair.split("=", 1) for pair in settings.CLIENT_VOICES if "=" in pair)
    return {name.strip(): voice.strip() for name, voice in pairs}


class NamedVoice(VoiceField):
    """By its name, slug or id, as a text or as {"id": ...}; or by an alias of the operator's."""

    def to_internal_value(self, data: Any) -> VoiceModel:
        named = data.get("id") if isinstance(data, dict) else data
        try:
            return super().to_internal_value(named)
        except serializers.ValidationError:
            alias = aliases().get(named) if isinstance(named, str) else None
            if alias is None:
                raise
            return super().to_internal_value(alias)


class _Named(serializers.Serializer[Any]):
    voice = NamedVoice()


def voice_named(request: Request, words: str) -> VoiceModel:
    """The voice of an address. Raises ValidationError as the field does."""
    serializer = _Named(data={"voice": words}, context={"request": request})
    serializer.is_valid(raise_exception=True)
    voice: VoiceModel = serializer.validated_data["voice"]
    return voice
