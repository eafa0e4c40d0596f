"""The retrieval index of a voice (faiss IndexIVFFlat, L2) read as data, so that faiss never sees a stranger's file.

Layout of the file, all little-endian: faiss `write_index` of an IVF index with a flat quantizer and array lists.
Vectors are kept in the order of their lists, as they lie in the file: a search looks at whole lists.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile import safetensors
from rvc.voicefile.torchfile import describe_content

Array = np.ndarray[Any, Any]
WIDTHS = (256, 512, 768)
MAX_VECTORS = 5_000_000
BLOCK_BYTES = 8 << 20
L2 = 1
NO_MAP, ARRAY_MAP = 0, 1
IVF_FLAT, FLAT_QUANTIZER, ARRAY_LISTS = b"IwFl", (b"IxF2",), b"ilar"
NPROBE_KEY = "nprobe"


@dataclass(frozen=True)
class IndexData:
    """centroids (nlist, D), vectors (N, D): float32. ids (N,), offsets (nlist + 1,): int64.

    Vectors and ids are in list order: list k holds rows offsets[k] to offsets[k + 1].
    ids[row] is the number the vector was added under.
    """

    centroids: Array
    vectors: Array
    ids: Array
    offsets: Array
    nprobe: int

    @property
    def width(self) -> int:
        return int(self.vectors.shape[1])


class IndexReader:
    """An open index file whose table is checked; the vectors are read from it block by block.

    width: the feature width the voice needs, or None for any that a voice can have.
    Raises VoiceFileError: empty_file, unsupported_index, wrong_dimension, declared_size, truncated,
    inconsistent_index, and non_finite while the vectors are read.
    """

    def __init__(self, file: BinaryIO, *, width: int | None = None) -> None:
        self._file = file
        self._left = file.seek(0, 2)
        file.seek(0)
        if self._left == 0:
            raise VoiceFileError("empty_file", "The index file is empty.")
        self._check_kind()
        self.width, self.count = self._header(WIDTHS if width is None else (width,))
        if self.count == 0:
            raise _unsupported("it holds no vectors; upload the file whose name starts with added_, not trained_")
        lists, self.nprobe = self._number("<Q"), self._number("<Q")
        if lists == 0 or self.nprobe == 0:
            raise _inconsistent("its number of cells")
        self.nprobe = min(self.nprobe, lists)
        self.centroids = self._quantizer(lists)
        self._skip_direct_map()
        self.offsets = self._list_offsets(lists)
        if self._left != self.count * (4 * self.width + 8):
            self._refuse_length()
        self._start = file.tell()

    # the table

    def _take(self, count: int) -> bytes:
        if count > self._left:
            raise VoiceFileError("truncated", "The index file ends too early; it may be incomplete.")
        self._left -= count
        return self._file.read(count)

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _array(self, dtype: str) -> Array:
        return np.frombuffer(self._take(self._number("<Q") * np.dtype(dtype).itemsize), dtype)

    def _check_kind(self) -> None:
        kind = self._take(min(4, self._left))
        if kind == IVF_FLAT:
            return
        if kind[:1] == b"I":
            raise _unsupported(f"its kind is {kind.decode('ascii', 'replace')!r}")
        self._file.seek(0)
        raise _unsupported(f"it is {describe_content(self._file.read(512))}")

    def _header(self, widths: tuple[int, ...]) -> tuple[int, int]:
        width, count = self._number("<i"), self._number("<q")
        self._take(16)
        trained, metric = self._number("<B"), self._number("<i")
        if width not in widths:
            wanted = " or ".join(str(number) for number in widths)
            raise VoiceFileError(
                "wrong_dimension", f"The index holds vectors of width {width}, but {wanted} is needed for this voice."
            )
        if not 0 <= count <= MAX_VECTORS:
            raise VoiceFileError("declared_size", "The index file declares an impossible number of vectors.")
        if trained != 1:
            raise _unsupported("it was never trained")
        if metric != L2:
            raise _unsupported("it does not measure by L2 distance")
        return width, count

    def _quantizer(self, lists: int) -> Array:
        if self._take(4) not in FLAT_QUANTIZER:
            raise _unsupported("its cells are found in an unusual way")
        _, count = self._header((self.width,))
        values = self._array("<f4")
        if count != lists or len(values) != lists * self.width:
            raise _inconsistent("its cells")
        if not np.isfinite(values).all():
            raise _non_finite()
        return values.reshape(lists, self.width)

    def _skip_direct_map(self) -> None:
        kind, entries = self._number("<B"), self._array("<i8")
        if kind not in (NO_MAP, ARRAY_MAP) or len(entries) != (self.count if kind == ARRAY_MAP else 0):
            raise _unsupported("it maps its vectors in an unusual way")

    def _list_offsets(self, lists: int) -> Array:
        if self._take(4) != ARRAY_LISTS:
            raise _unsupported("its vectors are not in the file itself")
        if self._number("<Q") != lists or self._number("<Q") != 4 * self.width:
            raise _inconsistent("its lists")
        layout, table = self._take(4), self._array("<u8")
        if layout == b"full" and len(table) == lists:
            sizes = table
        elif layout == b"sprs" and len(table) % 2 == 0 and not (table[::2] >= lists).any():
            sizes = np.zeros(lists, "<u8")
            sizes[table[::2].astype("<i8")] = table[1::2]
        else:
            raise _inconsistent("its lists")
        if (sizes > self.count).any() or int(sizes.sum()) != self.count:
            raise _inconsistent("its number of vectors")
        return np.concatenate([[0], np.cumsum(sizes)]).astype("<i8")

    def _refuse_length(self) -> None:
        if self._left < self.count * (4 * self.width + 8):
            raise VoiceFileError("truncated", "The index file ends too early; it may be incomplete.")
        raise _inconsistent("its length")

    # the vectors

    def ids(self) -> Array:
        """(N,) int64 in list order; refuses them unless they are 0 to N - 1, each once."""
        found = np.empty(self.count, "<i8")
        for begin, end in self._lists():
            self._file.seek(self._position(end) - 8 * (end - begin))
            found[begin:end] = self._read(8 * (end - begin), "<i8")
        if found.min() < 0 or found.max() >= self.count or not (np.bincount(found, minlength=self.count) == 1).all():
            raise _inconsistent("the numbers of its vectors")
        return found

    def blocks(self) -> Iterator[Array]:
        """The vectors in list order, (n, D) float32 at a time; refuses values that are not finite."""
        rows = max(1, BLOCK_BYTES // (4 * self.width))
        for begin, end in self._lists():
            self._file.seek(self._position(begin))
            for row in range(begin, end, rows):
                count = min(rows, end - row)
                block = self._read(4 * self.width * count, "<f4").reshape(count, self.width)
                if not np.isfinite(block).all():
                    raise _non_finite()
                yield block

    def _lists(self) -> Iterator[tuple[int, int]]:
        for begin, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True):
            if end > begin:
                yield begin, end

    def _position(self, row: int) -> int:
        """Where in the file the list that starts at `row` starts: its vectors, then its ids."""
        return self._start + row * (4 * self.width + 8)

    def _read(self, count: int, dtype: str) -> Array:
        data = self._file.read(count)
        if len(data) != count:
            raise VoiceFileError("truncated", "The index file became shorter while it was read.")
        return np.frombuffer(data, dtype)


def read_index(path: Path, *, width: int | None = None) -> IndexData:
    """A stranger's index file in memory, once. `convert_index` of rvc.voicefile.ingest needs less for large ones."""
    with path.open("rb") as file:
        reader = IndexReader(file, width=width)
        ids = reader.ids()
        vectors = np.empty((reader.count, reader.width), "<f4")
        row = 0
        for block in reader.blocks():
            vectors[row : row + len(block)] = block
            row += len(block)
    return IndexData(reader.centroids, vectors, ids, reader.offsets, reader.nprobe)


