"""Keys that no row can have, in what is sent to the administration: refused in words, where Django would stumble."""

from django.http import QueryDict

LONGEST_NUMBER = 18
"""Digits that every database takes for a number."""


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
