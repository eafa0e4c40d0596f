"""Some of the conversions of a list: what may stand in the address, and what it means."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from conversions.models import ConversionQuerySet, Kind
from jobs.models import State

PARAMETERS = [
    OpenApiParameter("batch", OpenApiTypes.UUID, description="Only those of this batch."),
    OpenApiParameter("voice", OpenApiTypes.UUID, description="Only those in this voice."),
    OpenApiParameter("state", enum=State.values, description="Only those in this state."),
    OpenApiParameter("kind", enum=Kind.values, description="Only those of recordings, or of texts."),
    OpenApiParameter("search", description="Words that are in the name of the recording or of the voice."),
]


def chosen(rows: ConversionQuerySet, wish: Mapping[str, str]) -> ConversionQuerySet:
    """Raises ValidationError, which names the parameter."""
    for name in ("batch", "voice"):
        if wish.get(name):
            rows = rows.filter(**{f"{name}_id": _uuid(name, wish[name])})
    for name, known in (("state", State), ("kind", Kind)):
        if wish.get(name):
            rows = rows.filter(**{name: _one_of(name, wish[name], known)})
    for word in wish.get("search", "").replace("\0", "").split()[:10]:
        rows = rows.filter(source_name__icontains=word) | rows.filter(voice_name__icontains=word)
    return rows


def _uuid(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ValidationError({name: "This is no id."}) from error


def _one_of(name: str, text: str, known: Any) -> str:
    if text not in known.values:
        raise ValidationError({name: f"It is one of {', '.join(known.values)}."})
    return text
