"""A batch on its way out: one zip, made while it is sent, straight from storage, with a report on every file."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from django.db.models.functions import Now
from django.http.response import HttpResponseBase
from django.utils import timezone

from conversions.batches.models import Batch, Unpacking
from jobs.models import State
from jobs.queries import ACTIVE
from voiceproject.files import clean_label, send

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from conversions.models import Conversion

REPORT = "report.csv"
BLOCK = 1 << 16
NOT_IN_NAMES = re.compile(r'[\\:*?"<>|]')  # somewhere or other
NOT_A_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A table that opens the report takes a cell that begins so for something to compute."""
MOST_RESULTS = 500
"""In one zip of things that somebody chose."""
NOT_READY = "It was not ready when this zip was made."
NOT_THERE = "The result is not in storage any more."


class Line(NamedTuple):
    """What the report says of one file."""

    file: str
    state: str
    code: str = ""
    sentence: str = ""
    seconds: str = ""
    voice: str = ""
    result: str = ""


class Outbox:
    """Where zipfile writes; what it wrote is taken away piece by piece."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes, /) -> int:
        self.written += data
        return len(data)

    def flush(self) -> None:
        """Called by zipfile, as `close` may be."""

    close = flush

    def take(self) -> bytes:
        piece, self.written = bytes(self.written), bytearray()
        return piece


class Names:
    """Names in the zip: safe wherever it is unpacked, each used once."""

    def __init__(self) -> None:
        self.used = {REPORT}

    def of(self, conversion: "Conversion", folder: str = "") -> str:
        inside = conversion.batch_path or conversion.source_name
        path = PurePosixPath(folder.replace("/", "-"), NOT_IN_NAMES.sub("-", inside))
        stem = "/".join(_possible(part) for part in path.with_suffix("").parts)
        name, number = f"{stem}.{conversion.extension}", 1
        while name.casefold() in self.used:
            number += 1
            name = f"{stem} ({number}).{conversion.extension}"
        self.used.add(name.casefold())
        return name


def _possible(part: str) -> str:
    label = clean_label(part, fallback="recording")
    return f"_{label}" if NOT_A_NAME.fullmatch(label) else label


def serve_zip(batch: Batch, *, fetched: bool) -> HttpResponseBase:
    """Stream it to somebody who has been found to be allowed to have it.

    fetched: this is the download after which conversions go that were to go after it.
    """
    name = clean_label(NOT_IN_NAMES.sub("-", f"{batch.name} - {batch.voice_name}"), fallback="batch")
    return send(pieces(batch, fetched=fetched), size=None, filename=f"{name}.zip")


def pieces(batch: Batch, *, fetched: bool = False) -> Iterator[bytes]:
    """The bytes of the zip: every result that there is now, then the report."""
    rows = list(batch.conversions.order_by("batch_position", "created_at"))
    whole = batch.ended_at is not None
    yield from _zipped(rows, lines_without_conversion(batch))
    if fetched and whole:  # whoever comes back for more has passed the last piece on
        _note_fetched(rows)


def serve_results(rows: "QuerySet[Conversion]") -> HttpResponseBase:
    """Stream the results of these conversions to their owner; those of a batch lie in a folder of its name."""
    name = f"voiceproject {timezone.localtime():%Y-%m-%d %H-%M}.zip"
    return send(_chosen(list(rows)), size=None, filename=name)


def _chosen(rows: "list[Conversion]") -> Iterator[bytes]:
    for place, row in enumerate(rows):
        row.batch_position = place
    yield from _zipped(rows, [], folders=True)
    _note_fetched(rows)


def _note_fetched(rows: "list[Conversion]") -> None:
    """Those that are to go after a download have been downloaded."""
    if rows:
        sent = type(rows[0]).objects.filter(pk__in=[row.pk for row in rows], state=State.DONE)
        sent.filter(delete_after_download=True, downloaded_at=None).update(downloaded_at=Now())


def _zipped(rows: "list[Conversion]", lines: list[tuple[int, Line]], *, folders: bool = False) -> Iterator[bytes]:
    names, outbox = Names(), Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:
        for row in rows:
            line = _line(row)
            if row.state == State.DONE:
                name = names.of(row, row.batch.name if folders and row.batch else "")
                try:
                    yield from _packed(archive, outbox, row, name)
                    line = line._replace(result=name)
                except FileNotFoundError:
                    line = line._replace(code="result_missing", sentence=NOT_THERE)
            lines.append((row.batch_position, line))
        archive.writestr(_entry(REPORT, timezone.now()), _report(lines))
        yield outbox.take()
    yield outbox.take()


def _packed(archive: zipfile.ZipFile, outbox: Outbox, row: "Conversion", name: str) -> Iterator[bytes]:
    """The bytes of one result. FileNotFoundError comes before the first of them."""
    with row.result.storage.open(row.result.name or "", "rb") as stored:
        entry = _entry(name, row.finished_at or row.created_at)
        entry.file_size = row.stored_bytes  # at most: so zipfile knows which header it takes
        with archive.open(entry, "w") as packed:
            while block := stored.read(BLOCK):
                packed.write(block)
                yield outbox.take()


def _entry(name: str, at: "datetime") -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, timezone.localtime(at).timetuple()[:6])
    entry.external_attr = 0o644 << 16
    return entry


def lines_without_conversion(batch: Batch) -> list[tuple[int, Line]]:
    """Files that were refused, and those that nobody has taken out of their zip."""
    refused = [(row.position, Line(row.path, "refused", row.code, row.message)) for row in batch.refusals.all()]
    return refused + [line for unpacking in batch.unpackings.all() for line in _left_in(unpacking)]


def _left_in(unpacking: Unpacking) -> Iterator[tuple[int, Line]]:
    state, code, words = unpacking.state, unpacking.error_code, unpacking.error_message
    if unpacking.state in ACTIVE:
        state, code, words = "waiting", "", NOT_READY
    for position, entry in enumerate(unpacking.left, unpacking.first_position + unpacking.taken):
        yield position, Line(entry.path, state, code, words)


def _line(row: "Conversion") -> Line:
    seconds = "" if row.source_seconds is None else f"{row.source_seconds:.2f}"
    words = NOT_READY if row.state in ACTIVE else row.error_message
    return Line(row.batch_path or row.source_name, row.state, row.error_code, words, seconds, row.voice_name)


def _report(lines: list[tuple[int, Line]]) -> bytes:
    """A table for people and programs. The mark at its beginning tells spreadsheets that it is UTF-8."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(Line._fields)
    for _, line in sorted(lines, key=lambda item: item[0]):
        table.writerow(_harmless(cell) for cell in line)
    return text.getvalue().encode("utf-8-sig", "replace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
