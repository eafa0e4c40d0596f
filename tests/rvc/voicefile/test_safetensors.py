"""The safetensors format: written as the package writes it, read as hostile data."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from rvc.errors import VoiceFileError
from rvc.voicefile import safetensors

ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(path: Path, header: Any, data: bytes = bytes(8), *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def test_it_works(tmp_path):
    arrays = {
        "half": np.arange(5, dtype="<f2"),
        "single": np.ones((2, 3), "<f4"),
        "long": np.array(7, "<i8"),
        "empty": np.empty((0, 4), "<f4"),
        "bool": np.array([True, False]),
    }
    path = tmp_path / "a.safetensors"
    safetensors.write(path, arrays, {"name": "wörd"})
    metadata, found = safetensors.read(path)
    theirs = load_file(path)
    assert metadata == {"name": "wörd"}
    for name, array in arrays.items():
        assert found[name].dtype == theirs[name].dtype == array.dtype
        assert found[name].shape == theirs[name].shape == array.shape
        assert found[name].tobytes() == theirs[name].tobytes() == array.tobytes()


def test_it_reads_what_the_package_writes(tmp_path):
    tensors = {"a": torch.randn(3, 2), "b": torch.randn(4).bfloat16(), "c": torch.arange(3)}
    save_file(tensors, tmp_path / "a.safetensors")
    _, found = safetensors.read(tmp_path / "a.safetensors")
    for name, tensor in tensors.items():
        wide = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        np.testing.assert_array_equal(found[name], wide.numpy())


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"", "bad_container"),
        (b"\xff\xfe", "bad_container"),
        (b"[" * 100_000, "bad_container"),
        (b"[]", "bad_container"),
        (b'{"a":1,"a":2}', "duplicate_entry"),
        (b'{"a":' + b"9" * 10_000 + b"}", "bad_container"),
        ({"a": 1}, "bad_container"),
        ({"a": {**ENTRY, "dtype": "F8"}}, "bad_container"),
        ({"a": {**ENTRY, "dtype": ["F32"]}}, "bad_container"),
        ({"a": {**ENTRY, "shape": [-2]}}, "bad_container"),
        ({"a": {**ENTRY, "shape": [2.0]}}, "bad_container"),
        ({"a": {**ENTRY, "shape": [1] * 9}}, "bad_container"),
        ({"a": {**ENTRY, "shape": [2**62, 4]}}, "bad_container"),
        ({"a": {**ENTRY, "data_offsets": [8, 0]}}, "bad_container"),
        ({"a": {**ENTRY, "data_offsets": [4, 12]}}, "bad_container"),
        ({"a": ENTRY, "b": ENTRY}, "bad_container"),
        ({"a": {**ENTRY, "more": 1}}, "bad_container"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, "bad_container"),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, "truncated"),
        ({"__metadata__": {"a": 1}, "a": ENTRY}, "bad_container"),
        ({"__metadata__": [], "a": ENTRY}, "bad_container"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, header, code):
    with pytest.raises(VoiceFileError) as caught:
        safetensors.read(written(tmp_path / "a", header))
    assert caught.value.code == code


@pytest.mark.parametrize(("length", "code"), [(2**63, "bad_container"), (1 << 20, "truncated")])
def test_a_header_of_false_length_is_refused(tmp_path, length, code):
    with pytest.raises(VoiceFileError) as caught:
        safetensors.read(written(tmp_path / "a", {"a": ENTRY}, length=length))
    assert caught.value.code == code


def test_a_file_cut_anywhere_is_refused(tmp_path):
    safetensors.write(tmp_path / "a", {"a": np.ones(40, "<f4")}, {})
    data = (tmp_path / "a").read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(VoiceFileError) as caught:
            safetensors.read(tmp_path / "cut")
        assert caught.value.code in ("empty_file", "truncated")
