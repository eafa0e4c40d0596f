"""Cutting, padding and joining."""

import numpy as np
import pytest

from rvc.chunks import Cutting, Joiner, cut_points, padded, pieces

SHORT = Cutting(pad=1, query=1, center=1, longest=2)


def speech(seconds: float) -> np.ndarray:
    random = np.random.RandomState(4)
    return random.randn(int(seconds * 16000)) * (1 + np.sin(np.arange(int(seconds * 16000)) / 3000))


def test_short_recordings_are_not_cut() -> None:
    assert cut_points(speech(1.98), SHORT) == []
    assert cut_points(speech(40), Cutting()) == []


def test_it_cuts_at_the_quietest_place() -> None:
    """Against the reference's own way, which pads and sums over the whole recording."""
    wave = speech(7.3)
    energy = np.convolve(np.abs(np.pad(wave, 80, mode="reflect")), np.ones(160), "valid")[: len(wave)]
    expected = []
    for middle in range(16000, len(wave), 16000):
        stretch = energy[middle - 16000 : middle + 16000]
        expected.append((middle - 16000 + int(np.argmin(stretch))) // 160 * 160)
    assert cut_points(wave, SHORT) == expected


def test_silence_is_cut_where_the_references_sums_are_least() -> None:
    """In digital silence only the tail of the filter is left, far under the rounding of a running sum."""
    wave = speech(7.3)
    wave[20000:70000] *= np.exp(-np.arange(50000) / 500)
    padded_wave, energy = np.abs(np.pad(wave, 80, mode="reflect")), np.zeros(len(wave))
    for offset in range(160):
        energy += padded_wave[offset : offset + len(wave)]
    middles = range(16000, len(wave), 16000)
    expected = [m - 16000 + int(np.argmin(energy[m - 16000 : m + 16000])) for m in middles]
    assert cut_points(wave, SHORT) == [point // 160 * 160 for point in expected]


def test_pieces_cover_the_recording_once() -> None:
    parts = list(pieces(50000, [16000, 32000], 16000))
    assert [(p.start, p.stop) for p in parts] == [(0, 16000), (16000, 32000), (32000, 50000)]
    assert [(p.first, p.last) for p in parts] == [(0, 48160), (16000, 64160), (32000, 82000)]


@pytest.mark.parametrize(("n", "pad"), [(1000, 300), (50, 300), (2, 7), (1, 5), (400, 400)])
def test_padding_equals_numpys(n: int, pad: int) -> None:
    wave = np.random.RandomState(n).randn(n)
    expected = np.pad(wave, pad, mode="reflect")
    np.testing.assert_array_equal(padded(wave, pad, 0, n + 2 * pad), expected)
    np.testing.assert_array_equal(padded(wave, pad, pad // 2, n + pad), expected[pad // 2 : n + pad])


def test_cuts_shrink_to_what_an_encoder_takes() -> None:
    cutting = Cutting.within(30)
    assert cutting.longest + 2 * cutting.pad < 30
    assert cutting.center + 2 * cutting.query + 2 * cutting.pad < 30
    assert Cutting.within(None) == Cutting()


def test_joined_pieces_are_as_long_as_their_sum() -> None:
    target = np.full(1000, np.nan, np.float32)
    joiner = Joiner(target, 4000)
    joiner.write(0, np.ones(440, np.float32), 400)
    joiner.write(400, np.ones(640, np.float32), 600)
    np.testing.assert_allclose(target, 1.0)


def test_the_join_fades_from_one_piece_to_the_next() -> None:
    target = np.zeros(200, np.float32)
    joiner = Joiner(target, 4000)
    joiner.write(0, np.zeros(140, np.float32), 100)
    joiner.write(100, np.ones(100, np.float32), 100)
    assert (target[:100] == 0).all()
    assert (np.diff(target[100:140]) > 0).all()
    assert (target[140:] == 1).all()