def write_index(data: IndexData, path: Path) -> None:
    """Store an index as safetensors."""
    _write(path, data, data.vectors.shape, iter([data.vectors]))


def copy_index(source: Path, target: Path, *, width: int | None = None) -> dict[str, int]:
    """Read a stranger's index and store it, a block at a time. Returns the counts of what it holds."""
    with source.open("rb") as file:
        reader = IndexReader(file, width=width)
        table = IndexData(reader.centroids, np.empty(0), reader.ids(), reader.offsets, reader.nprobe)
        _write(target, table, (reader.count, reader.width), reader.blocks())
    counts = {"vectors": reader.count, "width": reader.width, "lists": len(reader.centroids)}
    return {**counts, "nprobe": reader.nprobe}


def _write(path: Path, table: IndexData, shape: tuple[int, ...], vectors: Iterator[Array]) -> None:
    small = {"ids": table.ids, "offsets": table.offsets, "centroids": table.centroids}
    specs = {name: safetensors.Spec(array.dtype, array.shape) for name, array in small.items()}
    specs["vectors"] = safetensors.Spec(np.dtype("<f4"), shape)
    safetensors.write_blocks(path, specs, {NPROBE_KEY: str(table.nprobe)}, chain(small.values(), vectors))


def open_stored_index(path: Path) -> IndexData:
    """An index that `write_index` stored; the arrays are views of the mapped file, nothing is copied.

    Raises VoiceFileError("damaged") when the file is missing or is not as it was written.
    """
    try:
        metadata, arrays = safetensors.read(path)
        data = IndexData(nprobe=int(metadata[NPROBE_KEY]), **arrays)
        fits = data.offsets[-1] == len(data.vectors) == len(data.ids) and data.centroids.shape[1] == data.width
    except (VoiceFileError, OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise _damaged() from error
    if not fits or len(data.offsets) != len(data.centroids) + 1:
        raise _damaged()
    return data


def _damaged() -> VoiceFileError:
    return VoiceFileError("damaged", "The stored index is missing or damaged; add its file again.")


def _unsupported(detail: str) -> VoiceFileError:
    return VoiceFileError("unsupported_index", f"This index cannot be used: {detail}.")


def _inconsistent(detail: str) -> VoiceFileError:
    return VoiceFileError("inconsistent_index", f"The index file is damaged: {detail} does not fit.")


def _non_finite() -> VoiceFileError:
    return VoiceFileError("non_finite", "The index holds values that are not numbers.")
