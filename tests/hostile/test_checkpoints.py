"""H1–H22, H28–H31: what every hostile checkpoint is answered with, and that nothing in it ever ran."""

import time
from pathlib import Path

import pytest

from rvc import sandbox
from rvc.errors import VoiceFileError
from rvc.voicefile.voice import read_voice
from tests.hostile.make_checkpoints import MAKERS, make, marker
from tests.rvc.voices import make_voice

ANSWERS: dict[str, dict[str, str]] = {
    "H1": {"exec_os_system.pth": "forbidden_content"},
    "H2-3": {
        "exec_eval.pth": "forbidden_content",
        "exec_open.pth": "forbidden_content",
        "exec_builtin_codec.pth": "forbidden_content",
    },
    "H4": {"exec_legacy.pth": "forbidden_content"},
    "H5": {"exec_raw.pth": "not_a_checkpoint"},
    "H6": {"exec_stack_global.pth": "forbidden_content", "exec_inst_op.pth": "forbidden_content"},
    "H7": {"exec_popped.pth": "forbidden_content", "exec_resolve_name.pth": "forbidden_content"},
    "H8": {"exec_truncated.pth": "forbidden_content"},
    "H9": {"exec_dup_entry.pth": "duplicate_entry"},
    "H10": {"exec_flagbit.pth": "bad_container", "exec_badcrc.pth": "bad_container"},
    "H11": {"exec_tar.pth": "not_a_checkpoint", "exec_tar_slip.pth": "not_a_checkpoint"},
    "H12": {"torchscript.pth": "forbidden_content", "other_zip.pth": "bad_container"},
    "H13": {
        "bomb_bytearray.pth": "forbidden_content",
        "bomb_bytearray_3g.pth": "forbidden_content",
        "bomb_untyped_storage.pth": "forbidden_content",
        "bomb_tensor_ctor.pth": "forbidden_content",
    },
    "H14": {"bomb_deflate_storage.pth": "compressed_entry"},
    "H15": {
        "bomb_declared_numel.pth": "declared_size",
        "bomb_legacy_numel.pth": "declared_size",
        "bomb_stride0.pth": "declared_size",
    },
    "H16": {"bomb_alias.pth": "aliased_storage"},
    "H17": {"bomb_offset.pth": "tensor_bounds", "bomb_negative.pth": "tensor_bounds"},
    "H18": {
        "cpu_nested.pth": "too_complex",
        "cpu_many_ops.pth": "too_complex",
        "cpu_hash_collide.pth": "not_a_voice",
        "cpu_laughs.pth": "not_a_voice",
    },
    "H19": {"bomb_memo.pth": "bad_container"},
    "H20": {"many_entries.pth": "bad_container", "long_table.pth": "too_complex"},
    "H21": {
        "method_shadow.pth": "forbidden_content",
        "method_shadow_plain.pth": "forbidden_content",
        "tensor_attr.pth": "forbidden_content",
    },
    "H22": {
        "missing_storage.pth": "bad_container",
        "storage_traversal.pth": "bad_container",
        "dup_key.pth": "bad_container",
        "endian.pth": "bad_container",
    },
    "H28": {
        "trunc_0.pth": "empty_file",
        "trunc_1.pth": "not_a_checkpoint",
        "trunc_4.pth": "bad_container",
        "trunc_30.pth": "bad_container",
        "trunc_0.5.pth": "bad_container",
        "trunc_-1.pth": "bad_container",
    },
    "H29": {"html.pth": "not_a_checkpoint", "lfs_pointer.pth": "not_a_checkpoint"},
    "H30": {"values_nan.pth": "non_finite"},
    "H31": {"config_huge.pth": "bad_config", "config_types.pth": "bad_config", "wrong_shape.pth": "not_a_voice"},
}
CASES = [(row, name, code) for row, answers in ANSWERS.items() for name, code in answers.items()]
DIED = ("died", "The child died.")
MEMORY_MIB = 200
SECONDS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


def test_every_hostile_checkpoint_has_its_answer():
    assert {name for _, name, _ in CASES} == set(MAKERS)


@pytest.mark.parametrize(("row", "name", "code"), CASES)
def test_checkpoints(folder, row, name, code):
    path = make(name, folder)
    began = time.process_time()
    with pytest.raises(VoiceFileError) as caught:
        read_voice(path)
    assert caught.value.code == code
    assert time.process_time() - began < SECONDS
    assert not marker(path).exists()
    message = caught.value.message
    assert message.endswith(".")
    assert message.isprintable()
    assert str(folder) not in message
    path.unlink()


@pytest.mark.parametrize("name", [name for _, name, _ in CASES if name.startswith(("bomb", "cpu", "long", "many"))])
def test_checkpoint_bombs(tmp_path, name):
    path, target = make(name, tmp_path), tmp_path / "voice.safetensors"
    facts = sandbox.run(
        "tests.hostile.children:measured",
        {"function": "convert_voice", "source": str(path), "target": str(target)},
        limits=sandbox.Limits(memory_bytes=512 << 20),
        died=DIED,
    )
    assert facts["code"] == dict(case[1:] for case in CASES)[name]
    assert facts["memory_mib"] < MEMORY_MIB


@pytest.mark.parametrize("name", ["storage_traversal.pth", "exec_legacy.pth", "exec_open.pth", "exec_tar_slip.pth"])
def test_no_other_file_is_opened(tmp_path, name):
    assert opened(make(name, tmp_path), tmp_path) == set()


def test_a_good_voice_opens_itself_and_its_target(tmp_path):
    path = make_voice(tmp_path / "a.pth")
    assert opened(path, tmp_path) == {str(tmp_path / "voice.safetensors")}


def opened(path: Path, folder: Path) -> set[str]:
    """The files the conversion of `path` opens beside itself."""
    target = str(folder / "voice.safetensors")
    arguments = {"function": "convert_voice", "source": str(path), "target": target}
    return set(sandbox.run("tests.hostile.children:opened_files", arguments, died=DIED)) - {str(path)}


def test_the_message_says_what_the_file_is(folder):
    for name, words in (("html.pth", "a web page"), ("lfs_pointer.pth", "a Git LFS pointer")):
        with pytest.raises(VoiceFileError, match=words):
            read_voice(make(name, folder))
