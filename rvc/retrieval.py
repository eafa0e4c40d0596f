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
        distances = np.full((len(features), lists.shape[1] * NEIGHBOURS), EMPTY_DISTANCE, np.float32)
        rows = np.full(distances.shape, -1, np.int64)
        for number in np.unique(lists):
            self._search_list(int(number), features, lists, (distances, rows))
        order = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        return np.take_along_axis(distances, order, 1), np.take_along_axis(rows, order, 1)

    def _search_list(
        self, number: int, features: FloatArray, lists: IntArray, found: tuple[FloatArray, IntArray]
    ) -> None:
        """Fill in the neighbours that one list holds for the features that probe it."""
        first, last = (int(edge) for edge in self.index.offsets[number : number + 2])
        if first == last:
            return
        vectors = np.ascontiguousarray(self.index.vectors[first:last], np.float32)
        asking, probe = np.nonzero(lists == number)
        distances = np.square(features[asking, None] - vectors).sum(2)  # (asking, list) squared
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        slots = probe[:, None] * NEIGHBOURS + np.arange(nearest.shape[1])
        found[0][asking[:, None], slots] = np.take_along_axis(distances, nearest, 1)
        found[1][asking[:, None], slots] = nearest + first

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
