"""Text as engines get it: words and punctuation, nothing that could be taken for anything else by native code."""

import unicodedata

JOINERS = "\u200c\u200d"
"""Signs without width that Persian and Indic words are spelled with; all others like them are left out."""
NAMED = "%&@#*"
"""Punctuation that is read by its name."""


def clean(text: str) -> str:
    """The text without control characters, halves of characters and signs without width, one space between words."""
    kept = "".join(_kept(sign) for sign in text)
    return " ".join(kept.split())


def _kept(sign: str) -> str:
    category = unicodedata.category(sign)
    if category == "Cc":
        return " "
    return sign if category[0] != "C" or sign in JOINERS else ""


def says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a sign that has a name: dots and dashes alone are silence."""
    return any(unicodedata.category(sign)[0] in "LNS" or sign in NAMED for sign in text)
