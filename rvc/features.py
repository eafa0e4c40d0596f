"""Content features and F0 tracks of recordings, kept on disk: a second conversion of a recording does not pay again."""

import hashlib
import os
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rvc.errors import VoiceFileError
from rvc.scratch import let_go
from rvc.voicefile import safetensors

BLOCK = 1 << 24


class FeatureCache:
    """Arrays by recording and key in one folder. Several processes may share it; the least recently used go first.

    A recording is named by its `fingerprint`, with which the names of its files begin.
    """

    def __init__(self, folder: Path, budget: int) -> None:
        """budget: bytes the folder may hold."""
        self.folder = folder
        self.budget = budget
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, recording: str, key: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """What `key` means of a recording, read-only, computed and stored if it is not there or is damaged."""
        path = self.folder / f"{recording}.{hashlib.sha256(key.encode()).hexdigest()}.safetensors"
        try:
            array: NDArray[Any] = safetensors.read(path)[1]["array"]
        except (OSError, KeyError, VoiceFileError):
            array = compute()
            self._store(path, array)
        else:
            with suppress(OSError):  # another process may have made room just now
                os.utime(path)
        return array

    def forget(self, recordings: Collection[str]) -> None:
        """Remove all that was made from these recordings; the folder is read once, however many they are."""
        for path in self.folder.iterdir():
            if path.name.partition(".")[0] in recordings:
                path.unlink(missing_ok=True)

    def _store(self, path: Path, array: NDArray[Any]) -> None:
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            safetensors.write(part, {"array": array}, {})
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            return  # a full disk, or another process emptied the folder: the conversion goes on without a copy
        self._shrink()

    def _shrink(self) -> None:
        """Remove what was not used for longest until the budget holds; what killed processes have left counts, too."""
        entries = sorted(_last_use_and_size(path) for path in self.folder.iterdir())
        excess = sum(size for _, size, _ in entries) - self.budget
        for _, size, path in entries:
            if excess <= 0:
                return
            excess -= size
            path.unlink(missing_ok=True)


def fingerprint(wave: NDArray[np.floating]) -> str:
    """A digest of the samples (N,), by which a recording is recognised."""
    digest = hashlib.blake2b(digest_size=20)
    for start in range(0, len(wave), BLOCK):
        digest.update(np.ascontiguousarray(wave[start : start + BLOCK]).tobytes())
        let_go(wave)
    return digest.hexdigest()


def _last_use_and_size(path: Path) -> tuple[float, int, Path]:
    try:
        facts = path.stat()
    except OSError:  # another process removed it
        return 0.0, 0, path
    return facts.st_mtime, facts.st_size, path
