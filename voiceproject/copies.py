"""Stored files as files of this machine, for what has to map them.

A file on a disk is used where it lies. Of one in a bucket this machine keeps a copy: fetched once, however many
processes want it at the same time, checked, and removed when others need the room more.
"""

import hashlib
import os
import time
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings
from django.db.models.fields.files import FieldFile

from rvc.errors import VoiceFileError

try:
    import fcntl
except ImportError:  # where it is missing, a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

BLOCK = 1 << 20
HELD = 8
LOCKS = 16
TRIES = 2  # to bring a file; what is damaged twice is damaged in storage
PART_SECONDS = 3600
"""What is fetched takes less; older parts are those of killed processes."""
SAME_AGE = 1
"""Copies of one name are alike, so a second one counts as the first: what was loaded of it stays loaded."""

DAMAGED = "A stored file is damaged: bring the voice once more, or tell the administrators."


class Storage(Protocol):
    def open(self, name: str, mode: str = "rb") -> Any: ...
    def size(self, name: str) -> int: ...


def local_path(file: FieldFile, sha256: str = "", *, tick: Callable[[], None] = lambda: None) -> Path:
    """Where a stored file can be opened on this machine, now and until this process has asked for many others.

    sha256: what the row says of the file; empty where it says nothing. tick: called often while it is fetched; what
    it raises ends that. Raises FileNotFoundError, StorageError, VoiceFileError("damaged").
    """
    try:
        return Path(file.path)
    except NotImplementedError:
        return copies().path(file.storage, str(file.name), sha256, tick)


@cache
def copies() -> "Copies":
    """The one cache of this process; the folder is that of all processes of this machine."""
    return Copies(settings.FILE_CACHE_DIR, settings.FILE_CACHE_MB << 20)


class Copies:
    """Copies of stored files by their names, each of which is used once."""

    def __init__(self, folder: Path, budget: int) -> None:
        """budget: bytes the folder may hold. What processes are using stays, even if that is more."""
        self.folder = folder
        self.budget = budget
        self._held: deque[IO[bytes]] = deque()

    def path(self, storage: Storage, name: str, sha256: str = "", tick: Callable[[], None] = lambda: None) -> Path:
        """See `local_path`."""
        path = self.folder / name
        while (handle := _opened(path)) is None:
            self._fetch(storage, name, sha256, tick)
        self._held.append(handle)
        if len(self._held) > HELD:
            self._held.popleft().close()
        with suppress(FileNotFoundError):  # deleted just now; whoever opens it hears of that
            os.utime(path, ns=(time.time_ns(), SAME_AGE))
        return path

    def forget(self, name: str) -> None:
        """Remove a copy because the file is deleted; whoever has it open may read to its end."""
        (self.folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The files that there are copies of."""
        return [str(path.relative_to(self.folder)) for path in self._paths() if path.suffix != ".part"]

    def _fetch(self, storage: Storage, name: str, sha256: str, tick: Callable[[], None]) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone(name):
            if path.exists():  # another process was first
                return
            part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
            try:
                if not any(_copied(storage, name, part, sha256, tick) for _ in range(TRIES)):
                    raise VoiceFileError("damaged", DAMAGED, field="voice")
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        self._make_room(path)

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One process at a time fetches a file; a few others wait with it for no reason."""
        with (self.folder / f"{zlib.crc32(name.encode()) % LOCKS}.lock").open("wb") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_room(self, newest: Path) -> None:
        """Remove what was not used for longest until the budget holds, and parts that nobody finishes."""
        facts = []
        for path in self._paths():
            with suppress(FileNotFoundError):
                facts.append((path.stat(), path))
        excess = sum(stat.st_size for stat, _ in facts) - self.budget
        for stat, path in sorted(facts, key=lambda entry: entry[0].st_atime_ns):
            part = path.suffix == ".part"
            wanted = stat.st_mtime < time.time() - PART_SECONDS if part else excess > 0 and path != newest
            if wanted and _removed(path):
                excess -= stat.st_size

    def _paths(self) -> list[Path]:
        return [path for path in self.folder.glob("*/*") if path.is_file()]


def _opened(path: Path) -> IO[bytes] | None:
    """The copy, open and so marked that nobody removes it; None when it is not here."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        return None
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_SH)
    if os.fstat(handle.fileno()).st_nlink:
        return handle
    handle.close()  # removed just before it was marked
    return None


def _removed(path: Path) -> bool:
    """Remove a copy unless a process is using it."""
    with suppress(OSError), path.open("rb") as handle:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


def _copied(storage: Storage, name: str, target: Path, sha256: str, tick: Callable[[], None]) -> bool:
    """Bring a stored file; False when what came is not what was stored."""
    digest = hashlib.sha256()
    with storage.open(name) as source, target.open("wb") as out:
        while block := source.read(BLOCK):
            tick()
            digest.update(block)
            out.write(block)
    return target.stat().st_size == storage.size(name) and (not sha256 or digest.hexdigest() == sha256)
