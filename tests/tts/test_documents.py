"""Whole documents: read in a child, cut into parts, spoken as a batch; hostile ones have their answer."""

import io
import zipfile
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.module_loading import import_string

from conversions.batches.models import Batch
from conversions.batches.outgoing import pieces
from conversions.models import Conversion
from rvc.errors import RVCError
from studio.forms import StudioForm
from tests import base
from tts.documents.intake import look
from tts.documents.parts import MOST_PARTS, parts
from tts.engines.errors import SpeechError
from tts.models import Speech

pytestmark = pytest.mark.usefixtures("own_folder")
BOOK = "A preface.\n\nCHAPTER I\n\nIt was late.\nThe clock struck.\n\nChapter 2. The road\n\nHe left."
MARKDOWN = """# One *day*

It [was](https://example.org/x) **late** & `cold`. ![A clock](c.png)

Still ours
==========
<b>Bold</b> words.

### Deeper

- first
- second

<script>alert(1)</script>
"""
PAGE = """<?xml version="1.0"?><!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/hostname">]>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Not read</title><style>p {}</style></head>
<body><h1>%s</h1><p>Caf&eacute; &e; <i>in</i> bloom.<br/>New line.</p><script>no()</script></body></html>"""
CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PACKAGE = """<opf:package><opf:manifest>
<opf:item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/>
<opf:item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
<opf:item id="i" href="i.png" media-type="image/png"/></opf:manifest>
<opf:spine><opf:itemref idref="a"/><opf:itemref idref="b"/><opf:itemref idref="i"/></opf:spine></opf:package>"""


def epub(**changes):
    files = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": PACKAGE}
    files |= {"OEBPS/a.xhtml": PAGE % "First", "OEBPS/b b.xhtml": PAGE % "Second", "OEBPS/i.png": "no picture"}
    files |= changes.pop("files", {})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", changes.pop("packed", zipfile.ZIP_DEFLATED)) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in files.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


def read(name, content):
    document = look(SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode()))
    return [(part.name, part.text) for part in document.parts]


def refused(name, content):
    with pytest.raises(RVCError) as caught:
        read(name, content)
    assert caught.value.field == "document"
    return caught.value.code


def test_a_text_is_cut_at_its_chapters():
    assert read("book.txt", BOOK) == [
        ("1 A preface", "A preface."),
        ("2 CHAPTER I", "CHAPTER I\n\nIt was late.\nThe clock struck."),
        ("3 Chapter 2. The road", "Chapter 2. The road\n\nHe left."),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_its_encoding_is_read_from_its_mark(encoding):
    assert read("a.TXT", "Grüße aus Köln.".encode(encoding)) == [("1 Grüße aus Köln", "Grüße aus Köln.")]


def test_markdown_loses_its_marks():
    assert read("notes.md", MARKDOWN) == [
        ("1 One day", "One day\n\nIt was late & cold. A clock"),
        ("2 Still ours", "Still ours\n\nBold words.\n\nDeeper\n\nfirst\n\nsecond"),
    ]


def test_a_book_is_read_in_the_order_of_its_spine():
    said = "Café &e; in bloom.\n\nNew line."
    assert read("book.epub", epub()) == [("1 First", f"First\n\n{said}"), ("2 Second", f"Second\n\n{said}")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", "empty_file"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00", "not_text"),
        ("a.txt", b"a\0b", "not_text"),
        ("a.md", "Grüße".encode("latin-1"), "not_text"),
        ("a.txt", "… – …", "text_says_nothing"),
        ("a.md", "", "empty_file"),
        ("a.md", "<script>alert(1)</script>", "text_says_nothing"),
        ("a.txt", "word " * 60_001, "text_too_long"),
        ("a.pdf", "%PDF-1.7", "unsupported_document"),
        ("a.docx", epub(), "unsupported_document"),
        ("a.txt", epub(), "unsupported_document"),
        ("a.epub", "<html>", "unsupported_document"),
        ("a.epub", epub()[:-30], "bad_container"),
        ("a.epub", epub(files={"META-INF/container.xml": None}), "not_text"),
        ("a.epub", epub(files={"META-INF/container.xml": "<x>"}), "not_text"),
        ("a.epub", epub(files={"OEBPS/a.xhtml": None}), "not_text"),
        ("a.epub", epub(files={"OEBPS/book.opf": PACKAGE.replace("a.xhtml", "../../../etc/hostname")}), "not_text"),
        ("a.epub", epub(files={"../x": "x"}), "bad_container"),
        ("a.epub", epub(files={"OEBPS/a.xhtml": "a" * (6 << 20)}), "bad_container"),
        ("a.epub", epub(files={"OEBPS/a.xhtml": "a " * (9 << 19)}, packed=zipfile.ZIP_STORED), "not_text"),
    ],
)
def test_what_is_no_document_is_refused(name, content, code):
    assert refused(name, content) == code


