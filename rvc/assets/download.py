"""One file over HTTPS: resumed where it broke off, never longer than it should be, redirects only to HTTPS."""

import http.client
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from rvc.errors import AssetError

CHUNK = 1 << 20
TIMEOUT = 30.0
"""Seconds a connection may stay silent."""
ATTEMPTS = 3
"""Requests in a row that may bring nothing before we give up."""
PAUSE = 0.5
"""Seconds between such requests."""
LARGEST = 4 << 30
"""Bytes accepted for a file whose size nobody published."""

Progress = Callable[[int, int | None], None]


class _Interrupted(Exception):  # noqa: N818 - it is no error until it has happened too often
    """The connection ended early; what has arrived can be continued."""


_BROKEN_OFF = (
    _Interrupted,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
    http.client.HTTPException,
    urllib.error.URLError,
)
"""Not OSError as a whole: a full disk is no reason to ask the server again."""


def download(url: str, part: Path, *, size: int | None, allow_http: bool, progress: Progress) -> None:
    """Bring `url` into `part`, continuing what is there. The bytes are not judged; their hash is the caller's work.

    size: expected bytes, None if unknown. progress(bytes here, bytes in all or None) may raise: the part stays.
    Raises AssetError `download_failed`; the part is kept for the next call where it can be continued.
    """
    failures = 0
    while failures < ATTEMPTS:
        before = _length(part)
        try:
            return _request(url, part, size=size, allow_http=allow_http, progress=progress)
        except _BROKEN_OFF as error:
            why = str(error)
        if _length(part) <= before:
            failures += 1
            time.sleep(PAUSE)
        else:
            failures = 0
    raise _failed(url, f"{why}. Try again, the {_length(part)} bytes that arrived are kept")


def _request(url: str, part: Path, *, size: int | None, allow_http: bool, progress: Progress) -> None:
    start = _resumable(part, size)
    if size is not None and start == size:
        return
    _check_space(url, part, (size or 0) - start)
    headers = {"User-Agent": "Voiceproject", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    _check_scheme(url, allow_http)
    opener = urllib.request.build_opener(_CheckedRedirects(allow_http))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:  # noqa: S310 - scheme checked
            _receive(response, part, start, size, progress)
    except urllib.error.HTTPError as error:
        raise _refused(url, error, part) from error


def _receive(response: Any, part: Path, start: int, size: int | None, progress: Progress) -> None:
    if start and response.headers.get("Content-Range", "").split("-")[0] != f"bytes {start}":
        start = 0  # the server does not continue files: it sends all of it again
    announced = response.headers.get("Content-Length")
    total = start + int(announced) if announced and announced.isdecimal() else size
    if size is not None and total != size:
        raise _failed(response.url, f"the server offers {total} bytes where {size} are expected")
    done = start
    with part.open("r+b" if start else "wb") as out:
        out.seek(start)
        while chunk := response.read(CHUNK):
            done += len(chunk)
            if done > (size or LARGEST):
                out.truncate(0)
                raise _failed(response.url, f"it does not end after the {size or LARGEST} bytes that are expected")
            out.write(chunk)
            progress(done, total)
    if total is not None and done < total:
        raise _Interrupted(f"the connection ended after {done} of {total} bytes")


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    def __init__(self, allow_http: bool) -> None:
        self._allow_http = allow_http

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _check_scheme(newurl, self._allow_http)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str, allow_http: bool) -> None:
    if not url.startswith(("https://", "http://") if allow_http else "https://"):
        raise _failed(url, "only https addresses are fetched")


def _check_space(url: str, part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise _failed(url, f"{missing >> 20} MiB are needed and {free >> 20} MiB are free on that disk")


def _resumable(part: Path, size: int | None) -> int:
    start = _length(part)
    if size is not None and start > size:
        part.unlink()
        return 0
    return start


def _refused(url: str, error: urllib.error.HTTPError, part: Path) -> Exception:
    if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        return _Interrupted("the server could not continue the file")
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code == HTTPStatus.TOO_MANY_REQUESTS:
        return _Interrupted(f"the server answered {error.code}")
    return _failed(url, f"the server answered {error.code} {error.reason}")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _failed(url: str, why: str) -> AssetError:
    return AssetError("download_failed", f"{url} could not be downloaded: {why}.")
