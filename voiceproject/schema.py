"""The description of the API: what every operation has in common."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; made for programs.")
    message = serializers.CharField(help_text="One sentence: what is wrong and what to do.")
    field = serializers.CharField(allow_null=True, help_text="The input it concerns.")


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()


class Schema(AutoSchema):
    """Every operation may answer with the error body."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction == "response":
            bodies["default"] = self._get_response_for_code(ErrorSerializer, "default")  # type: ignore[no-untyped-call]
            bodies["default"]["description"] = "What went wrong."
        return bodies
