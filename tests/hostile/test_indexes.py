"""H5, H23–H28: what every hostile index is answered with, and that no other file was touched."""

import time

import pytest

from rvc import sandbox
from rvc.errors import VoiceFileError
from rvc.voicefile.index import read_index
from tests.hostile.make_indexes import CANARY, MAKERS, make
from tests.hostile.registry import marker

ANSWERS: dict[str, dict[str, tuple[str, ...]]] = {
    "H5": {"exec_raw.index": ("unsupported_index",)},
    "H23": {"ondisk_other_file.index": ("unsupported_index",)},
    "H24": {
        "ntotal_huge.index": ("declared_size",),
        "ntotal_neg.index": ("declared_size",),
        "ntotal_off1.index": ("inconsistent_index",),
        "tail.index": ("inconsistent_index",),
        "lists_huge.index": ("inconsistent_index",),
        "centroids_huge.index": ("truncated",),
        "list_sizes.index": ("inconsistent_index",),
        "list_count.index": ("inconsistent_index",),
        "repeated_ids.index": ("inconsistent_index",),
    },
    "H25": {
        "d_huge.index": ("wrong_dimension",),
        "wrong_dim.index": ("wrong_dimension",),
        "other_version.index": ("wrong_dimension",),
    },
    "H26": {
        "flat.index": ("unsupported_index",),
        "hnsw.index": ("unsupported_index",),
        "untrained.index": ("unsupported_index",),
        "empty.index": ("unsupported_index",),
        "html.index": ("unsupported_index",),
        "npy_obj.index": ("unsupported_index",),
    },
    "H27": {"nan.index": ("non_finite",)},
    "H28": {
        "trunc_0.index": ("empty_file",),
        "trunc_1.index": ("unsupported_index",),
        "trunc_3.index": ("unsupported_index",),
        **{f"trunc_{length}.index": ("truncated", "inconsistent_index") for length in (100, 0.1, 0.5, -1)},
    },
}
CASES = [(row, name, codes) for row, answers in ANSWERS.items() for name, codes in answers.items()]
DIED = ("died", "The child died.")


def test_every_hostile_index_has_its_answer():
    assert {name for _, name, _ in CASES} == set(MAKERS)


@pytest.mark.parametrize(("row", "name", "codes"), CASES)
def test_indexes(tmp_path, row, name, codes):
    path = make(name, tmp_path)
    began = time.process_time()
    with pytest.raises(VoiceFileError) as caught:
        read_index(path, width=768)
    assert caught.value.code in codes
    assert time.process_time() - began < 2
    assert not marker(path).exists()
    assert caught.value.message.endswith(".")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "name", [f"{part}.index" for part in ("ntotal_huge", "d_huge", "centroids_huge", "list_sizes")]
)
def test_index_bombs(tmp_path, name):
    path = make(name, tmp_path)
    facts = sandbox.run(
        "tests.hostile.children:measured",
        {"function": "convert_index", "source": str(path), "target": str(tmp_path / "index.safetensors")},
        limits=sandbox.Limits(memory_bytes=512 << 20),
        died=DIED,
    )
    assert facts["code"] in dict(case[1:] for case in CASES)[name]
    assert facts["memory_mib"] < 50


def test_ondisk_lists_touch_no_other_file(tmp_path):
    path = make("ondisk_other_file.index", tmp_path)
    canary = tmp_path / CANARY
    assert canary.exists()
    target = str(tmp_path / "index.safetensors")
    arguments = {"function": "convert_index", "source": str(path), "target": target}
    assert set(sandbox.run("tests.hostile.children:opened_files", arguments, died=DIED)) == {str(path)}
    assert canary.stat().st_atime == 0
