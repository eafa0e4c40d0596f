"""H80 and what goes with it: what every hostile ONNX file is answered with, in a child as uploads are read."""

import time
from pathlib import Path

import pytest

from rvc import sandbox
from rvc.errors import VoiceFileError
from rvc.voicefile.voice import read_voice
from tests.hostile.make_graphs import GRAPHS, good_bytes, make

ANSWERS: dict[str, tuple[str, ...]] = {
    "truncated": ("truncated_half.onnx", "truncated_last.onnx", "truncated_start.onnx", "long_graph.onnx"),
    "bad_container": (
        "endless_number.onnx", "no_graph.onnx", "group_field.onnx", "circle.onnx", "no_output.onnx",
        "name_no_text.onnx",
    ),
    "duplicate_entry": ("two_graphs.onnx", "same_array.onnx", "same_output.onnx", "two_values.onnx"),
    "forbidden_content": (
        "functions.onnx", "training.onnx", "other_domain.onnx", "nested.onnx", "loop.onnx", "external_data.onnx",
        "external_place.onnx",
    ),
    "declared_size": ("huge_dims.onnx", "negative_dims.onnx", "odd_bytes.onnx"),
    "too_complex": ("many_steps.onnx", "long_name.onnx", "bomb_fill.onnx", "bomb_tile.onnx"),
    "non_finite": ("nan_weight.onnx", "nan_parameter.onnx", "gives_nan.onnx"),
    "bad_config": ("other_rate.onnx", "wrong_metadata.onnx"),
    "unsupported_graph": (
        "new_format.onnx", "new_opset.onnx", "old_opset.onnx", "unknown_op.onnx", "texts.onnx", "sparse.onnx",
        "two_outputs.onnx", "other_inputs.onnx", "fixed_length.onnx", "wrong_type.onnx", "no_speakers.onnx",
        "loud_noise.onnx", "third_noise.onnx", "does_not_fit.onnx", "bad_type.onnx",
    ),
}  # fmt: skip
CASES = [(name, code) for code, names in ANSWERS.items() for name in names]
LISTED = frozenset(ANSWERS) | {"not_a_checkpoint", "accepted"}
SECONDS = 3
MUTANTS = 2000


def test_every_hostile_graph_has_its_answer():
    assert {name for name, _ in CASES} == set(GRAPHS)


@pytest.mark.parametrize(("name", "code"), [case for case in CASES if not case[0].startswith("bomb")])
def test_graphs(tmp_path, name, code):
    path = make(name, tmp_path)
    began = time.process_time()
    with pytest.raises(VoiceFileError) as caught:
        read_voice(path)
    assert caught.value.code == code, caught.value.message
    assert time.process_time() - began < SECONDS
    assert caught.value.message.endswith((".", "…")) or code == "unsupported_graph"
    assert caught.value.message.isprintable()
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("name", [name for name, _ in CASES if name.startswith("bomb")])
def test_graph_bombs(tmp_path, name):
    assert ask(make(name, tmp_path), count=0) == {"too_complex": 1}


def test_mutants(tmp_path):
    """Whatever is damaged, the answer is one of the list, and the child that reads and runs them all lives on."""
    path = tmp_path / "good.onnx"
    path.write_bytes(good_bytes())
    found = ask(path, count=MUTANTS, early=20_000, seed=11)
    assert sum(found.values()) == MUTANTS
    assert set(found) <= LISTED
    assert len(found) >= 6


def ask(path: Path, **arguments: int) -> dict[str, int]:
    """The answers of a child confined as the one that reads uploads is, which may take longer."""
    limits = sandbox.Limits(cpu_seconds=300, wall_seconds=600)
    files = {"source": str(path), "target": str(path.with_name("mutant.onnx"))}
    answers: dict[str, int] = sandbox.run(
        "tests.hostile.children:answers", {**files, **arguments}, limits=limits, died=("died", "The child died.")
    )
    return answers


def test_no_other_file_is_opened(tmp_path):
    path, target = make("external_data.onnx", tmp_path), tmp_path / "voice.safetensors"
    arguments = {"function": "convert_voice", "source": str(path), "target": str(target)}
    opened = sandbox.run("tests.hostile.children:opened_files", arguments, died=("died", "The child died."))
    assert set(opened) == {str(path)}
