"""The text of an EPUB in reading order: container, package, the pages of its spine. For a throwaway child."""

import posixpath
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from rvc.voicefile.archive import Archive, Bounds
from tts.documents.markup import Reader, Section, Sections
from tts.engines.errors import SpeechError

Content = Callable[[str], bytes]
CONTAINER = "META-INF/container.xml"
UNFOLDED = 256 << 20
"""Bytes of everything in it; pictures and fonts are listed and never unpacked."""
BOUNDS = Bounds(entries=5000, ratio=200, things="books")
LARGEST_PAGE = 8 << 20
READ_IN_ALL = 32 << 20
MOST_PAGES = 2000
DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,500}(?:\[[^\]]*\])?[^>]{0,500}>", re.IGNORECASE)
"""With entities of its own, which nobody looks up."""
PAGES = frozenset({"application/xhtml+xml", "text/html"})


class Elements(HTMLParser):
    """The elements of a small XML file by name, each with its attributes; prefixes are left out."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(data.decode("utf-8", "replace"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag.rpartition(":")[2], {name: value or "" for name, value in attrs}))

    def named(self, name: str) -> Iterator[dict[str, str]]:
        return (attributes for tag, attributes in self.found if tag == name)


def chapters(path: Path) -> Iterator[Section]:
    """The sections of every page. Raises SpeechError("not_text") for a zip that is no book, and VoiceFileError."""
    with Archive(path, longest=UNFOLDED, bounds=BOUNDS) as archive:
        files = {entry.info.orig_filename: entry for entry in archive.entries}
        left = READ_IN_ALL

        def content(name: str) -> bytes:
            nonlocal left
            entry = files.get(name)
            left -= entry.size if entry else 0
            if entry is None or entry.size > LARGEST_PAGE or left < 0:
                raise _no_book(f"{name[:80]!r} is not in it, or far too large")
            return archive.read(entry)

        found = Sections()
        for name in _pages(content):
            found.begin("")
            page = Reader(found)
            page.feed(DOCTYPE.sub("", content(name).decode("utf-8", "replace"), count=1))
            page.close()
        return found.ended()


def _pages(content: Content) -> Iterator[str]:
    """Names of the pages in the order in which they are read."""
    roots = [root.get("full-path", "") for root in Elements(content(CONTAINER)).named("rootfile")]
    if not roots:
        raise _no_book("its container names no package")
    package = Elements(content(roots[0]))
    items = {item.get("id", ""): item for item in package.named("item") if item.get("media-type") in PAGES}
    folder = posixpath.dirname(roots[0])
    for number, reference in enumerate(package.named("itemref")):
        item = items.get(reference.get("idref", ""))
        if number >= MOST_PAGES:
            raise _no_book(f"it has more than {MOST_PAGES:,} pages")
        if item is not None and reference.get("linear") != "no":
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "").partition("#")[0])))


def _no_book(detail: str) -> SpeechError:
    return SpeechError("not_text", f"The EPUB cannot be read: {detail}.", field="document")
