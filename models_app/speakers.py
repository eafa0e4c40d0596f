"""What the speakers of a voice are called: read from people and programs, checked, and said in words.

A voice keeps a mapping of numbers, as text because JSON has no others, to names; a speaker may be without one.
"""

import re
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

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
            raise ValidationError(
                _("There is no speaker {number}: this voice has {count}, counted from 0.").format(
                    number=number, count=count
                )
            )
        if number in found:
            raise ValidationError(_("Speaker {number} is named twice.").format(number=number))
        if any(not letter.isprintable() for letter in name):
            raise ValidationError(
                _("The name of speaker {number} holds a sign that cannot be shown.").format(number=number)
            )
        if len(name) > LONGEST_SPEAKER_NAME:
            raise ValidationError(
                _("The name of speaker {number} is too long: at most {longest_speaker_name} letters.").format(
                    number=number, longest_speaker_name=LONGEST_SPEAKER_NAME
                )
            )
        found[number] = cleaned_name(name)
    return {str(number): name for number, name in sorted(found.items()) if name}


def names_from_text(text: str, count: int) -> dict[str, str]:
    """The names of lines such as `0: Anna`. Raises ValidationError."""
    named = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = LINE.fullmatch(line)
        if match is None:
            raise ValidationError(_("“{value}” does not begin with the number of a speaker.").format(value=line[:40]))
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
        return names.get("0") or _("one")
    if not names:
        return _("{count}, numbered from 0 to {last}").format(count=count, last=count - 1)
    shown = ", ".join(f"{number} {name}" for number, name in list(names.items())[:SHOWN])
    more = len(names) - SHOWN
    if more > 0:
        return _("{count}, of them {names} and {more} more with a name").format(count=count, names=shown, more=more)
    return _("{count}, of them {names}").format(count=count, names=shown) if len(names) < count else shown
