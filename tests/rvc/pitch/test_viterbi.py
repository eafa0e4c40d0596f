"""Path decoding in pieces against decoding at once, written plainly."""

import numpy as np
import pytest

from rvc.pitch.viterbi import Viterbi


def plain(transition, log_likelihood):
    """The textbook: all frames, all states, then back from the best end."""
    step = np.log(transition + np.finfo(np.float32).tiny)
    score, before = log_likelihood[0].astype(float), []
    for row in log_likelihood[1:]:
        arriving = score[:, None] + step
        before.append(arriving.argmax(axis=0))
        score = arriving.max(axis=0) + row
    path = [int(score.argmax())]
    for states in reversed(before):
        path.insert(0, int(states[path[0]]))
    return np.array(path)


def near(states, reach):
    bins = np.arange(states)
    weights = np.maximum(reach - np.abs(bins[:, None] - bins), 0)
    return weights / weights.sum(axis=1, keepdims=True)


def in_pieces(decoder, rows, size):
    parts = [decoder.push(rows[start : start + size]) for start in range(0, len(rows), size)]
    return np.concatenate([*parts, decoder.finish()]), [len(part) for part in parts]


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_pieces_of_any_size_give_the_path_of_the_whole(size):
    rows = np.random.default_rng(3).normal(size=(300, 20)) * 2
    path, _ = in_pieces(Viterbi(near(20, 4)), rows, size)
    assert np.array_equal(path, plain(near(20, 4), rows))


def test_frames_become_final_while_others_are_still_to_come():
    rows = np.random.default_rng(4).normal(size=(2000, 20)) * 3
    _, given = in_pieces(Viterbi(near(20, 6)), rows, 50)
    assert sum(given) > 1800
    assert max(given) < 400


def test_what_never_meets_is_held_only_for_so_long():
    """All states alike, no way from one to another: no path is ever better."""
    decoder = Viterbi(np.eye(5), longest=100)
    path, given = in_pieces(decoder, np.zeros((1000, 5)), 10)
    assert len(path) == 1000
    assert (path == path[0]).all()
    assert sum(given) > 800


def test_nothing_in_nothing_out():
    decoder = Viterbi(near(4, 2))
    assert decoder.push(np.zeros((0, 4))).shape == (0,)
    assert decoder.finish().shape == (0,)
