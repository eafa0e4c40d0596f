"""What is known of the files in one asset's folder, so that a hash is computed once and not at every load."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
NAME = "checked.json"


class Record:
    """sha256 of the files in `folder` as last computed, with the size and time that the computation was made for.

    Kept in the folder itself: whoever removes the folder removes the memory of it. A folder that cannot be written
    to is remembered as long as this object lives.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwritten: dict[str, dict[str, Any]] = {}

    @property
    def _entries(self) -> dict[str, dict[str, Any]]:
        """Read anew each time: another process may have fetched or checked a file meanwhile."""
        return {**self._unwritten, **_load(self._folder / NAME)}

    def remembered(self, filename: str) -> str | None:
        """The recorded sha256, whether or not the file has changed since."""
        return self._entries.get(filename, {}).get("sha256")

    def current(self, filename: str) -> str | None:
        """The recorded sha256 if the file has the size and time it was recorded for."""
        entry = self._entries.get(filename)
        return entry["sha256"] if entry and entry == {**entry, **_stamp(self._folder / filename)} else None

    def store(self, filename: str, sha256: str) -> None:
        """Remember the hash of the file as it lies there now."""
        entry = {"sha256": sha256, **_stamp(self._folder / filename)}
        part = self._folder / (NAME + ".part")
        try:
            part.write_text(json.dumps({**self._entries, filename: entry}, indent=1))
            part.replace(self._folder / NAME)
        except OSError:  # a read-only folder: the next process computes the hash again
            self._unwritten[filename] = entry


def sha256_of(path: Path, tick: Callable[[int], None] = lambda done: None) -> str:
    """sha256 of a file, read piece by piece; `tick` hears after each how many bytes are read, and may raise."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            tick(done)
    return digest.hexdigest()


def _stamp(path: Path) -> dict[str, int]:
    facts = path.stat()
    return {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns}


def _load(path: Path) -> dict[str, dict[str, Any]]:
    """The entries of a record file; one that is missing or unreadable only costs the hashing again."""
    try:
        entries = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict) and "sha256" in entry}
