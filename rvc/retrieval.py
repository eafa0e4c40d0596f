"""Retrieval: vectors of the voice's own recordings that are nearest to the content features, and their blend.

The search equals that of an IVF-Flat index (Johnson 1702.08734), the weighting the reference's (section 4).
"""

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from rvc.errors import VoiceFileError
from rvc.voicefile.index import IndexData

NEIGHBOURS = 8
BLOCK_ROWS, BLOCK_QUERIES = 8192, 512
"""Vectors and features that are compared at once: a list of any length fits the memory."""
EMPTY_DISTANCE = float(np.finfo(np.float32).max)

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


class Retrieval:
    """Searches the arrays of one index where they lie; nothing is copied but the vectors that were found."""

    def __init__(self, index: IndexData) -> None:
        self.index = index
        self.centroids = np.ascontiguousarray(index.centroids, np.float32)
        self.nbytes = self.centroids.nbytes

    def check_width(self, width: int) -> None:
        """Raise VoiceFileError `wrong_dimension` unless the vectors have `width` values, as the voice's features do."""
        if self.index.width != width:
            raise VoiceFileError(
                "wrong_dimension",
                f"The index belongs to another voice: its vectors have {self.index.width} values, {width} are needed.",
            )

    def search(self, features: FloatArray) -> tuple[FloatArray, IntArray]:
        """features (T, D) -> squared distances (T, 8) ascending and rows of index.vectors (T, 8).

        Empty slots, where the probed lists hold fewer than 8 vectors, have row −1 and the largest float32 as distance.
        """
        features = np.ascontiguousarray(features, np.float32)
        _, lists = faiss.knn(features, self.centroids, min(self.index.nprobe, len(self.centroids)))
        rows = self._nearest_rows(features, lists)
        distances = np.square(features[:, None] - self.index.vectors[np.maximum(rows, 0)]).sum(2)
        distances[rows < 0] = EMPTY_DISTANCE
        order = np.argsort(distances, axis=1, kind="stable")
        return np.take_along_axis(distances, order, 1), np.take_along_axis(rows, order, 1)

    def _nearest_rows(self, features: FloatArray, lists: IntArray) -> IntArray:
        """Rows of the 8 nearest vectors in the lists (T, nprobe) that each feature probes, −1 for want of more."""
        best = _Best(len(features))
        for number in np.unique(lists):
            asking = np.flatnonzero((lists == number).any(1))
            first, last = (int(edge) for edge in self.index.offsets[number : number + 2])
            for start in range(first, last, BLOCK_ROWS):
                vectors = self.index.vectors[start : min(last, start + BLOCK_ROWS)].astype(np.float64)
                for some in np.array_split(asking, -(-len(asking) // BLOCK_QUERIES)):
                    best.offer(some, features[some].astype(np.float64), vectors, start)
        return best.rows

    def blend(self, features: FloatArray, rate: float) -> FloatArray:
        """rate · retrieved + (1 − rate) · features, (T, D) each; rate 0..1."""
        distances, rows = self.search(features)
        found = self.index.vectors[np.maximum(rows, 0)]
        retrieved = np.einsum("tk,tkd->td", neighbour_weights(distances), found)
        share = np.where((rows >= 0).any(1, keepdims=True), rate, 0.0)  # an empty list has nothing to blend in
        return np.asarray(share * retrieved + (1 - share) * features, np.float32)


class _Best:
    """The 8 nearest rows so far of every feature."""

    def __init__(self, features: int) -> None:
        self.scores = np.full((features, NEIGHBOURS), np.inf)
        self.rows = np.full((features, NEIGHBOURS), -1, np.int64)

    def offer(self, asking: IntArray, queries: NDArray[np.float64], vectors: NDArray[np.float64], first: int) -> None:
        """Compare some features with some vectors, which lie from row `first` on.

        |v|² − 2qv orders as the distance does; in doubles nothing is lost to cancellation.
        """
        products = (torch.from_numpy(queries) @ torch.from_numpy(vectors).T).numpy()  # in torch's threads, no others
        scores = np.square(vectors).sum(1) - 2 * products
        count = min(NEIGHBOURS, scores.shape[1])
        nearest = np.argpartition(scores, count - 1, axis=1)[:, :count]
        together = np.concatenate([self.scores[asking], np.take_along_axis(scores, nearest, 1)], axis=1)
        rows = np.concatenate([self.rows[asking], nearest + first], axis=1)
        order = np.argsort(together, axis=1, kind="stable")[:, :NEIGHBOURS]
        self.scores[asking] = np.take_along_axis(together, order, 1)
        self.rows[asking] = np.take_along_axis(rows, order, 1)


def neighbour_weights(distances: FloatArray) -> FloatArray:
    """(1/d)², normalised to 1, of squared distances (T, 8); distance 0 takes the whole weight, empty slots none."""
    exact = distances <= 0
    with np.errstate(divide="ignore"):
        weights = np.where(exact.any(1, keepdims=True), exact, 1 / np.square(distances, dtype=np.float64))
    weights[distances >= EMPTY_DISTANCE] = 0
    total = weights.sum(1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1), np.float32)
