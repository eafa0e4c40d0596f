"""Lists of speakers that are asked for once and kept in a file."""

import hashlib
import json
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from tts.engines.errors import SpeechError

Listing = list[dict[str, str]]

AGAIN_SECONDS = 300
"""After a failure, nobody is asked again for so long while there is an old list."""


def kept(name: str, ask: Callable[[], Listing], *, seconds: float | None = None) -> Listing:
    """The list of this name: the kept one while it is young enough (None: always), else what `ask` says.

    An old list is better than none. Raises SpeechError where there is no list and `ask` fails.
    """
    key = hashlib.sha256(name.encode()).hexdigest()[:16]
    path = settings.VAR_DIR / "cache" / "speech" / f"{key}.json"
    old, age = _read(path)
    if old is not None and (seconds is None or age < seconds):
        return old
    if old is not None and cache.get(f"speech-list-{key}"):
        return old
    try:
        found = ask()
    except SpeechError:
        cache.set(f"speech-list-{key}", True, AGAIN_SECONDS)
        if old is None:
            raise
        return old
    _write(path, found)
    return found


def _read(path: Path) -> tuple[Listing | None, float]:
    try:
        state = path.stat()
        return list(_parsed(path, state.st_mtime_ns, state.st_ino)), time.time() - state.st_mtime
    except (OSError, ValueError):
        return None, 0.0


@lru_cache(maxsize=8)
def _parsed(path: Path, written: int, inode: int) -> Listing:
    """What stands in one writing of a file: a page asks for the same thousands of names again and again."""
    found: Listing = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, found: Listing) -> None:
    part = path.with_suffix(f".{time.monotonic_ns()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(path)
    except OSError:  # it is asked again the next time
        part.unlink(missing_ok=True)
