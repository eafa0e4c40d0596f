"""Retrieval indexes as the training programs write them."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np


def make_index(
    path: Path, *, width: int = 768, vectors: int = 500, lists: int = 4, nprobe: int = 1, seed: int = 0
) -> Path:
    """Write an IVF-Flat index of random vectors."""
    index = build_index(width=width, vectors=vectors, lists=lists, seed=seed)
    index.nprobe = nprobe
    faiss.write_index(index, str(path))
    return path


def build_index(*, width: int = 768, vectors: int = 500, lists: int = 4, seed: int = 0) -> Any:
    """The same as a faiss object."""
    values = np.random.default_rng(seed).standard_normal((vectors, width), dtype=np.float32)
    index = faiss.index_factory(width, f"IVF{lists},Flat")
    index.cp.min_points_per_centroid = 1
    index.train(values)
    index.add(values)
    return index


def reconstructed(path: Path) -> np.ndarray:
    """The vectors of an index file by their numbers, as faiss gives them."""
    index = faiss.read_index(str(path))
    index.make_direct_map()
    return np.asarray(index.reconstruct_n(0, index.ntotal))
