"""A voice in a request of the API, by its id or its name."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from models_app.models import VoiceModel


@extend_schema_field({"type": "string"})
class VoiceField(serializers.Field):  # type: ignore[type-arg]
    """A voice that one may use, by its id or its name."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "does_not_exist": "The voice was not found.",
        "ambiguous": "Several voices have this name: choose one by its id.",
    }

    def to_internal_value(self, data: Any) -> VoiceModel:
        user = self.context["request"].user
        voices = VoiceModel.objects.visible_to(user)
        words = data if isinstance(data, str) else ""
        try:
            return voices.find(words.replace("\0", ""))
        except VoiceModel.DoesNotExist:
            self.fail("does_not_exist")
        except VoiceModel.MultipleObjectsReturned:
            self.fail("ambiguous")
