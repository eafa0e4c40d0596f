"""The bodies of OpenAI's calls, in whose names the fields of a speech are sent."""

from typing import Any

from rest_framework import serializers

from clients.voices import NamedVoice
from conversions.models import Conversion
from tts.api import NewSpeechSerializer, TextField
from tts.engines.registry import engines
from voiceproject.numbers import NumberField

FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")
NOT_OURS = ("model", "instructions", "response_format", "stream_format")
"""What is said of the answer, or means nothing here."""
NOT_THEIRS = ("output_format", "output_rate", "wait", "text", "rate")
"""What is said in other words there."""


class SpeechSerializer(NewSpeechSerializer):
    model = serializers.CharField(max_length=200)
    input = TextField(source="text")
    voice = NamedVoice()
    instructions = serializers.CharField(required=False, allow_blank=True)
    response_format = serializers.ChoiceField(choices=FORMATS, default="mp3")
    speed = NumberField(source="rate", required=False)
    stream_format = serializers.ChoiceField(choices=("audio", "sse"), default="audio")

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name not in NOT_THEIRS}

    def to_internal_value(self, data: Any) -> Any:
        """What is sent as null was not sent."""
        if isinstance(data, dict):
            data = {name: value for name, value in data.items() if value is not None}
        return super().to_internal_value(data)

    def submit(self, user: Any) -> Conversion:
        wish = {name: value for name, value in self.validated_data.items() if name not in NOT_OURS}
        if (model := self.validated_data["model"]) in engines():
            wish.setdefault("engines", [model])
        return self.create({**wish, "user": user}).conversion
