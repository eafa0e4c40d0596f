"""Reading torch files as data: the same values torch reads, nothing else."""

import argparse
import collections
import enum
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rvc.errors import VoiceFileError
from rvc.voicefile.torchfile import FAIRSEQ_NAMES, TRUSTED, Inert, read_torch_file
from tests.rvc.golden import golden
from tests.rvc.voices import make_checkpoint, save

CONTAINERS = ("zip", "stream")
TYPES = (
    torch.float16,
    torch.float32,
    torch.float64,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)


def assert_same(ours: Any, theirs: Any) -> None:
    """Compare what we read with what torch.load gives, bit by bit."""
    if isinstance(theirs, torch.Tensor):
        theirs = theirs.detach()
        assert ours.dtype == theirs.numpy().dtype
        assert ours.shape == tuple(theirs.shape)
        assert ours.tobytes() == theirs.contiguous().numpy().tobytes()
    elif isinstance(theirs, dict):
        assert list(ours) == [key if isinstance(key, str) else f"#{key}" for key in theirs]
        for ours_value, value in zip(ours.values(), theirs.values(), strict=True):
            assert_same(ours_value, value)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for ours_value, value in zip(ours, theirs, strict=True):
            assert_same(ours_value, value)
    else:
        assert ours == theirs


def refused(path: Path, **options: Any) -> VoiceFileError:
    with pytest.raises(VoiceFileError) as caught:
        read_torch_file(path, **options)
    return caught.value


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_works(tmp_path, container):
    path = save(make_checkpoint(), tmp_path / "voice.pth", container)
    assert_same(read_torch_file(path), torch.load(path, weights_only=True))


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_reads_every_type_bit_by_bit(tmp_path, container):
    content = {str(kind): (torch.randn(3, 5) * 50).to(kind) for kind in TYPES}
    path = save({**content, "scalar": torch.tensor(7), "empty": torch.empty(0, 4)}, tmp_path / "a.pt", container)
    assert_same(read_torch_file(path), torch.load(path, weights_only=True))


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_widens_bfloat16_exactly(tmp_path, container):
    values = {"a": torch.randn(4, 3).bfloat16(), "scalar": torch.tensor(0.5).bfloat16()}
    found = read_torch_file(save(values, tmp_path / "a.pt", container))
    assert_same(found, {name: value.float() for name, value in values.items()})


def test_its_arrays_are_views_nobody_can_write(tmp_path):
    found = read_torch_file(save({"a": torch.ones(4)}, tmp_path / "a.pt"))["a"]
    assert found.base is not None
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2


@pytest.mark.parametrize(
    "name", ["tiny_v2_40k_f0.pth", "tiny_v1_40k_f0.pth", "tiny_v2_40k_nof0.pth", "tiny_hubert.pt", "tiny_rmvpe.pt"]
)
def test_it_reads_the_golden_files_as_torch_does(name):
    assert_same(read_torch_file(golden(name)), torch.load(golden(name), weights_only=True))


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_reads_a_plain_state_dict_of_a_module(tmp_path, container):
    network = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 3), torch.nn.BatchNorm1d(3))
    path = save(network.state_dict(), tmp_path / "a.pt", container)  # carries torch's _metadata attribute
    assert_same(read_torch_file(path), torch.load(path, weights_only=True))


def test_it_reads_parameters_and_shared_storages(tmp_path):
    whole = torch.arange(12.0)
    path = save({"a": torch.nn.Parameter(whole[:6]), "b": whole[6:]}, tmp_path / "a.pt")
    assert_same(read_torch_file(path), torch.load(path, weights_only=True))


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_reads_a_training_checkpoint_with_its_optimizer(tmp_path, container):
    network = torch.nn.Linear(2, 3)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    content = {
        "model": network.state_dict(),
        "iteration": 5,
        "optimizer": optimizer.state_dict(),
        "learning_rate": 1e-4,
    }
    path = save(content, tmp_path / "G_5.pth", container)
    assert_same(read_torch_file(path), torch.load(path, weights_only=True))


def test_it_reads_applios_fields(tmp_path):
    fields = {
        "epoch": 70000,
        "step": 2**33,
        "loss": -0.25,
        "f0": True,
        "sr": 40000,
        "overtrain_info": "x" * 200_000,
        "nothing": None,
        "names": ("ä", "b"),
    }
    path = save(collections.OrderedDict(fields), tmp_path / "a.pth")
    assert read_torch_file(path) == fields


def test_transposed_tensors_are_for_trusted_files_only(tmp_path):
    path = save({"a": torch.arange(12.0).reshape(3, 4).T}, tmp_path / "a.pt")
    assert refused(path).code == "bad_container"
    assert_same(read_torch_file(path, limits=TRUSTED), torch.load(path, weights_only=True))


