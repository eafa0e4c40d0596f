"""Content features and F0 tracks of recordings, kept on disk: a second conversion of a recording does not pay again."""

import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 24


class FeatureCache:
    """Arrays by key in one folder. Several processes may share it; the least recently used files go first."""

    def __init__(self, folder: Path, budget: int) -> None:
        """budget: bytes the folder may hold."""
        self.folder = folder
        self.budget = budget
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array under `key`, computed and stored if it is not there."""
        path = self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"
        try:
            array: NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError):
            array = compute()
            self._store(path, array)
        else:
            os.utime(path)
        return array

    def _store(self, path: Path, array: NDArray[Any]) -> None:
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            with part.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            return  # a full disk, or another process emptied the folder: the conversion goes on without a copy
        self._shrink()

    def _shrink(self) -> None:
        entries = sorted(self.folder.glob("*.npy"), key=_last_use)
        excess = sum(_size(entry) for entry in entries) - self.budget
        for entry in entries:
            if excess <= 0:
                return
            excess -= _size(entry)
            entry.unlink(missing_ok=True)


def fingerprint(wave: NDArray[np.floating]) -> str:
    """A digest of the samples (N,), by which a recording is recognised."""
    digest = hashlib.blake2b(digest_size=20)
    for start in range(0, len(wave), BLOCK):
        digest.update(np.ascontiguousarray(wave[start : start + BLOCK]).tobytes())
    return digest.hexdigest()


def _last_use(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
