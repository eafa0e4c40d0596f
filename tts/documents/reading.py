"""A stranger's document as sections: a heading and what stands below it. For a throwaway child.

Plain text and Markdown in UTF-8 (or UTF-16 with its mark), and EPUB: a zip of XHTML, of which only text is taken.
Nothing outside of the file is ever asked for, and no entity is looked up.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tts.documents.epub import chapters
from tts.documents.markup import Section, Sections
from tts.engines.errors import SpeechError

MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+|[\u2029\f]+")
CHAPTER = re.compile(
    r"(?:chapter|part|book|kapitel|teil|buch|chapitre|partie|livre|capítulo|capitolo|parte|libro)\s+"
    r"(?:[ivxlc]+|\d+|[a-zà-ÿ]+)\b.{0,80}",
    re.IGNORECASE,
)
"""A paragraph of one line that begins a chapter of a plain text."""
SPLITS_AT = ("h1", "h2")
"""Headings that begin a section; those below are paragraphs of it."""


def read(source: str, target: str, kind: str, most: int) -> dict[str, int]:
    """Write the sections of the document at `source` to `target`, as JSON: a list of pairs, heading and text.

    kind: of KINDS. most: characters that they may have together. Raises SpeechError: not_text, text_too_long; and
    VoiceFileError for a zip that cannot be taken.
    """
    sections = [section for section in KINDS[kind](Path(source)) if "".join(section).strip()]
    length = sum(len(heading) + len(text) for heading, text in sections)
    if length > most:
        sentence = f"The document has {length:,} characters; at most {most:,} are taken at once."
        raise SpeechError("text_too_long", sentence, field="document")
    Path(target).write_text(json.dumps(sections), encoding="utf-8")
    return {"sections": len(sections), "characters": length}


def _text(path: Path) -> str:
    data = path.read_bytes()
    mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
    try:
        text = data[len(mark) :].decode(MARKS.get(mark, "utf-8"))
    except UnicodeDecodeError as error:
        sentence = f"The document is not in UTF-8 (byte {error.start + len(mark)}): save it in that encoding."
        raise SpeechError("not_text", sentence, field="document") from error
    if "\0" in text:
        raise SpeechError("not_text", "This is no text: there are zeros in it.", field="document")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(path: Path) -> Iterator[Section]:
    found = Sections()
    for paragraph in PARAGRAPHS.split(_text(path)):
        line = " ".join(paragraph.split())
        if "\n" not in paragraph.strip() and CHAPTER.fullmatch(line):
            found.begin(line)
        else:
            found.add(paragraph)
    return found.ended()


def _markdown(path: Path) -> Iterator[Section]:
    found = Sections()
    heading = ""
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(_text(path)):
        if token.type == "heading_open":
            heading = token.tag
        elif token.type == "inline":
            words = _words(token)
            found.begin(words) if heading in SPLITS_AT else found.add(words)
            heading = ""
        elif token.type in ("fence", "code_block"):
            found.add(token.content)
    return found.ended()


def _words(token: Token) -> str:
    """What is read of an inline: no marks, no addresses; pictures by what they are said to show."""
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "html_inline":
        return ""
    return "".join(map(_words, token.children)) if token.children else token.content


KINDS: dict[str, Callable[[Path], Iterator[Section]]] = {"text": _plain, "markdown": _markdown, "epub": chapters}