@pytest.mark.parametrize("content", ["[" * 20_000, "*a" * 20_000, "> " * 20_000, "<div>" * 20_000, "# x\n" * 20_000])
@pytest.mark.parametrize("ending", ["md", "epub"])
def test_what_is_meant_to_take_for_ever_ends(content, ending):
    """Read or refused: the child has its limits."""
    document = content if ending == "md" else epub(files={"OEBPS/a.xhtml": content}, packed=zipfile.ZIP_STORED)
    with suppress(SpeechError):
        read(f"a.{ending}", document)


def test_long_sections_are_cut_between_paragraphs_and_none_is_too_long():
    paragraph = "A sentence of some words. " * 10
    text = "\n\n".join([paragraph] * 9 + ["endless" * 200])
    found = parts([("Heading", text)], 1000)
    assert max(len(part.text) for part in found) <= 1000
    assert {part.name.partition(" ")[2] for part in found} == {"Heading"}
    assert "".join("".join(part.text for part in found).split()) == "".join(f"Heading{text}".split())


def test_many_short_sections_are_put_together():
    found = parts([(f"Section {number}", "Words.") for number in range(1000)], 500)
    assert len(found) <= MOST_PARTS
    assert found[0].text.startswith("Section 0\n\nWords.\n\nSection 1")


@pytest.mark.django_db
class TestBatch:
    @pytest.fixture
    def send(self, api, alice, voice):
        def send(content=BOOK, name="My book.txt", user=alice, **fields):
            sent = {"voice": str(voice.pk), "document": base.upload(content.encode(), name), **fields}
            return api(user).post("/api/speeches/documents/", sent)

        return send

    @pytest.mark.usefixtures("encoder")
    def test_it_works(self, send, alice):
        answer = send(engines="pyttsx3", output_format="flac")
        assert answer.status_code == 202, answer.json()
        assert answer["Location"].endswith(f"/api/batches/{answer.json()['id']}/")
        batch = Batch.objects.get()
        assert (batch.name, batch.size, batch.owner) == ("My book", 3, alice)
        rows = list(batch.conversions.order_by("batch_position"))
        assert [row.speech.text.split("\n")[0] for row in rows] == ["A preface.", "CHAPTER I", "Chapter 2. The road"]
        import_string(rows[1].task)(str(rows[1].pk))
        assert [row.state for row in batch.conversions.order_by("batch_position")] == ["queued", "done", "queued"]
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces(batch)))) as archive:
            assert archive.namelist() == ["2 CHAPTER I.flac", "report.csv"]
            assert "3 Chapter 2. The road.txt" in archive.read("report.csv").decode()

    def test_all_or_nothing(self, send, settings):
        settings.PERSON_JOBS = 2
        assert send().json()["error"]["code"] == "slow_down"
        assert send(name="x.pdf").json()["error"] | {"message": ""} == {
            "code": "unsupported_document", "message": "", "field": "document"
        }  # fmt: skip
        assert send(engine_speaker="nobody", engines="pyttsx3").json()["error"]["code"] == "unknown_speaker"
        assert (Batch.objects.count(), Conversion.objects.count(), Speech.objects.count()) == (0, 0, 0)

    def test_a_strangers_voice_is_none(self, send, bob):
        assert send(user=bob).json()["error"]["code"] == "not_found"

    def test_the_page_takes_one_instead_of_a_text(self, client, alice, voice):
        client.force_login(alice)
        sent = {"way": "text", "voice": str(voice.pk), "text": "", "language": "en"}
        answer = client.post("/", sent | {"document": base.upload(BOOK.encode(), "My book.txt")})
        assert (answer.status_code, answer["Location"]) == (302, f"/conversions/batches/{Batch.objects.get().pk}/")
        assert {speech.language for speech in Speech.objects.all()} == {"en"}
        for name, text, field in (("a.pdf", "", "document"), ("a.txt", "Hi", "document"), ("a.txt", "", "")):
            document = base.upload(b"x" if field else b"...", name)
            form = StudioForm(sent | {"text": text}, {"document": document}, user=alice)
            assert list(form.errors) == ["document"]
