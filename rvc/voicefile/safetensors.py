"""The safetensors format: an 8-byte length, a JSON header, then the arrays. Read as hostile data, mapped, written.

Format: https://github.com/huggingface/safetensors (offsets count from the end of the header).
"""

import json
import mmap
import struct
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile.container import map_file
from rvc.voicefile.limits import UPLOAD
from rvc.voicefile.storages import MAX_DIMENSIONS, widened

DTYPES: dict[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
NAMES = {np.dtype(layout): name for name, layout in DTYPES.items() if name != "BF16"}
MAX_HEADER = 1 << 20
MAX_TENSORS = 65_536
ALIGNMENT = 8
PREFIX = struct.Struct("<Q")
METADATA = "__metadata__"


class Spec(NamedTuple):
    """One array of a file to be written: numpy type and shape."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def looks_like_safetensors(head: bytes) -> bool:
    """Whether a file that starts with these bytes (at least 9) is of this format."""
    return len(head) > PREFIX.size and head[PREFIX.size] == ord("{")


def read(path: Path, *, longest: int = UPLOAD.file_bytes) -> tuple[dict[str, str], dict[str, np.ndarray[Any, Any]]]:
    """Metadata and arrays of a file; the arrays are read-only views of the mapped file (bfloat16: float32 copies).

    Raises VoiceFileError: empty_file, too_large, truncated, duplicate_entry, bad_container.
    """
    data = map_file(path, longest=longest)
    header, start = _header(data)
    metadata = header.pop(METADATA, {})
    if type(metadata) is not dict or not all(type(value) is str for value in metadata.values()):
        raise _broken("metadata that is not text")
    if len(header) > MAX_TENSORS:
        raise _broken("too many tensors")
    places = {name: _place(entry) for name, entry in header.items()}
    _check_cover([place[2:] for place in places.values()], len(data) - start)
    return metadata, {name: _view(data, start, place) for name, place in places.items()}


def summary(path: Path) -> dict[str, Any]:
    """How many arrays a file holds, how many numbers, and of which types; nothing is loaded."""
    _, arrays = read(path)
    types = sorted({str(array.dtype) for array in arrays.values()})
    return {"count": len(arrays), "numbers": sum(array.size for array in arrays.values()), "types": types}


def _header(data: mmap.mmap) -> tuple[dict[str, Any], int]:
    if len(data) < PREFIX.size:
        raise VoiceFileError("truncated", "The file ends before its header does.")
    length = PREFIX.unpack(data[: PREFIX.size])[0]
    if length > MAX_HEADER:
        raise _broken("a header that is too long")
    start = PREFIX.size + length
    if start > len(data):
        raise VoiceFileError("truncated", "The file ends before its header does.")
    try:
        header = json.loads(data[PREFIX.size : start].decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _broken("a header that is not JSON") from error
    if type(header) is not dict:
        raise _broken("a header that is not a mapping")
    return header, start


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise VoiceFileError("duplicate_entry", "The file describes something twice.")
    return found


def _place(entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """Type, shape, begin and end of one tensor, with its length checked against its shape."""
    if type(entry) is not dict or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _broken("a tensor that is not described")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if type(dtype) is not str or dtype not in DTYPES:
        raise _broken("a tensor of an unknown type")
    if type(shape) is not list or len(shape) > MAX_DIMENSIONS or type(offsets) is not list or len(offsets) != 2:
        raise _broken("a tensor that is not described")
    if any(type(number) is not int or number < 0 for number in (*shape, *offsets)):
        raise _broken("a tensor of negative size")
    if prod(shape) * np.dtype(DTYPES[dtype]).itemsize != offsets[1] - offsets[0]:
        raise _broken("a tensor whose length does not fit its shape")
    return dtype, tuple(shape), offsets[0], offsets[1]


def _check_cover(spans: list[tuple[Any, ...]], length: int) -> None:
    """The tensors lie side by side and fill the file: no overlap, no gap, no tail."""
    ends = [(0, 0), *sorted(spans)]
    if any(after[0] != before[1] for before, after in pairwise(ends)):
        raise _broken("overlapping tensors or gaps")
    if ends[-1][1] > length:
        raise VoiceFileError("truncated", "The file is shorter than its header says; it may be incomplete.")
    if ends[-1][1] != length:
        raise _broken("bytes after its end")


def _view(data: mmap.mmap, start: int, place: tuple[str, tuple[int, ...], int, int]) -> np.ndarray[Any, Any]:
    dtype, shape, begin, end = place
    if begin == end:
        return np.empty(shape, DTYPES[dtype])
    view = np.frombuffer(data, DTYPES[dtype], count=prod(shape), offset=start + begin).reshape(shape)
    return widened(view) if dtype == "BF16" else view


def write(path: Path, tensors: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> None:
    """Write arrays (any shape; float, integer or bool) and text metadata. The widest types come first: all aligned."""
    ordered = dict(sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])))
    specs = {name: Spec(array.dtype, array.shape) for name, array in ordered.items()}
    write_blocks(path, specs, metadata, ordered.values())


def write_blocks(
    path: Path,
    specs: Mapping[str, Spec],
    metadata: Mapping[str, str],
    blocks: Iterable[np.ndarray[Any, Any]],
) -> None:
    """Write a file whose arrays arrive piece by piece, in the order of `specs`, so that none is in memory whole."""
    header: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name, spec in specs.items():
        header[name] = {
            "dtype": NAMES[spec.dtype.newbyteorder("<")],
            "shape": list(spec.shape),
            "data_offsets": [end, end + spec.nbytes],
        }
        end += spec.nbytes
    with path.open("wb") as file:
        file.write(_head(header))
        for block in blocks:
            file.write(np.ascontiguousarray(block).reshape(-1).view(np.uint8).data)


def with_metadata(path: Path, metadata: Mapping[str, str]) -> tuple[bytes, int]:
    """The first bytes of a file of ours with other metadata, and where in the file the arrays begin that follow."""
    header, start = _header(map_file(path, longest=UPLOAD.file_bytes))
    return _head({**header, METADATA: dict(metadata)}), start


def _head(header: Mapping[str, Any]) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return PREFIX.pack(len(text)) + text


def _broken(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_container", f"The safetensors file is damaged: it has {detail}.")
