"""The likeliest path through pitch bins, decoded while frames come in, so that hours need the memory of minutes."""

import numpy as np
from numpy.typing import NDArray

from rvc.pitch.track import FloatArray, IntArray

LONGEST = 30_000  # frames (5 minutes) held without the paths having met before the best one is taken
TINY = float(np.finfo(np.float32).tiny)


class Viterbi:
    """Viterbi decoding of a first-order chain whose first frame may be in any state.

    Going back from any state, the surviving paths meet after some frames; what lies before no later frame can change,
    so it is final. The result is the one of decoding everything at once.
    """

    def __init__(self, transition: FloatArray, longest: int = LONGEST) -> None:
        """transition: (S, S), from row to column; probabilities, or numbers in proportion to them."""
        self._step = np.log(transition.T + TINY)  # (to, from)
        self._score: FloatArray = np.zeros(len(transition))
        self._started = False
        self._back: list[NDArray[np.uint16]] = []  # for each pending frame, the state before each state
        self._longest = longest
        self._look_at = 0  # pending frames at which to look for a meeting next: seldom, while there is none

    def push(self, log_likelihood: FloatArray) -> IntArray:
        """(n, S) natural logarithms of n more frames -> the states of the frames that became final, possibly none."""
        for row in log_likelihood:
            self._advance(row)
        count = self._final()
        path = self._best_path()[:count]
        del self._back[:count]
        return path

    def finish(self) -> IntArray:
        """The states of the frames still pending; the decoder must not be used afterwards."""
        return self._best_path()

    def _advance(self, row: FloatArray) -> None:
        if self._started:
            arriving = self._step + self._score  # (to, from)
            before = arriving.argmax(axis=1)
            self._score = np.take_along_axis(arriving, before[:, None], axis=1)[:, 0] + row
        else:
            before = np.arange(len(row))  # of no use: no frame came before
            self._score = row.astype(np.float64)
            self._started = True
        self._back.append(before.astype(np.uint16))

    def _final(self) -> int:
        """How many of the pending frames no later frame can change."""
        pending = len(self._back)
        if pending >= self._look_at:
            settled = self._shared()
            self._look_at = 0 if settled else pending * 5 // 4
            if settled:
                return settled
        return pending // 2 if pending > self._longest else 0

    def _shared(self) -> int:
        """How many of the pending frames all surviving paths share."""
        states = np.arange(self._step.shape[0])
        for frame in range(len(self._back) - 1, -1, -1):
            if (states == states[0]).all():
                return frame + 1
            states = np.unique(self._back[frame][states])
        return 0

    def _best_path(self) -> IntArray:
        path = np.empty(len(self._back), np.int64)
        state = self._score.argmax()
        for frame in range(len(self._back) - 1, -1, -1):
            path[frame] = state
            state = self._back[frame][state]
        return path
