"""Some of the rows of a list: what may stand in the address, and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend

MOST_WORDS = 10
YES, NO = ("true", "1"), ("false", "0")


@dataclass(frozen=True)
class One:
    """A parameter whose value a column has. known: `UUID`, `bool`, or the words that it may be."""

    column: str
    known: Any
    description: str

    def value(self, name: str, text: str) -> Any:
        """Raises ValidationError, which names the parameter."""
        if self.known is UUID:
            return _uuid(name, text)
        words = (*YES, *NO) if self.known is bool else tuple(self.known)
        if text not in words:
            raise ValidationError({name: f"It is one of {', '.join(words)}."})
        return text in YES if self.known is bool else text

    def parameter(self, name: str) -> OpenApiParameter:
        if self.known is UUID or self.known is bool:
            kind = OpenApiTypes.UUID if self.known is UUID else OpenApiTypes.BOOL
            return OpenApiParameter(name, kind, description=self.description)
        return OpenApiParameter(name, enum=list(self.known), description=self.description)


@dataclass(frozen=True)
class Filters:
    """What a list can be narrowed to. search: columns, in one of which each word must be; words: what they hold."""

    search: tuple[str, ...]
    words: str
    ones: Mapping[str, One] = field(default_factory=dict)

    @property
    def parameters(self) -> list[OpenApiParameter]:
        search = OpenApiParameter("search", description=f"Words that are in {self.words}.")
        return [*(one.parameter(name) for name, one in self.ones.items()), search]

    def of(self, rows: Any, wish: Mapping[str, str]) -> Any:
        """Raises ValidationError, which names the parameter."""
        for name, one in self.ones.items():
            if name in wish:  # and empty, too: "all" is not to ask
                rows = rows.filter(**{one.column: one.value(name, wish[name])})
        for word in wish.get("search", "").replace("\0", "").split()[:MOST_WORDS]:
            found = Q()
            for column in self.search:
                found |= Q(**{f"{column}__icontains": word})
            rows = rows.filter(found)
        return rows


class Chosen(BaseFilterBackend):
    """Narrows the list of a view by its `filters`; what is asked for by its id is there in any case."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        return view.filters.of(queryset, request.query_params) if view.action == "list" else queryset


def _uuid(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ValidationError({name: "This is no id."}) from error
