"""The description of the API: what every operation has in common."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from voiceproject.api import StrictSerializer
from voiceproject.once import HEADER, Once


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; made for programs.")
    message = serializers.CharField(help_text="One sentence: what is wrong and what to do.")
    field = serializers.CharField(allow_null=True, help_text="The input it concerns.")


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()


AGAIN = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": "Sent again with the same key, the request makes nothing twice: it gets the first answer.",
}


class Schema(AutoSchema):
    """Every operation may answer with the error body, and what creates may be sent again."""

    def get_request_serializer(self) -> Any:
        """A `DELETE` has a body only where its view says so."""
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        if self.method != "DELETE":
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        serializer = self.get_request_serializer()
        if serializer is None:
            return None
        schema, required = self._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return {"content": {kind: {"schema": schema} for kind in self.map_parsers()}, "required": required}

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A file is sent as its bytes; an answer has its address."""
        described = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(field, serializers.FileField):
            described |= {"type": "string", "format": "binary"}
        return described

    def _get_parameters(self) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._get_parameters()
        return [*parameters, AGAIN] if self.method == "POST" and isinstance(self.view, Once) else parameters

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, StrictSerializer):
            described["additionalProperties"] = False
        return described

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction == "response":
            bodies["default"] = self._get_response_for_code(ErrorSerializer, "default")  # type: ignore[no-untyped-call]
            bodies["default"]["description"] = "What went wrong."
        return bodies
