"""Names of the speakers of a voice: what some training programs write beside the weights, under several keys.

Applio and RVC WebUI hold a count only. Others write `speaker_info`: a mapping of numbers to names, or of names to
numbers. Whatever cannot be read is passed over: a name is a courtesy, no reason to refuse a voice.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

FIELD = "speaker_info"
"""The key that our own exports use, with the numbers as text."""

FIELDS = (FIELD, "speaker_names", "speakers_id", "speakers")
LONGEST_SPEAKER_NAME = 60
LONGEST_TEXT = 1 << 16
MOST_READ = 4096


def speaker_names(facts: Mapping[str, Any], count: int) -> dict[str, str]:
    """The names that a file gives its speakers, by their numbers as text, in order; those from 0 to count − 1.

    facts: what stands beside the weights; a mapping, a list of names, or either as JSON text. Never raises.
    """
    for field in FIELDS:
        found = dict(sorted(_pairs(_unpacked(facts.get(field)), count)))
        if found:
            return {str(number): name for number, name in found.items()}
    return {}


def _unpacked(found: Any) -> Any:
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        return found
    try:
        return json.loads(found)
    except (ValueError, RecursionError):
        return None


def _pairs(found: Any, count: int) -> Iterator[tuple[int, str]]:
    """Numbers and names, whichever of the two the file has as its keys."""
    if isinstance(found, Mapping):
        items = list(found.items())[:MOST_READ]
    elif isinstance(found, list | tuple):
        items = list(enumerate(found[:MOST_READ]))
    else:
        return
    for key, value in items:
        number, name = (_number(key), value) if isinstance(value, str) else (_number(value), key)
        cleaned = cleaned_name(name) if isinstance(name, str) else ""
        if number is not None and number < count and cleaned:
            yield number, cleaned


def _number(found: Any) -> int | None:
    """A speaker's number, also as text; our pickle reader marks numbers that are keys with a sign."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found if found >= 0 else None
    text = found.removeprefix("#") if isinstance(found, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else None


def cleaned_name(text: str) -> str:
    """A name on one line that can be shown, at most 60 letters; "" where nothing is left."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:1000])
    return " ".join(shown.split())[:LONGEST_SPEAKER_NAME].strip()
