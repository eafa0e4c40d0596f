"""Retrieval against the reference's numbers and against faiss itself."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from rvc.errors import VoiceFileError
from rvc.retrieval import EMPTY_DISTANCE, Retrieval, neighbour_weights
from rvc.voicefile.index import IndexData, open_stored_index, read_index, write_index
from tests.rvc.golden import Arrays, golden


@pytest.fixture(params=[256, 768])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_it_finds_what_the_reference_finds(width: int) -> None:
    arrays, data = Arrays("retrieval.npz"), read_index(golden(f"tiny_{width}.index"))
    distances, rows = Retrieval(data).search(arrays[f"d{width}_feats"])
    found = np.where(rows >= 0, data.ids[np.maximum(rows, 0)], -1)
    np.testing.assert_array_equal(found, arrays[f"d{width}_ids"])
    np.testing.assert_allclose(distances, arrays[f"d{width}_dist"], rtol=1e-5)


def test_it_blends_as_the_reference(width: int) -> None:
    arrays, data = Arrays("retrieval.npz"), read_index(golden(f"tiny_{width}.index"))
    features = arrays[f"d{width}_feats"]
    np.testing.assert_allclose(Retrieval(data).blend(features, 1.0), arrays[f"d{width}_retrieved"], atol=1e-4)
    expected = 0.75 * arrays[f"d{width}_retrieved"] + 0.25 * features
    np.testing.assert_allclose(Retrieval(data).blend(features, 0.75), expected, atol=1e-4)


def test_a_stored_index_gives_the_same(tmp_path: Path) -> None:
    arrays, data = Arrays("retrieval.npz"), read_index(golden("tiny_256.index"))
    write_index(data, tmp_path / "index.safetensors")
    stored = Retrieval(open_stored_index(tmp_path / "index.safetensors"))
    np.testing.assert_array_equal(
        stored.blend(arrays["d256_feats"], 0.5), Retrieval(data).blend(arrays["d256_feats"], 0.5)
    )


@pytest.mark.parametrize("nprobe", [1, 3, 40])
def test_it_equals_faiss_with_any_nprobe(tmp_path: Path, nprobe: int) -> None:
    random = np.random.RandomState(1)
    vectors, queries = random.randn(900, 256).astype("f4"), random.randn(70, 256).astype("f4")
    index = faiss.index_factory(256, "IVF20,Flat")
    index.train(vectors)
    index.add(vectors)
    index.nprobe = nprobe
    faiss.write_index(index, str(tmp_path / "x.index"))
    data = read_index(tmp_path / "x.index")
    distances, rows = Retrieval(data).search(queries)
    expected_distances, expected_ids = index.search(queries, 8)
    np.testing.assert_array_equal(data.ids[rows], expected_ids)
    np.testing.assert_allclose(distances, expected_distances, rtol=1e-4)


def test_an_exact_hit_gives_that_vector() -> None:
    """The reference divides by zero here and the whole segment becomes NaN."""
    data = read_index(golden("tiny_256.index"))
    hit = np.array(data.vectors[17:18])
    np.testing.assert_allclose(Retrieval(data).blend(hit, 1.0), hit, atol=1e-6)


def test_weights_are_inverse_squares_of_squared_distances() -> None:
    distances = np.array([[1.0, 2.0, EMPTY_DISTANCE], [EMPTY_DISTANCE] * 3, [0.0, 0.0, 1.0]], np.float32)
    expected = [[0.8, 0.2, 0.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    np.testing.assert_allclose(neighbour_weights(distances), expected, atol=1e-6)


def test_another_voices_index_is_refused() -> None:
    with pytest.raises(VoiceFileError) as caught:
        Retrieval(read_index(golden("tiny_256.index"))).check_width(768)
    assert caught.value.code == "wrong_dimension"


def test_a_list_of_any_length_is_searched_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(2)
    vectors, queries = random.randn(500, 256).astype("f4"), random.randn(40, 256).astype("f4")
    data = IndexData(vectors[:1], vectors, np.arange(500), np.array([0, 500]), 1)
    whole = Retrieval(data).search(queries)
    monkeypatch.setattr("rvc.retrieval.BLOCK_ROWS", 7)
    monkeypatch.setattr("rvc.retrieval.BLOCK_QUERIES", 3)
    for expected, found in zip(whole, Retrieval(data).search(queries), strict=True):
        np.testing.assert_array_equal(expected, found)
    np.testing.assert_array_equal(whole[1], faiss.knn(queries, vectors, 8)[1])


def test_an_empty_list_leaves_the_features_alone() -> None:
    vectors = np.ones((3, 256), np.float32)
    data = IndexData(np.stack([vectors[0], -vectors[0]]), vectors, np.arange(3), np.array([0, 3, 3]), 1)
    features = np.full((2, 256), -2, np.float32)
    np.testing.assert_array_equal(Retrieval(data).blend(features, 1.0), features)
