"""What the speakers of a voice are called: read from people and programs, checked, and said in words.

A voice keeps a mapping of numbers, as text because JSON has no others, to names; a speaker may be without one.
"""

import re
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError

from rvc.voicefile.speakers import LONGEST_SPEAKER_NAME, cleaned_name

LINE = re.compile(r"\s*(\d{1,6})\s*[:.=–-]?\s*(.*)")
SHOWN = 12


def checked_names(named: Iterable[tuple[int, str]], count: int) -> dict[str, str]:
    """The names as a voice of `count` speakers keeps them, in order; an empty one takes a name away.

    Raises ValidationError.
    """
    found: dict[int, str] = {}
    for number, name in named:
        if not 0 <= number < count:
            raise ValidationError(f"There is no speaker {number}: this voice has {count}, counted from 0.")
        if number in found:
            raise ValidationError(f"Speaker {number} is named twice.")
        if any(not letter.isprintable() for letter in name):
            raise ValidationError(f"The name of speaker {number} holds a sign that cannot be shown.")
        if len(name) > LONGEST_SPEAKER_NAME:
            raise ValidationError(f"The name of speaker {number} is too long: at most {LONGEST_SPEAKER_NAME} letters.")
        found[number] = cleaned_name(name)
    return {str(number): name for number, name in sorted(found.items()) if name}


def names_from_text(text: str, count: int) -> dict[str, str]:
    """The names of lines such as `0: Anna`. Raises ValidationError."""
    named = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = LINE.fullmatch(line)
        if match is None:
            raise ValidationError(f"“{line[:40]}” does not begin with the number of a speaker.")
        named.append((int(match[1]), match[2]))
    return checked_names(named, count)


def names_as_text(names: Mapping[str, str]) -> str:
    return "\n".join(f"{number}: {name}" for number, name in names.items())


def both_named(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """What the speakers of a blend are called: those that have a name in both voices."""
    pairs = ((number, first[number], second[number]) for number in first if number in second)
    joined = {number: one if one == other else f"{one} + {other}" for number, one, other in pairs}
    return {number: cleaned_name(name) for number, name in joined.items()}


def speakers_in_words(count: int, names: Mapping[str, str]) -> str:
    if count == 1:
        return names.get("0") or "one"
    if not names:
        return f"{count}, numbered from 0 to {count - 1}"
    shown = ", ".join(f"{number} {name}" for number, name in list(names.items())[:SHOWN])
    more = f" and {len(names) - SHOWN} more with a name" if len(names) > SHOWN else ""
    return f"{count}, of them {shown}{more}" if len(names) < count or more else shown
