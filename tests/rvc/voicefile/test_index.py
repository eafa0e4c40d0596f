"""Index files: the same vectors faiss sees, and no more memory than a block of them."""

import tracemalloc
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from safetensors.numpy import load_file

from rvc.errors import VoiceFileError
from rvc.voicefile.index import IndexData, copy_index, open_stored_index, read_index, write_index
from tests.rvc.golden import golden
from tests.rvc.indexes import build_index, make_index, reconstructed


def by_number(data: IndexData) -> np.ndarray:
    vectors = np.empty_like(data.vectors)
    vectors[data.ids] = data.vectors
    return vectors


def refused(path: Path, **options: Any) -> VoiceFileError:
    with pytest.raises(VoiceFileError) as caught:
        read_index(path, **options)
    return caught.value


def test_it_works(tmp_path):
    path = make_index(tmp_path / "a.index", vectors=300, lists=7, nprobe=2)
    data = read_index(path, width=768)
    assert (data.width, data.nprobe) == (768, 2)
    assert (data.centroids.shape, data.vectors.shape, data.ids.shape) == ((7, 768), (300, 768), (300,))
    np.testing.assert_array_equal(by_number(data), reconstructed(path))


@pytest.mark.parametrize(("name", "width"), [("tiny_768.index", 768), ("tiny_256.index", 256)])
def test_it_reads_the_golden_indexes_as_faiss_does(name, width):
    data = read_index(golden(name), width=width)
    assert (data.width, data.nprobe, len(data.centroids)) == (width, 1, 11)
    np.testing.assert_array_equal(by_number(data), reconstructed(golden(name)))


def test_every_vector_lies_in_the_list_of_its_nearest_centroid(tmp_path):
    data = read_index(make_index(tmp_path / "a.index", width=256, lists=5))
    for number in range(5):
        rows = data.vectors[data.offsets[number] : data.offsets[number + 1]]
        distances = ((rows[:, None] - data.centroids[None]) ** 2).sum(-1)
        assert (distances.argmin(1) == number).all()


@pytest.mark.parametrize("way", ["copied", "written"])
def test_a_stored_index_is_the_index(tmp_path, way):
    path, target = make_index(tmp_path / "a.index", nprobe=3), tmp_path / "a.safetensors"
    data = read_index(path)
    if way == "copied":
        assert copy_index(path, target) == {"vectors": 500, "width": 768, "lists": 4, "nprobe": 3}
    else:
        write_index(data, target)
    stored = open_stored_index(target)
    assert (stored.nprobe, stored.width) == (3, 768)
    for name in ("centroids", "vectors", "ids", "offsets"):
        array = getattr(stored, name)
        assert not array.flags.owndata
        assert array.flags.aligned
        np.testing.assert_array_equal(array, getattr(data, name))
        np.testing.assert_array_equal(array, load_file(target)[name])


def test_a_large_index_is_copied_block_by_block(tmp_path):
    path = make_index(tmp_path / "a.index", width=256, vectors=40_000, lists=2)
    assert path.stat().st_size > 40_000_000
    tracemalloc.start()
    copy_index(path, tmp_path / "a.safetensors")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20
    np.testing.assert_array_equal(by_number(open_stored_index(tmp_path / "a.safetensors")), reconstructed(path))


def test_an_index_with_empty_cells_is_read(tmp_path):
    index = build_index(width=256, vectors=50, lists=5)
    index.reset()
    index.add(np.ones((3, 256), np.float32))
    faiss.write_index(index, str(tmp_path / "a.index"))
    data = read_index(tmp_path / "a.index")
    assert sorted(np.diff(data.offsets)) == [0, 0, 0, 0, 3]
    np.testing.assert_array_equal(data.vectors, np.ones((3, 256)))


def test_an_index_saved_with_its_map_is_read(tmp_path):
    index = build_index(width=256)
    index.make_direct_map()
    faiss.write_index(index, str(tmp_path / "a.index"))
    np.testing.assert_array_equal(by_number(read_index(tmp_path / "a.index")), index.reconstruct_n(0, 500))


def test_an_index_of_another_width_is_refused(tmp_path):
    error = refused(make_index(tmp_path / "a.index", width=256), width=768)
    assert error.code == "wrong_dimension"
    assert "256" in error.message
    assert "768" in error.message
    assert refused(make_index(tmp_path / "b.index", width=64)).code == "wrong_dimension"


def test_an_index_by_inner_product_is_refused(tmp_path):
    index = faiss.index_factory(256, "IVF2,Flat", faiss.METRIC_INNER_PRODUCT)
    values = np.random.default_rng(0).standard_normal((200, 256), dtype=np.float32)
    index.train(values)
    index.add(values)
    faiss.write_index(index, str(tmp_path / "a.index"))
    assert refused(tmp_path / "a.index").code == "unsupported_index"


def test_an_index_without_vectors_says_which_file_is_meant(tmp_path):
    index = build_index()
    index.reset()
    faiss.write_index(index, str(tmp_path / "trained.index"))
    error = refused(tmp_path / "trained.index")
    assert error.code == "unsupported_index"
    assert "added_" in error.message


@pytest.mark.parametrize("damage", ["missing", "cut", "nonsense", "voice"])
def test_a_damaged_stored_index_says_so(tmp_path, damage):
    path = tmp_path / "a.safetensors"
    copy_index(make_index(tmp_path / "a.index", width=256), path)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "voice":
        path.write_bytes(data.replace(b'"offsets"', b'"onsets"', 1).replace(b"onsets", b"offsetz"))
    else:
        path.write_bytes(data[:-1] if damage == "cut" else b"nonsense" * 10)
    with pytest.raises(VoiceFileError) as caught:
        open_stored_index(path)
    assert caught.value.code == "damaged"
