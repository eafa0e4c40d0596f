"""Arrays as long as the recording: in memory while short, in a mapped file of a scratch folder when long."""

import mmap
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

IN_MEMORY = 64 << 20
"""Bytes up to which an array stays in memory."""


class Scratch:
    """Hands out arrays and lets go of their pages, so that the length of a recording does not decide the memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._maps: list[mmap.mmap] = []

    def empty(self, length: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """An uninitialised array (length,). Large ones live in an unnamed file of the folder, gone with the array."""
        size = length * np.dtype(dtype).itemsize
        if size <= IN_MEMORY:
            return np.empty(length, dtype)
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.truncate(size)
            mapped = mmap.mmap(file.fileno(), size)
        self._maps.append(mapped)
        return np.frombuffer(mapped, dtype)

    def trim(self) -> None:
        """Drop mapped pages from this process's memory; their content stays in the file."""
        for mapped in self._maps:
            _drop(mapped)


def let_go(array: NDArray[Any]) -> None:
    """Drop the pages of an array that lies in a shared mapping of a file; other arrays stay as they are."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if isinstance(base, mmap.mmap):
        _drop(base)


def _drop(mapped: mmap.mmap) -> None:
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
