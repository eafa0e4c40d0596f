"""Retrieval: vectors of the voice's own recordings that are nearest to the content features, and their blend.

The search equals that of an IVF-Flat index (Johnson 1702.08734), the weighting the reference's (section 4).
"""

import faiss
import numpy as np
from numpy.typing import NDArray

from rvc.errors import VoiceFileError
from rvc.voicefile.index import IndexData

NEIGHBOURS = 8
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
        distances = np.full((len(features), lists.shape[1] * NEIGHBOURS), np.inf)
        rows = np.full(distances.shape, -1, np.int64)
        for number in np.unique(lists):
            first, last = (int(edge) for edge in self.index.offsets[number : number + 2])
            asking, probe = np.nonzero(lists == number)
            vectors, queries = self.index.vectors[first:last].astype(np.float64), features[asking].astype(np.float64)
            # |v|² − 2qv orders as the distance does; in doubles nothing is lost to cancellation.
            scores = np.square(vectors).sum(1) - 2 * queries @ vectors.T
            nearest = np.argsort(scores, axis=1, kind="stable")[:, :NEIGHBOURS]
            slots = probe[:, None] * NEIGHBOURS + np.arange(nearest.shape[1])
            distances[asking[:, None], slots] = np.take_along_axis(scores, nearest, 1)
            rows[asking[:, None], slots] = nearest + first
        order = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        return np.take_along_axis(rows, order, 1)

    def blend(self, features: FloatArray, rate: float) -> FloatArray:
        """rate · retrieved + (1 − rate) · features, (T, D) each; rate 0..1."""
        distances, rows = self.search(features)
        found = self.index.vectors[np.maximum(rows, 0)]
        retrieved = np.einsum("tk,tkd->td", neighbour_weights(distances), found)
        return np.asarray(rate * retrieved + (1 - rate) * features, np.float32)


def neighbour_weights(distances: FloatArray) -> FloatArray:
    """(1/d)², normalised to 1, of squared distances (T, 8); distance 0 takes the whole weight, empty slots none."""
    exact = distances <= 0
    with np.errstate(divide="ignore"):
        weights = np.where(exact.any(1, keepdims=True), exact, 1 / np.square(distances, dtype=np.float64))
    weights[distances >= EMPTY_DISTANCE] = 0
    total = weights.sum(1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1), np.float32)
