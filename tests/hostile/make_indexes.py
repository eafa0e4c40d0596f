"""Hostile index files, each with one fault: `make(name, folder)` writes one, `MAKERS` has them all."""

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from tests.hostile.code_checkpoints import touching
from tests.rvc.indexes import build_index

WIDTH = 768
WIDTH_AT, COUNT_AT, LISTS_AT, CENTROIDS_AT = 4, 8, 37, 90
CANARY = "canary_of_another_user"


def serialized(index: Any) -> bytes:
    return bytes(faiss.serialize_index(index))


def good() -> bytes:
    return serialized(build_index())


def changed(position: int, layout: str, value: Any) -> bytes:
    """A good index with one number replaced."""
    data = bytearray(good())
    struct.pack_into(layout, data, position, value)
    return bytes(data)


def cut(length: int | float) -> Callable[[], bytes]:
    return lambda: good()[: int(length * len(good())) if isinstance(length, float) else length]


def flat() -> bytes:
    index = faiss.IndexFlatL2(WIDTH)
    index.add(np.ones((10, WIDTH), np.float32))
    return serialized(index)


def empty() -> bytes:
    index = build_index()
    index.reset()
    return serialized(index)


def nan() -> bytes:
    data = good()
    return data[:-10_000] + struct.pack("<f", float("nan")) * 250 + data[-9_000:]


def lists_before(offset: int, layout: str, value: Any) -> bytes:
    """A good index with a number changed that lies `offset` bytes after the mark of its lists."""
    return changed(good().index(b"ilar") + offset, layout, value)


def repeated_ids() -> bytes:
    data = good()
    return data[:-16] + data[-8:] * 2


def ondisk_other_file(path: Path) -> None:
    """Lists that lie in another file, which the uploader chose; faiss maps it."""
    canary = path.with_name(CANARY)
    index = build_index()
    lists = faiss.OnDiskInvertedLists(index.nlist, index.code_size, str(canary))
    index.replace_invlists(lists)
    index.add(np.ones((500, WIDTH), np.float32))
    path.write_bytes(serialized(index))
    canary.write_bytes(b"SECRET--" * 4000)
    os.utime(canary, (0, 0))


def exec_raw(path: Path) -> None:
    path.write_bytes(pickle.dumps(touching(path), 2))


BYTES: dict[str, Callable[[], bytes]] = {
    "ntotal_huge.index": lambda: changed(COUNT_AT, "<q", 2**62),
    "ntotal_neg.index": lambda: changed(COUNT_AT, "<q", -1),
    "ntotal_off1.index": lambda: changed(COUNT_AT, "<q", 501),
    "tail.index": lambda: good() + b"A" * 1000,
    "lists_huge.index": lambda: changed(LISTS_AT, "<Q", 2**60),
    "centroids_huge.index": lambda: changed(CENTROIDS_AT, "<Q", 2**60),
    "list_sizes.index": lambda: lists_before(4 + 8 + 8 + 4 + 8, "<Q", 2**63),
    "list_count.index": lambda: lists_before(4, "<Q", 2**40),
    "repeated_ids.index": repeated_ids,
    "d_huge.index": lambda: changed(WIDTH_AT, "<i", 2**31 - 1),
    "wrong_dim.index": lambda: serialized(build_index(width=64)),
    "other_version.index": lambda: serialized(build_index(width=256)),
    "flat.index": flat,
    "hnsw.index": lambda: serialized(faiss.index_factory(WIDTH, "HNSW8,Flat")),
    "untrained.index": lambda: serialized(faiss.index_factory(WIDTH, "IVF4,Flat")),
    "empty.index": empty,
    "nan.index": nan,
    "html.index": lambda: b"<!doctype html>" * 100,
    "npy_obj.index": lambda: b"\x93NUMPY\x01\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n",
    **{f"trunc_{length}.index": cut(length) for length in (0, 1, 3, 100, 0.1, 0.5, -1)},
}
MAKERS: dict[str, Callable[[Path], Any]] = {
    "exec_raw.index": exec_raw,
    "ondisk_other_file.index": ondisk_other_file,
    **{name: lambda path, data=data: path.write_bytes(data()) for name, data in BYTES.items()},
}


def make(file_name: str, folder: Path) -> Path:
    """Write the hostile file called `file_name` into the folder."""
    path = folder / file_name
    MAKERS[file_name](path)
    return path
