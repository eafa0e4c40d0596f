"""Rows as CSV that a spreadsheet opens without running anything of it."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet, which may run programs and send what stands beside it."""
AT_ONCE = 500


class _Line:
    """What csv.writer writes to: hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_answer(rows: QuerySet[Any], columns: Sequence[str], filename: str) -> StreamingHttpResponse:
    """The rows as a file, made while it is sent. columns: names of fields, `owner__username` follows a relation."""
    answer = StreamingHttpResponse(csv_lines(rows, columns), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer


def csv_lines(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows.values_list(*columns).iterator(chunk_size=AT_ONCE):
        yield writer.writerow([cell(value) for value in row])


def cell(value: object) -> object:
    """Words that a spreadsheet would take for a formula get an apostrophe first, numbers stay numbers."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
