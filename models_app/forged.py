"""Keys that no row can have, in what is sent to the administration: refused in words, where Django would stumble."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

LONGEST_NUMBER = 18
"""Digits that every database takes for a number."""


class KnownRows:
    """For a ModelAdmin: rows that cannot exist are not found, in actions and in filters of the address."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        except (ValidationError, OverflowError, DataError):
            messages.error(request, "There are no such rows: choose them in the list.")
            return redirect(request.path)
        return answer


def with_numbers(data: QueryDict | None, *names: str) -> QueryDict | None:
    """What was sent, with 0 for keys of these fields that are no numbers: nobody has it, and a form says so."""
    if data is None:
        return None
    known = data.copy()
    for name in names:
        if name in known:
            known.setlist(name, [key if _may_be_key(key) else "0" for key in known.getlist(name)])
    return known


def _may_be_key(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER)
