"""Text cut into passages: a few sentences each, so that the first can be heard while the last is still spoken.

Sentences are cut where a reader would breathe. A full stop ends none after an abbreviation, between the digits of a
number or in an ellipsis that goes on; nothing is lost: the passages together hold every word of the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 320
"""Characters of a passage, about twenty seconds."""
FIRST = 100
"""The first passage is short: somebody waits for it."""

NEAR = 60
"""Characters around a full stop that are looked at."""
PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+|[\u2029\f]+")
ENDS = ".!?…。！？｡؟۔।॥։።"
"""Signs that may end a sentence."""
CLOSED = "。！？｡।॥"
"""Those that end one even where no space follows."""
UNSPACED = "。！？｡，；：、」』）】〉》"
CLOSERS = "\"'”’»›)]}」』）】〉》"
OPENERS = "\"'“‘„‚«‹([{「『（【〈《¿¡—–-"
SENTENCE_END = re.compile(rf"[{re.escape(ENDS)}]+[{re.escape(CLOSERS)}]*")
INNER_CUTS = re.compile(r"(?<=[，；：、])\s*|(?<=[,;:—–])\s+")

SHORT_WORDS = """
mr mrs ms dr prof rev hon st sr jr gen col capt lt sgt gov sen rep pres vs etc e.g i.e eg ie cf al approx fig figs
no nos vol vols pp ed eds dept est inc ltd co corp ave blvd rd mt ft a.m p.m u.s u.k u.n ph.d b.a m.a
jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun
hr fr frl bzw usw z.b d.h u.a evtl ggf ca nr str bd vgl dipl ing geb gest
sra srta ud uds pág núm av mme mlle m p ex art éd env sig dott
"""
MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
          "Dezember")  # fmt: skip
ABBREVIATIONS = frozenset(SHORT_WORDS.split())
NEED_FOLLOWER = frozenset(["no", "nos", "fig", "figs", "vol", "vols", "pp", "p", "nr", "art", "st", "mt"])
"""Abbreviations only before a number or a name; "No." alone is an answer."""
ENDING_TOO = frozenset(
    ["etc", "a.m", "p.m", "inc", "ltd", "co", "corp", "jr", "sr", "usw", "u.s", "u.k", "u.n", "ph.d", "al"]
)
"""Abbreviations that may end a sentence as well: a capital letter after them says so."""


@dataclass(frozen=True)
class Passage:
    """What is spoken in one breath. ends_paragraph: a longer silence follows."""

    text: str
    ends_paragraph: bool = False


def split(text: str, *, longest: int = LONGEST, first: int = FIRST, single: bool = False) -> list[Passage]:
    """The passages of a text in order, none with more than `longest` characters.

    Neighbouring sentences of a paragraph share one where they fit; the first passage ends at the first sentence that
    reaches `first` characters. single: every sentence has a passage of its own.
    """
    passages: list[Passage] = []
    for paragraph in paragraphs(text):
        room = first if not passages else longest
        groups = list(_grouped(_pieces(paragraph, longest), longest, 0 if single else room, 0 if single else longest))
        passages += [Passage(group) for group in groups[:-1]]
        passages += [Passage(group, ends_paragraph=True) for group in groups[-1:]]
    return passages


def paragraphs(text: str) -> list[str]:
    """Paragraphs as one line each: a single line break is a space, an empty line ends the paragraph."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    lines = (" ".join(part.split()) for part in PARAGRAPHS.split(whole))
    return [line for line in lines if line]


def sentences(paragraph: str) -> list[str]:
    """The sentences of one paragraph, each with the sign and the quotation marks that end it."""
    found, start = [], 0
    for match in SENTENCE_END.finditer(paragraph):
        if match.start() >= start and _ends_here(paragraph, match):
            found.append(paragraph[start : match.end()].strip())
            start = match.end()
    return [*found, *filter(None, [paragraph[start:].strip()])]


def _ends_here(text: str, match: re.Match[str]) -> bool:
    signs, after = match.group(), text[match.end() : match.end() + NEAR]
    if not after.strip() or any(sign in CLOSED for sign in signs):
        return True
    if not after[0].isspace():
        return False  # 3.14, example.org, 1.000.000, e.g.
    follower = next((sign for sign in after if not sign.isspace() and sign not in OPENERS), "")
    if signs[0] != "." or len(signs.strip(CLOSERS)) > 1:
        return _may_begin(follower)  # ?!, … and the like: not within "Really?" she asked
    return _may_begin(follower) and not _abbreviates(text[max(0, match.start() - NEAR) : match.start()], after)


def _may_begin(follower: str) -> bool:
    """Whether a sentence can start with this sign: no small letter of a script that has capitals."""
    return follower != "" and not follower.islower()


def _abbreviates(before: str, after: str) -> bool:
    """Whether the full stop between these words belongs to the last of those before it."""
    word = before.rsplit(maxsplit=1)[-1].lstrip(OPENERS).lower() if before.split() else ""
    next_word = after.lstrip(f" {OPENERS}").partition(" ")[0]
    follower = next_word[:1]
    if len(word) == 1 and word.isalpha() and word != "i":
        return True  # an initial
    if word in NEED_FOLLOWER:
        return follower.isdigit() or (follower.isupper() and word not in ("no", "p", "art"))
    if word in ENDING_TOO:
        return not follower.isupper()
    if word.isdigit() and len(word) <= 2:
        return not follower.isupper() or next_word in MONTHS  # "am 3. Mai"; other capitals are taken for a beginning
    return word in ABBREVIATIONS


def _pieces(paragraph: str, longest: int) -> Iterator[str]:
    """Sentences; those that are too long in parts."""
    for sentence in sentences(paragraph):
        yield from [sentence] if len(sentence) <= longest else _parts(sentence, longest)


def _parts(sentence: str, longest: int) -> Iterator[str]:
    """A long sentence cut at its commas, else between words, else anywhere but within a letter with its accents."""
    parts = [part for part in INNER_CUTS.split(sentence) if part]
    for part in _grouped(parts, longest, longest, longest):
        if len(part) <= longest:
            yield part
        else:
            yield from _grouped(_short_words(part, longest), longest, longest, longest)


def _short_words(text: str, longest: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while len(rest) > longest:
            cut = next((at for at in range(longest, longest // 2, -1) if not _continues(rest[at])), longest)
            yield rest[:cut]
            rest = rest[cut:]
        yield rest


def _continues(sign: str) -> bool:
    """Whether a sign belongs to the letter before it."""
    return unicodedata.category(sign)[0] == "M" or sign in "\u200c\u200d"


def _grouped(parts: Iterator[str] | list[str], longest: int, first: int, rest: int) -> Iterator[str]:
    """Neighbours joined by a space while they fit; the first group gets no more once it has `first` characters."""
    group, wanted = "", first
    for part in parts:
        if group and (len(group) >= wanted or len(group) + 1 + len(part) > min(longest, max(wanted, len(part)))):
            yield group
            group, wanted = "", rest
        group += f"{'' if not group or group[-1] in UNSPACED else ' '}{part}"
    if group:
        yield group