def test_tensors_that_unfold_to_more_than_the_file_are_for_trusted_files_only(tmp_path):
    shared = torch.ones(50_000)
    path = save({"a": shared[:], "b": shared[:]}, tmp_path / "a.pt")
    assert refused(path).code == "aliased_storage"
    assert_same(read_torch_file(path, limits=TRUSTED), torch.load(path, weights_only=True))


def pretend(monkeypatch: pytest.MonkeyPatch, kind: type) -> type:
    """Make the module a class says it is from, so that pickle can name it; nobody here has that module."""
    parts = kind.__module__.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name) or types.ModuleType(name))
    monkeypatch.setattr(sys.modules[kind.__module__], kind.__name__, kind, raising=False)
    return kind


def foreign(monkeypatch: pytest.MonkeyPatch, module: str, name: str, **state: Any) -> Any:
    """An object of a class that does not exist here."""
    made = pretend(monkeypatch, type(name, (), {"__module__": module}))()
    made.__dict__.update(state)
    return made


def fairseq_content(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The shape of a HuBERT file of fairseq 0.10 and later: weights among objects of many classes."""
    choices = enum.Enum("Choices", "C10D", module="fairseq.dataclass.constants", qualname="Choices")
    pretend(monkeypatch, choices)
    facts = {"ref_type": Any, "object_type": dict, "key_type": int, "optional": True}
    metadata = foreign(monkeypatch, "omegaconf.base", "ContainerMetadata", **facts)
    config = foreign(monkeypatch, "omegaconf.dictconfig", "DictConfig", _metadata=metadata, _parent=None)
    config._content = {
        "lr": foreign(monkeypatch, "omegaconf.nodes", "AnyNode", _val=0.5, _parent=config),
        "ddp": choices.C10D,
    }
    words = {"symbols": ["<s>"], "count": [1], "indices": {"<s>": 0}}
    return {
        "args": argparse.Namespace(arch="hubert_base", lr=[0.0005]),
        "cfg": config,
        "model": collections.OrderedDict(a=torch.arange(4.0).half()),
        "optimizer_history": [{"num_updates": 7, "best": np.float64(1.5), "dtype": np.zeros(2)}],
        "task_state": {"dictionaries": [foreign(monkeypatch, "fairseq.data.dictionary", "Dictionary", **words)]},
        "extra_state": collections.defaultdict(dict, a={"b": 1}),
    }


@pytest.mark.parametrize("container", CONTAINERS)
def test_it_reads_a_fairseq_file_without_fairseq(tmp_path, container):
    with pytest.MonkeyPatch.context() as monkeypatch:
        path = save(fairseq_content(monkeypatch), tmp_path / "hubert_base.pt", container)
    found = read_torch_file(path, inert=FAIRSEQ_NAMES)
    np.testing.assert_array_equal(found["model"]["a"], np.arange(4, dtype=np.float16))
    assert found["args"] == Inert("argparse.Namespace")
    assert found["cfg"] == Inert("omegaconf.dictconfig.DictConfig")
    assert found["optimizer_history"][0]["num_updates"] == 7
    assert found["extra_state"] == Inert("collections.defaultdict")
    assert not {"fairseq", "omegaconf"} & set(sys.modules)


def test_foreign_classes_are_refused_unless_named(tmp_path):
    path = save({"args": argparse.Namespace(a=1), "model": {}}, tmp_path / "a.pt")
    error = refused(path)
    assert error.code == "forbidden_content"
    assert "argparse.Namespace" in error.message
    assert read_torch_file(path, inert=frozenset({"argparse.Namespace"}))["args"] == Inert("argparse.Namespace")


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty_file", "empty"),
        (b"\x80\x02\x8a", "not_a_checkpoint", "something else"),
        (b"<!DOCTYPE html><title>Sign in</title>", "not_a_checkpoint", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "not_a_checkpoint", "a Git LFS pointer"),
        (b"RIFF....WAVE", "not_a_checkpoint", "a recording"),
        (b"PK\x03\x04", "bad_container", "damaged"),
        (b"\x80\x02\x8a\x0a", "bad_container", "damaged"),
    ],
)
def test_it_says_what_another_file_seems_to_be(tmp_path, data, code, words):
    path = tmp_path / "a.pth"
    path.write_bytes(data)
    error = refused(path)
    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_cut_anywhere_is_a_bad_container(tmp_path, container):
    data = save(make_checkpoint(), tmp_path / "a.pth", container).read_bytes()
    cut = tmp_path / "cut.pth"
    for length in [4, 30, *range(100, len(data), len(data) // 23), len(data) - 1]:
        cut.write_bytes(data[:length])
        assert refused(cut).code == "bad_container", length
