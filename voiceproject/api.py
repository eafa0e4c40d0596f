"""What every API view shares: pages of a list, and serializers that refuse what they do not know."""

import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, negotiation, pagination, serializers

SOUND = extend_schema(
    parameters=[
        OpenApiParameter("Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="One range of bytes."),
        OpenApiParameter("download", OpenApiTypes.STR, description="Ask for an attachment."),
    ],
    responses={
        (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The whole file."),
        (206, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The range that was asked for."),
    },
)
STREAM = extend_schema(responses={(200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "Sound while it is made.")})


class NewestFirst(pagination.CursorPagination):
    """Pages by position, not by number: nothing is shown twice when rows arrive while somebody reads."""

    ordering = ("-created_at", "id")
    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        described = super().get_schema_operation_parameters(view)
        for parameter in described:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"]["minimum"] = 1
                parameter["description"] = f"Rows of a page; more than {self.max_page_size} are {self.max_page_size}."
        return described

    def get_page_size(self, request: Any) -> int | None:
        """What is no number of rows is refused; more than are sent at once is as many as are."""
        asked = request.query_params.get(self.page_size_query_param)
        if asked is not None and not (asked.isdecimal() and int(asked[:9]) > 0):
            raise exceptions.ValidationError({"page_size": f"It is a whole number from 1 to {self.max_page_size}."})
        return super().get_page_size(request)

    def decode_cursor(self, request: Any) -> Any:
        """A position is compared with moments in the database: what is none has no page."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not self.fits(request, str(cursor.position)):
            raise exceptions.NotFound(self.invalid_cursor_message)
        return cursor

    def fits(self, request: Any, position: str) -> bool:
        """Whether a position can be compared with what the list is ordered by."""
        return _is_moment(position)


def _is_moment(text: str) -> bool:
    """Whether the database can compare with it: a time with its zone, which UTC has as well."""
    try:
        moment = parse_datetime(text)
        return moment is not None and moment.tzinfo is not None and bool(moment.astimezone(datetime.UTC))
    except (ValueError, OverflowError):
        return False


class AnyAccept(negotiation.DefaultContentNegotiation):
    """For routes that answer with sound: a player that asks for audio/* gets it, errors are JSON all the same."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not have, or that are not for writing, by name; and numbers where text belongs."""

    def to_internal_value(self, data: Any) -> Any:
        writable = {name: field for name, field in self.fields.items() if not field.read_only}
        for name in data if hasattr(data, "keys") else ():
            if name not in writable:
                raise serializers.ValidationError({str(name)[:60]: "This field cannot be set here."})
            if _is_number_for_text(writable[name], data[name]):
                raise serializers.ValidationError({name: serializers.CharField.default_error_messages["invalid"]})
        return super().to_internal_value(data)


def _is_number_for_text(field: Any, value: Any) -> bool:
    """REST framework would write the number as text, and nobody had said so."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return any(_is_number_for_text(field.child, each) for each in value)
    return isinstance(field, serializers.CharField) and isinstance(value, int | float)
