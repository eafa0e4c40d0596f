"""What is read aloud of HTML, by the parser of the standard library: it knows no entities but characters."""

from collections.abc import Iterator
from html.parser import HTMLParser

Section = tuple[str, str]
"""A heading, empty where there is none, and what stands below it: paragraphs with an empty line between."""

UNREAD = frozenset({"script", "style", "head", "template", "svg", "math", "nav", "noscript", "iframe", "object"})
ENDING_LINES = """
address article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main
ol p pre section table td th tr ul
"""
BLOCKS = frozenset(ENDING_LINES.split())
HEADINGS = frozenset({"h1", "h2"})
DEEPEST = 200
"""Elements that are not read within each other: more is no book."""


class Sections:
    """Sections as they are found, from the beginning to the end of a document."""

    def __init__(self) -> None:
        self._found: list[Section] = []
        self._heading = ""
        self._paragraphs: list[str] = []

    def begin(self, heading: str) -> None:
        self._keep()
        self._heading = " ".join(heading.split())

    def add(self, paragraph: str) -> None:
        if paragraph.strip():
            self._paragraphs.append(paragraph.strip())

    def ended(self) -> Iterator[Section]:
        self._keep()
        return iter(self._found)

    def _keep(self) -> None:
        if self._heading or self._paragraphs:
            self._found.append((self._heading, "\n\n".join(self._paragraphs)))
        self._heading, self._paragraphs = "", []


class Reader(HTMLParser):
    """Feeds what is read of a page into sections; headings of the first two levels begin new ones."""

    def __init__(self, sections: Sections) -> None:
        super().__init__(convert_charrefs=True)
        self.sections = sections
        self.unread: list[str] = []
        self.heading = False
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD and len(self.unread) < DEEPEST:
            self.unread.append(tag)
        elif tag in BLOCKS:
            self._end_block()
            self.heading = self.heading or tag in HEADINGS

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.unread:
            del self.unread[self.unread.index(tag) :]
        elif tag in BLOCKS:
            self._end_block()
            self.heading = self.heading and tag not in HEADINGS

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.words.append(data)

    def close(self) -> None:
        super().close()
        self._end_block()

    def _end_block(self) -> None:
        text, self.words = " ".join("".join(self.words).split()), []
        if text and self.heading:
            self.sections.begin(text)
        else:
            self.sections.add(text)
