"""One file from an address: continued where the connection broke, never longer than it may be."""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rvc.errors import RVCError
from voiceproject.addresses import AddressError
from voiceproject.fetching import BrokenOff, Reply, Visit

BLOCK = 1 << 16
ATTEMPTS = 3
"""Requests in a row that may bring next to nothing before we give up."""
NOTHING = 1 << 16
"""Bytes that are next to nothing."""
PAUSE = 0.5
"""Seconds between such requests."""

Report = Callable[[int, int], None]
"""Is told the bytes that are here, and in all (0: not known)."""


@dataclass
class Download:
    """A file on its way into `path`."""

    visit: Visit
    url: str
    path: Path
    limit: int
    report: Report
    validator: str = ""
    """What names this very content to the server; without it nothing can be continued, only begun again."""
    total: int = 0

    def run(self) -> None:
        """Bring the whole file. Raises AddressError: `url_not_allowed`, `upstream`, `too_large`; `storage_full`."""
        self.path.touch()
        failures = 0
        while True:
            before = self._here()
            try:
                return self._request()
            except BrokenOff:
                failures = failures + 1 if self._here() < before + NOTHING else 0
                if failures == ATTEMPTS:
                    raise
                self._pause()

    def _pause(self) -> None:
        self.visit.glance()
        time.sleep(PAUSE)

    def _here(self) -> int:
        return self.path.stat().st_size

    def _request(self) -> None:
        start = self._here() if self.validator else 0
        asked = {"Range": f"bytes={start}-", "If-Range": self.validator} if start else {}
        with self.visit.get(self.url, asked) as reply:
            if reply.status == 416:
                self._forget()
                raise BrokenOff("it could not continue the file")
            reply.expect(*((200, 206) if start else (200,)))
            self._take(reply, start if reply.status == 206 else 0)

    def _forget(self) -> None:
        self.validator, self.total = "", 0
        self.path.write_bytes(b"")

    def _take(self, reply: Reply, start: int) -> None:
        if start and reply.header("Content-Range").split("-")[0].strip() != f"bytes {start}":
            self._forget()
            raise BrokenOff("it continued the file at the wrong place")
        self.validator = _validator(reply)
        self.total = start + reply.length if reply.length is not None else 0
        self._check_room(start)
        done = start
        with self.path.open("r+b") as out:
            out.truncate(start)
            out.seek(start)
            while block := reply.read(BLOCK):
                done += len(block)
                self._check_size(done)
                out.write(block)
                self.report(done, self.total)
        if done < self.total:
            raise BrokenOff(f"it ended after {done} of {self.total} bytes")

    def _check_size(self, size: int) -> None:
        if size > self.limit:
            raise AddressError("too_large", f"The file is larger than {self.limit >> 20} MB.", field="url")

    def _check_room(self, start: int) -> None:
        self._check_size(self.total)
        if self.total - start > shutil.disk_usage(self.path.parent).free:
            raise RVCError("storage_full", "The server has no room left for this file.")


def _validator(reply: Reply) -> str:
    """A strong ETag, else the time of the last change; "" when the server gives neither."""
    tag = reply.header("ETag")
    return tag if tag.startswith('"') else reply.header("Last-Modified")


def check_sha256(path: Path, wanted: str) -> None:
    """Refuse a file that is not the one whose SHA-256 was given; "" accepts any."""
    if not wanted:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted.lower():
        sentence = f"The file is not the one that was expected: its SHA-256 is {found}."
        raise AddressError("wrong_checksum", sentence, field="sha256")
