"""Stored files: their labels, their end, and the one way they leave the server."""

import hashlib
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag

Sent = Callable[[int, int], None]

BLOCK = 1 << 16
BINARY = "application/octet-stream"
ABANDONED_SECONDS = 3600  # no check takes nearly so long
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# What a browser may play in the page. Everything else is a download.
INLINE_TYPES = frozenset({"audio/wav", "audio/flac", "audio/mpeg", "audio/ogg", "audio/mp4", "audio/webm"})


def clean_label(name: str, *, fallback: str, limit: int = 120) -> str:
    """What may be shown of the file name that a browser sent: one line, no path, no invisible signs."""
    name = PureWindowsPath(name).name
    shown = "".join(sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C")
    return " ".join(shown.split())[:limit].strip(" .") or fallback


def delete_after_commit(*files: FieldFile) -> None:
    """Delete stored files once the transaction that dropped their row is committed; a rollback keeps them."""
    for file in files:
        if file.name:
            transaction.on_commit(partial(file.storage.delete, file.name))


@contextmanager
def kept_together(*files: FieldFile) -> Iterator[None]:
    """One transaction for a row and its files: when the row cannot be written, the files written for it go too."""
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for file in files:
            if file.name:
                file.storage.delete(file.name)
        raise


def quarantine(prefix: str) -> "tempfile.TemporaryDirectory[str]":
    """A fresh folder for a stranger's file alone, until it is checked. Takes away what a killed process has left."""
    home: Path = settings.VAR_DIR / "quarantine"
    home.mkdir(parents=True, exist_ok=True)
    for folder in home.iterdir():
        with suppress(FileNotFoundError):  # its own request has just taken it away
            if folder.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
    return tempfile.TemporaryDirectory(dir=home, prefix=prefix, ignore_cleanup_errors=True)


class Slice:
    """Part of an open file as an iterable that the response closes, whether it was read to the end or not."""

    def __init__(self, handle: IO[Any], start: int, length: int, sent: Sent | None = None) -> None:
        """sent: told at the end from where to where the bytes went out."""
        handle.seek(start)
        self.handle = handle
        self.start = self.at = start
        self.end = start + length
        self.sent = sent

    def __iter__(self) -> Iterator[bytes]:
        while self.at < self.end and (block := self.handle.read(min(BLOCK, self.end - self.at))):
            yield block
            self.at += len(block)  # whoever comes back for more has passed it on

    def close(self) -> None:
        self.handle.close()
        if self.sent is not None:
            self.sent(self.start, self.at)


def serve(
    request: HttpRequest, file: FieldFile, *, media_type: str, filename: str, sent: Sent | None = None
) -> HttpResponseBase:
    """Stream a stored file to somebody who has been found to be allowed to see it.

    Audio plays in the page; anything else, and audio when `?download` is in the address, comes as an attachment.
    """
    response = _respond(request, file, sent)
    inline = media_type in INLINE_TYPES and "download" not in request.GET
    say_rules(response, media_type=media_type, disposition=content_disposition_header(not inline, filename))
    response["Accept-Ranges"] = "bytes"
    return response


def send(pieces: Iterator[bytes], *, size: int | None, filename: str) -> HttpResponseBase:
    """Stream a file that is made while it is sent, as an attachment, to somebody who may have it.

    size: None where it shows only at the end.
    """
    response = StreamingHttpResponse(pieces)
    say_rules(response, media_type=BINARY, disposition=content_disposition_header(True, filename))
    if size is not None:
        response["Content-Length"] = str(size)
    response["Accept-Ranges"] = "none"
    return response


def say_rules(response: HttpResponseBase, *, media_type: str, disposition: str | None) -> None:
    """What every file of a person goes out with."""
    response["Content-Type"] = media_type
    response["Content-Disposition"] = disposition or "inline"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; media-src 'self'"


def _respond(request: HttpRequest, file: FieldFile, sent: Sent | None) -> HttpResponseBase:
    """The right status for this request: 200 whole, 206 one range, 304 unchanged, 416 outside the file."""
    if not file.name:
        raise Http404("There is no such file.")
    try:
        size = file.storage.size(file.name)
    except FileNotFoundError as error:
        raise Http404("There is no such file.") from error
    etag = _etag(file.name, size)
    response: HttpResponseBase
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    elif (span := _wanted_range(request, size, etag)) and span[0] >= span[1]:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        start, end = span or (0, size)
        response = StreamingHttpResponse(Slice(file.storage.open(file.name, "rb"), start, end - start, sent))
        response["Content-Length"] = str(end - start)
        if span:
            response.status_code = 206
            response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["ETag"] = etag
    return response


def _etag(name: str, size: int) -> str:
    """A stored file is never rewritten and its name is used once, so the name stands for the content. Not told."""
    return quote_etag(hashlib.sha256(f"{name}:{size}".encode()).hexdigest()[:32])


def _wanted_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """Start and end (exclusive) of a single wanted range; None for the whole file; start >= end when outside.

    A malformed range, or several at once, is ignored, as RFC 9110 (14.2) permits.
    """
    match = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size
