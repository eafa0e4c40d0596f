"""Where files of people lie: whole or not at all; and what is said when the disk is full or cannot be written."""

import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import FileSystemStorage
from django.db import OperationalError

from rvc.errors import StorageError, storage_error

if TYPE_CHECKING:
    from django.core.files import File

DISK_FULL = "53100"
"""PostgreSQL's code; SQLite has only words."""


class WholeFiles(FileSystemStorage):
    """A name stands for a file that was written to its end, whatever happened meanwhile to the disk or the process."""

    def _save(self, name: str, content: "File[Any]") -> str:
        part = f"{name}.{uuid.uuid4().hex}.part"
        try:
            super()._save(part, content)  # type: ignore[misc]
            _keep(Path(self.path(part)), Path(self.path(name)))
        except BaseException:
            with suppress(OSError):  # a disk that cannot be written keeps it; the sweep has it later
                self.delete(part)
            raise
        return name


def _keep(part: Path, target: Path) -> None:
    """Give a finished file its name, on the disk itself: a power cut leaves all of it under that name, or nothing."""
    with part.open("rb") as handle:
        os.fsync(handle.fileno())
    part.replace(target)
    if os.name == "posix":  # elsewhere folders cannot be opened
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def storage_trouble(error: BaseException) -> StorageError | None:
    """What to tell people when it was the disk that failed, of files or of the database; None for any other error."""
    if not isinstance(error, OperationalError):
        return storage_error(error)
    words = str(error)
    if getattr(error.__cause__, "sqlstate", "") == DISK_FULL or "disk is full" in words:
        return StorageError("storage_full")
    return StorageError("storage_readonly") if "readonly database" in words else None
