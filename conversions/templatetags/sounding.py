"""What was measured, and what may be tried next, for the page of a result."""

from typing import Any

from django import template
from django.http import QueryDict
from django.utils.translation import gettext as _

from conversions import findings as found
from conversions.models import Conversion
from rvc.options import ConversionOptions

register = template.Library()

OCTAVE = 12
PITCH = ConversionOptions.__dataclass_fields__["pitch_shift"].metadata
INDEX_RATE = ConversionOptions().index_rate


@register.simple_tag
def findings(conversion: Conversion) -> list[tuple[str, str, str]]:
    return found.findings(conversion)


@register.simple_tag
def pitch_sentence(conversion: Conversion) -> str:
    return found.pitch_words(conversion)


@register.simple_tag
def index_sentence(conversion: Conversion) -> str:
    return found.index_words(conversion)


@register.simple_tag
def again_links(conversion: Conversion) -> list[tuple[str, str]]:
    """Words and query for the studio: the same once more with one option changed."""
    if conversion.voice is None or not conversion.source:
        return []
    changes = [*_pitches(conversion), *_indexes(conversion), (_("Another random seed"), {"seed": 0})]
    return [(words, _query(conversion, change)) for words, change in changes]


def _pitches(conversion: Conversion) -> list[tuple[str, dict[str, Any]]]:
    moved = conversion.pitch_shift if conversion.pitch_moved is None else conversion.pitch_moved
    wishes = [(_("One octave higher"), moved + OCTAVE), (_("One octave lower"), moved - OCTAVE)]
    if moved:
        wishes.append((_("The pitch of the recording"), 0))
    kept = [(words, shift) for words, shift in wishes if PITCH["low"] <= shift <= PITCH["high"]]
    return [(words, {"pitch_mode": "shift", "pitch_shift": f"{shift:g}"}) for words, shift in kept]


def _indexes(conversion: Conversion) -> list[tuple[str, dict[str, Any]]]:
    if conversion.used_index:
        return [(_("Without the index"), {"index_rate": 0})]
    if conversion.voice is not None and conversion.voice.has_index:
        return [(_("With the index"), {"index_rate": INDEX_RATE})]
    return []


def _query(conversion: Conversion, change: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    query.update({"from": str(conversion.pk), **{name: str(value) for name, value in change.items()}})
    return query.urlencode()
