"""Hostile ONNX files, each with one fault: `make(name, folder)` writes one, `GRAPHS` names them all."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rvc.voicefile.onnx import wire
from rvc.voicefile.onnx.model import FLOAT, INT64, Attribute, Kind, Model, Node, Value, joined, parts
from tests.rvc.graphs import make_model
from tests.rvc.voices import SHALLOW

SMALL: dict[str, Any] = {
    **SHALLOW,
    "feature_width": 64,
}
WHOLE, TENSOR = Kind.WHOLE, Kind.TENSOR
Change = Callable[[Model], Model | bytes]
GRAPHS: dict[str, Change] = {}


@cache
def good() -> Model:
    """A small voice that is in order."""
    with TemporaryDirectory() as folder:
        return make_model(Path(folder), **SMALL)


def good_bytes() -> bytes:
    return joined(parts(good()))


def make(name: str, folder: Path) -> Path:
    path = folder / name
    found = GRAPHS[name](good())
    path.write_bytes(found if isinstance(found, bytes) else joined(parts(found)))
    return path


def graph(name: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        GRAPHS[name] = change
        return change

    return register


def with_step(model: Model, *steps: Node, **tensors: Any) -> Model:
    """The model with steps before its last one, which takes what the last of them gives."""
    last = model.nodes[-1]
    first = replace(steps[0], inputs=(last.inputs[0], *steps[0].inputs))
    end = replace(last, inputs=(steps[-1].outputs[0],))
    nodes = (*model.nodes[:-1], first, *steps[1:], end)
    return replace(model, nodes=nodes, tensors={**model.tensors, **tensors})


def with_graph_part(model: Model, addition: bytes) -> bytes:
    """The file with one more field in its graph."""
    fields = {field.number: field for field in wire.fields(memoryview(joined(parts(model))))}
    inner = wire.part(7, bytes(fields[7].view) + addition)
    return wire.whole(1, 8) + wire.part(2, "x") + inner + wire.part(8, bytes(fields[8].view))


def node_bytes(op: str, *attributes: bytes, domain: str = "") -> bytes:
    """One step by hand, as the writer of ours would never write it."""
    body = wire.part(1, "feats") + wire.part(2, "extra") + wire.part(4, op) + wire.part(7, domain)
    return wire.part(1, body + b"".join(wire.part(5, attribute) for attribute in attributes))


def tensor_bytes(*more: bytes, dims: tuple[int, ...] = (1,), kind: int = FLOAT) -> bytes:
    body = b"".join(wire.whole(1, size) for size in dims) + wire.whole(2, kind) + wire.part(8, "extra")
    return wire.part(5, body + b"".join(more))


GRAPHS |= {
    "truncated_half.onnx": lambda model: joined(parts(model))[: len(joined(parts(model))) // 2],
    "truncated_last.onnx": lambda model: joined(parts(model))[:-1],
    "truncated_start.onnx": lambda model: joined(parts(model))[:5],
    "long_graph.onnx": lambda model: wire.whole(1, 8) + wire.part(2, "x") + wire.head(7, 1 << 40) + b"abc",
    "endless_number.onnx": lambda model: wire.whole(1, 8) + wire.part(2, "x") + b"\xff" * 11,
    "no_graph.onnx": lambda model: wire.whole(1, 8) + wire.part(2, "x"),
    "two_graphs.onnx": lambda model: joined(parts(model)) + wire.part(7, b""),
    "group_field.onnx": lambda model: wire.whole(1, 8) + wire.part(2, "x") + b"\x3b\x3c",
    "functions.onnx": lambda model: joined(parts(model)) + wire.part(25, b""),
    "training.onnx": lambda model: joined(parts(model)) + wire.part(20, b""),
    "new_format.onnx": lambda model: replace(model, ir_version=20),
    "new_opset.onnx": lambda model: replace(model, opset=999),
    "old_opset.onnx": lambda model: replace(model, opset=6),
    "other_domain.onnx": lambda model: with_graph_part(model, node_bytes("Relu", domain="com.evil")),
    "unknown_op.onnx": lambda model: with_graph_part(model, node_bytes("ReadFile")),
    "nested.onnx": lambda model: with_graph_part(model, node_bytes("Relu", wire.part(1, "body") + wire.part(6, b""))),
    "loop.onnx": lambda model: with_graph_part(model, node_bytes("Loop")),
    "external_data.onnx": lambda model: with_graph_part(
        model, tensor_bytes(wire.part(13, wire.part(1, "location") + wire.part(2, "/etc/passwd")), wire.whole(14, 1))
    ),
    "external_place.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.whole(14, 1))),
    "huge_dims.onnx": lambda model: with_graph_part(
        model, tensor_bytes(wire.part(9, b"1234"), dims=(1 << 40, 1 << 40))
    ),
    "negative_dims.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.part(9, b""), dims=(-1,))),
    "odd_bytes.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.part(9, b"123"))),
    "texts.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.part(6, b"a"), kind=8)),
    "two_values.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.part(9, b"1234"), wire.part(4, b"1234"))),
    "sparse.onnx": lambda model: with_graph_part(model, wire.part(15, b"")),
    "many_steps.onnx": lambda model: with_graph_part(model, node_bytes("Relu") * 50_001),
    "long_name.onnx": lambda model: with_graph_part(model, wire.part(1, wire.part(4, "x" * 5000))),
    "name_no_text.onnx": lambda model: with_graph_part(model, wire.part(1, wire.part(4, b"\xff\xfe"))),
    "same_array.onnx": lambda model: with_graph_part(model, tensor_bytes(wire.part(9, b"1234")) * 2),
    "same_output.onnx": lambda model: with_graph_part(model, node_bytes("Relu") * 2),
    "circle.onnx": lambda model: with_step(model, Node("Add", ("b",), ("a",), {}), Node("Relu", ("a",), ("b",), {})),
    "no_output.onnx": lambda model: replace(model, outputs=(Value("nowhere", FLOAT, ("x",)),)),
    "two_outputs.onnx": lambda model: replace(
        model, outputs=(*model.outputs, Value(model.nodes[0].outputs[0], FLOAT, None))
    ),
    "nan_weight.onnx": lambda model: replace(
        model, tensors={**model.tensors, "emb_g.weight": np.full((1, 8), np.nan, np.float32)}
    ),
    "nan_parameter.onnx": lambda model: with_graph_part(
        model, node_bytes("LeakyRelu", wire.part(1, "alpha") + wire.real(2, float("nan")) + wire.whole(20, Kind.REAL))
    ),
    "other_inputs.onnx": lambda model: replace(
        model, inputs=tuple(value._replace(name=f"x_{value.name}") for value in model.inputs), nodes=(), outputs=()
    ),
    "fixed_length.onnx": lambda model: replace(
        model, inputs=(model.inputs[0]._replace(dims=(1, 200, 64)), *model.inputs[1:])
    ),
    "wrong_type.onnx": lambda model: replace(model, inputs=(model.inputs[0]._replace(type=INT64), *model.inputs[1:])),
    "no_speakers.onnx": lambda model: replace(
        model,
        nodes=tuple(
            replace(node, inputs=tuple("other" if name == "emb_g.weight" else name for name in node.inputs))
            for node in model.nodes
        ),
        tensors={("other" if name == "emb_g.weight" else name): array for name, array in model.tensors.items()},
    ),
    "loud_noise.onnx": lambda model: replace(
        model,
        nodes=tuple(
            replace(node, attributes={**node.attributes, "scale": Attribute(Kind.REAL, 3.0)})
            if node.op == "RandomNormalLike"
            else node
            for node in model.nodes
        ),
    ),
    "third_noise.onnx": lambda model: with_step(model, Node("RandomNormalLike", (), ("third",), {})),
    "other_rate.onnx": lambda model: replace(model, metadata={"metadata": '{"samplingRate": 48000}'}),
    "wrong_metadata.onnx": lambda model: replace(model, metadata={"metadata": '{"samplingRate": "48000"}'}),
    "gives_nan.onnx": lambda model: with_step(model, Node("Log", (), ("log",), {})),
    "does_not_fit.onnx": lambda model: with_step(
        model, Node("Add", ("odd",), ("sum",), {}), odd=np.zeros((7, 3), np.float32)
    ),
    "bad_type.onnx": lambda model: with_step(model, Node("Not", (), ("not",), {})),
    "bomb_fill.onnx": lambda model: with_step(
        model,
        Node("Shape", (), ("shape",), {}),
        Node("Mul", ("shape", "factor"), ("many",), {}),
        Node("ConstantOfShape", ("many",), ("full",), {}),
        factor=np.array([1 << 30]),
    ),
    "bomb_tile.onnx": lambda model: with_step(
        model, Node("Tile", ("times",), ("tiled",), {}), times=np.array([1 << 16])
    ),
}
