"""Tensors of a torch file as numpy views: every size, offset and stride is checked against the bytes that exist."""

import mmap
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile.limits import ReaderLimits

STORAGE_TYPES: dict[str, str] = {
    "torch.FloatStorage": "<f4",
    "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": "bf16",
    "torch.DoubleStorage": "<f8",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "|i1",
    "torch.ByteStorage": "|u1",
    "torch.BoolStorage": "|b1",
}
"""The typed storages a tensor may live in, with their numpy type (numpy has no bfloat16)."""

MAX_DIMENSIONS = 8
STORAGE_KEY = re.compile(r"\d{1,20}")


class Storage(NamedTuple):
    """One run of values that tensors are views of."""

    dtype: str
    key: str
    numel: int

    @property
    def itemsize(self) -> int:
        return 2 if self.dtype == "bf16" else np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Pending:
    """A tensor of the pre-1.6 stream before its bytes are found."""

    size: tuple[int, ...]


class Storages:
    """The storages of one file. Without `places` tensors are only checked, not made: the stream's first pass."""

    def __init__(
        self, data: mmap.mmap, limits: ReaderLimits, places: Mapping[str, tuple[int, int]] | None = None
    ) -> None:
        self.data = data
        self.limits = limits
        self.places = places
        self.declared: dict[str, Storage] = {}
        self.total = 0

    def declare(self, kind: str, key: Any, numel: Any) -> Storage:
        """The storage a persistent id speaks of; refuses one that cannot be in this file."""
        if type(key) is not str or not STORAGE_KEY.fullmatch(key) or type(numel) is not int:
            raise VoiceFileError("bad_container", "The file names its tensor data in a way torch does not.")
        storage = Storage(STORAGE_TYPES[kind], key, numel)
        if not 0 <= numel * storage.itemsize <= self.limits.file_bytes:
            raise VoiceFileError("declared_size", "The file declares more tensor data than any file may hold.")
        if self.declared.setdefault(key, storage) != storage:
            raise VoiceFileError("bad_container", "The file describes the same tensor data in two ways.")
        if self.places is not None:
            _check_place(storage, self.places.get(storage.key))
        return storage

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any) -> np.ndarray[Any, Any] | Pending:
        """The view of `storage` that starts at value `offset`; size and stride in values, as torch counts them."""
        if type(storage) is not Storage or type(size) is not tuple or type(stride) is not tuple:
            raise VoiceFileError("bad_container", "The file describes a tensor in a way torch does not.")
        if len(size) != len(stride) or len(size) > MAX_DIMENSIONS:
            raise VoiceFileError("bad_container", "The file describes a tensor in a way torch does not.")
        if any(type(number) is not int or number < 0 for number in (offset, *size, *stride)):
            raise VoiceFileError("tensor_bounds", "A tensor of the file has a negative size or offset.")
        count = prod(size)
        self._count(storage, prod(max(length, 1) for length in size), count)
        contiguous = _is_contiguous(size, stride)
        if not contiguous and not self.limits.strided:
            raise VoiceFileError(
                "bad_container", "A tensor of the file is stored transposed; save the voice with contiguous tensors."
            )
        last = sum((length - 1) * step for length, step in zip(size, stride, strict=True)) if count else -1
        if offset + last + 1 > storage.numel:
            raise VoiceFileError("tensor_bounds", "A tensor of the file reaches outside its data.")
        if self.places is None:
            return Pending(size)
        start = self.places[storage.key][0] + offset * storage.itemsize
        return self._view(storage, start, size, None if contiguous or not count else stride)

    def _view(
        self, storage: Storage, start: int, size: tuple[int, ...], stride: tuple[int, ...] | None
    ) -> np.ndarray[Any, Any]:
        """The array of checked shape whose first value lies at byte `start`; stride is None where it is contiguous."""
        dtype = np.dtype("<u2" if storage.dtype == "bf16" else storage.dtype)
        steps = None if stride is None else [step * storage.itemsize for step in stride]
        empty = 0 in size
        view: np.ndarray[Any, Any] = (
            np.empty(size, dtype) if empty else np.ndarray(size, dtype, self.data, start, steps)
        )
        return widened(view) if storage.dtype == "bf16" else view

    def _count(self, storage: Storage, extent: int, count: int) -> None:
        """Refuse a tensor of impossible size, and tensors that are together larger than the file."""
        if extent * storage.itemsize > self.limits.file_bytes:
            raise VoiceFileError("declared_size", "The file declares a tensor larger than any file may be.")
        self.total += count * storage.itemsize
        # The stream's first pass does not know yet whether the file is complete, which is to be told first.
        if self.places is not None and self.total > len(self.data) and not self.limits.shared:
            raise VoiceFileError("aliased_storage", "The file's tensors share their data and would unfold to far more.")


def _check_place(storage: Storage, place: tuple[int, int] | None) -> None:
    if place is None:
        raise VoiceFileError("bad_container", "The file refers to tensor data that is not in it.")
    if place[1] != storage.numel * storage.itemsize:
        raise VoiceFileError("bad_container", "The file's tensor data has another length than declared.")


def widened(bits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """bfloat16 bits (any shape, uint16) as the float32 values they are; exact."""
    shifted = np.asarray(bits.astype("<u4", order="C") << 16)  # of a scalar, << makes no array
    return shifted.view("<f4")


def is_finite(array: np.ndarray[Any, Any]) -> bool:
    """Whether every real number of an array is one."""
    if array.dtype.itemsize == 2:
        # The exponent bits, because numpy tests halves one by one.
        return bool(((array.view("<u2") & 0x7C00) != 0x7C00).all())
    return bool(np.isfinite(array).all())


def _is_contiguous(size: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    step = 1
    for length, found in zip(reversed(size), reversed(stride), strict=True):
        if length > 1 and found != step:
            return False
        step *= max(length, 1)
    return True
