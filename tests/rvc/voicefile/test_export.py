"""Voices and indexes on their way out: torch and faiss open them, and nothing is lost on the way round."""

import faiss
import numpy as np
import pytest
import torch

from rvc.voicefile.export import _value, index_file, pth_file
from rvc.voicefile.index import open_stored_index, read_index, write_index
from rvc.voicefile.ingest import convert_index, convert_voice
from rvc.voicefile.limits import UPLOAD
from rvc.voicefile.pickles import Machine
from rvc.voicefile.voice import open_stored_voice, read_voice
from tests.base import GOLDEN
from tests.rvc.indexes import build_index, make_index
from tests.rvc.voices import SHALLOW, make_voice

VOICES = {
    "v2": {},
    "v1 without pitch": {"version": "v1", "f0": False},
    "speakers": {"speakers": 5},
    "applio": {"metadata": {"epoch": 300, "author": "Zoë “Z”", "embedder_model": "contentvec", "vocoder": "HiFi-GAN"}},
    "numbers": {"metadata": {"step": 2**40, "loss": -0.25, "below": -7, "large": 70000, "pitchy": True, "sr": 40000}},
    "MRF": {"vocoder": "MRF HiFi-GAN"},
    "whisper": {"feature_width": 512, "metadata": {"embedder_model": "whisper-base"}},
}


def stored(path, **options):
    """A voice as it lies in storage."""
    make_voice(path / "sent.pth", **SHALLOW, **options)
    convert_voice(str(path / "sent.pth"), str(path / "stored.safetensors"))
    return open_stored_voice(path / "stored.safetensors")


def written(export, path):
    path.write_bytes(b"".join(export.pieces()))
    assert path.stat().st_size == export.size
    return path


@pytest.mark.parametrize("name", VOICES)
def test_a_voice_comes_back_bit_identical(tmp_path, name):
    voice = stored(tmp_path, **VOICES[name])
    path = written(pth_file(voice), tmp_path / "out.pth")
    convert_voice(str(path), str(tmp_path / "again.safetensors"))
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "stored.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["tiny_applio_refinegan_32k", "tiny_v1_40k_f0"])
def test_voices_of_other_programs_come_back_bit_identical(tmp_path, name):
    sent = GOLDEN / f"{name}.pth"
    convert_voice(str(sent), str(tmp_path / "stored"))
    path = written(pth_file(open_stored_voice(tmp_path / "stored")), tmp_path / "out.pth")
    convert_voice(str(path), str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (tmp_path / "stored").read_bytes()
    opened, known = (torch.load(file, weights_only=True) for file in (path, sent))
    assert set(opened) - set(known) <= {"info", "vocoder"}
    assert set(opened["weight"]) == set(known["weight"])


def test_torch_opens_it_with_weights_only(tmp_path):
    voice = stored(tmp_path, metadata={"author": "Zoë"})
    path = written(pth_file(voice), tmp_path / "out.pth")
    opened = torch.load(path, weights_only=True)
    sent = torch.load(tmp_path / "sent.pth", weights_only=True)
    assert list(opened)[:2] == ["weight", "config"]
    assert {"weight", "config", "info", "sr", "f0", "version", "vocoder", "author"} == set(opened)
    assert {key: opened[key] for key in ("info", "sr", "f0", "version", "author")} == {
        key: sent[key] for key in ("info", "sr", "f0", "version", "author")
    }
    assert opened["config"][:-3] == sent["config"][:-3]
    for key, tensor in sent["weight"].items():
        assert opened["weight"][key].dtype == tensor.dtype
        assert torch.equal(opened["weight"][key], tensor)


def test_torch_maps_it_too(tmp_path):
    path = written(pth_file(stored(tmp_path)), tmp_path / "out.pth")
    mapped = torch.load(path, weights_only=True, mmap=True)["weight"]["emb_g.weight"]
    assert torch.equal(mapped, torch.load(tmp_path / "sent.pth", weights_only=True)["weight"]["emb_g.weight"])
    assert mapped.data_ptr() % 64 == 0


def test_full_precision_stays(tmp_path):
    content = torch.load(make_voice(tmp_path / "half.pth", **SHALLOW), weights_only=True)
    content["weight"] = {name: tensor.float() / 3 for name, tensor in content["weight"].items()}
    torch.save(content, tmp_path / "full.pth")
    voice = read_voice(tmp_path / "full.pth")
    again = read_voice(written(pth_file(voice), tmp_path / "out.pth"))
    assert again.header == voice.header
    assert all(np.array_equal(again.tensors[name], array) for name, array in voice.tensors.items())
    assert again.tensors["emb_g.weight"].dtype == np.float32


def test_fields_every_classic_file_has_are_added(tmp_path):
    content = torch.load(make_voice(tmp_path / "a.pth", **SHALLOW), weights_only=True)
    del content["info"], content["sr"]
    torch.save(content, tmp_path / "b.pth")
    opened = torch.load(written(pth_file(read_voice(tmp_path / "b.pth")), tmp_path / "out.pth"), weights_only=True)
    assert (opened["info"], opened["sr"], opened["f0"], opened["version"]) == (None, "40k", 1, "v2")


def test_the_same_voice_gives_the_same_bytes(tmp_path):
    voice = stored(tmp_path)
    assert b"".join(pth_file(voice).pieces()) == b"".join(pth_file(voice).pieces())


@pytest.mark.parametrize(
    "value", [None, "", "é", 0, 255, 256, 65536, -1, -(2**31), 2**31, 2**53, -(2**53), 0.1, True, False, [1, ["a", []]]]
)
def test_values_are_read_as_written(value):
    machine = Machine(b"\x80\x02" + _value(value) + b".", None, limits=UPLOAD)
    found = machine.run()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("lists", [1, 4, 40])
def test_an_index_comes_back_bit_identical(tmp_path, lists):
    make_index(tmp_path / "sent.index", width=256, vectors=300, lists=lists, nprobe=1)
    convert_index(str(tmp_path / "sent.index"), str(tmp_path / "stored"))
    path = written(index_file(open_stored_index(tmp_path / "stored")), tmp_path / "out.index")
    convert_index(str(path), str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (tmp_path / "stored").read_bytes()
    assert path.read_bytes() == (tmp_path / "sent.index").read_bytes()


def test_faiss_finds_the_same_in_it(tmp_path):
    index = build_index(width=768, vectors=700, lists=7)
    index.nprobe = 3
    faiss.write_index(index, str(tmp_path / "sent.index"))
    write_index(read_index(tmp_path / "sent.index"), tmp_path / "stored")
    path = written(index_file(open_stored_index(tmp_path / "stored")), tmp_path / "out.index")
    opened = faiss.read_index(str(path))
    wanted = np.random.default_rng(9).standard_normal((20, 768), dtype=np.float32)
    for found, known in zip(opened.search(wanted, 8), index.search(wanted, 8), strict=True):
        assert np.array_equal(found, known)
    opened.make_direct_map()
    index.make_direct_map()
    assert np.array_equal(opened.reconstruct_n(0, 700), index.reconstruct_n(0, 700))
    assert (opened.ntotal, opened.nprobe, opened.nlist) == (700, 3, 7)


def test_an_index_with_empty_lists(tmp_path):
    index = build_index(width=256, vectors=50, lists=40)
    index.reset()
    index.add(np.zeros((5, 256), np.float32))
    faiss.write_index(index, str(tmp_path / "sent.index"))
    path = written(index_file(read_index(tmp_path / "sent.index")), tmp_path / "out.index")
    assert faiss.read_index(str(path)).ntotal == 5
