"""Sections of a document as parts that are spoken one by one, none longer than one text may be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tts.documents.markup import Section
from tts.engines.words import says_something
from tts.splitting import PARAGRAPHS, split
from tts.wishes import named

MOST_PARTS = 100
"""Short sections are put together where there would be more."""


@dataclass(frozen=True)
class Part:
    """name: its number, heading or first words, as its result is called in the zip."""

    name: str
    text: str


def parts(sections: Iterable[Section], longest: int) -> list[Part]:
    """The parts in order: a section each, longer ones cut between paragraphs; what says nothing is left out."""
    found = [(heading, text) for section in sections for heading, text in _cut(section, longest)]
    found = [(heading, text) for heading, text in found if says_something(text)]
    if len(found) > MOST_PARTS:
        found = _together(found, longest)
    digits = len(str(len(found)))
    return [
        Part(f"{number:0{digits}d} {named(heading or text).strip(' .…')}", text)
        for number, (heading, text) in enumerate(found, start=1)
    ]


def _cut(section: Section, longest: int) -> Iterator[Section]:
    """The section in as few texts as it fits in; its heading is the first paragraph of the first."""
    heading, text = section
    group = ""
    for paragraph in (paragraph for one in (heading, text) for paragraph in _paragraphs(one, longest)):
        if group and len(group) + 2 + len(paragraph) > longest:
            yield heading, group
            group = ""
        group = f"{group}\n\n{paragraph}" if group else paragraph
    if group:
        yield heading, group


def _paragraphs(text: str, longest: int) -> Iterator[str]:
    """Paragraphs; those that are too long by themselves cut at their sentences."""
    for paragraph in PARAGRAPHS.split(text):
        if len(paragraph) <= longest:
            yield from filter(None, [paragraph.strip()])
        else:
            yield from (passage.text for passage in split(paragraph, longest=longest, first=longest))


def _together(found: list[Section], longest: int) -> list[Section]:
    joined: list[Section] = []
    for heading, text in found:
        if joined and len(joined[-1][1]) + 2 + len(text) <= longest:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]}\n\n{text}")
        else:
            joined.append((heading, text))
    return joined
