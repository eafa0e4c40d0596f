"""An ONNX model as data: nodes, arrays, inputs and outputs. Everything else a file may hold is left behind or refused.

Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rvc.voicefile.onnx import wire

Array: TypeAlias = np.ndarray[Any, Any]
Dimension: TypeAlias = int | str

FLOAT, INT64, FLOAT16, DOUBLE = 1, 7, 10, 11
DTYPES: dict[int, np.dtype[Any]] = {
    FLOAT: np.dtype("<f4"),
    2: np.dtype("|u1"),
    3: np.dtype("|i1"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    INT64: np.dtype("<i8"),
    9: np.dtype("|b1"),
    FLOAT16: np.dtype("<f2"),
    DOUBLE: np.dtype("<f8"),
}
"""The types a tensor may have, by the numbers of TensorProto.DataType."""

NUMBERS = {dtype: number for number, dtype in DTYPES.items()}


class Kind:
    """The kinds of attributes a node may have, by the numbers of AttributeProto.AttributeType."""

    REAL, WHOLE, TEXT, TENSOR, REALS, WHOLES = 1, 2, 3, 4, 6, 7


class Attribute(NamedTuple):
    """One parameter of a node. value: float, int, bytes, array, or a tuple of floats or ints, as `kind` says."""

    kind: int
    value: Any


class Value(NamedTuple):
    """An input or output of the graph. dims: a text where a size is free; None where not even their number is said."""

    name: str
    type: int
    dims: tuple[Dimension, ...] | None


@dataclass(frozen=True)
class Node:
    """One step of the graph. An input called "" is left out."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


class Later(NamedTuple):
    """An array that is made when its bytes are wanted."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    load: Callable[[], Array]

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Model:
    """A graph in the order in which it is computed. tensors: its constant arrays by name."""

    ir_version: int
    opset: int
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Array | Later]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    metadata: Mapping[str, str]


# writing: the same model always gives the same bytes


def parts(model: Model) -> list[bytes | Array | Later]:
    """The bytes of a model, piece by piece; the arrays are left as they are."""
    graph = _graph_parts(model)
    version = wire.part(1, "") + wire.whole(2, model.opset)
    before = wire.whole(1, model.ir_version) + wire.part(2, "Voiceproject")
    after = wire.part(8, version)
    for key, value in model.metadata.items():
        after += wire.part(14, wire.part(1, key) + wire.part(2, value))
    length = sum(map(length_of, graph))
    return [before + wire.head(7, length), *graph, after]


def length_of(data: bytes | Array | Later) -> int:
    """How many bytes a piece has."""
    return len(data) if isinstance(data, bytes) else data.nbytes


def joined(pieces: list[bytes | Array | Later]) -> bytes:
    """The pieces as one."""
    return b"".join(piece if isinstance(piece, bytes) else bytes_of(piece).data for piece in pieces)


def bytes_of(piece: bytes | Array | Later) -> Array:
    """A piece as an array of bytes."""
    if isinstance(piece, bytes):
        return np.frombuffer(piece, np.uint8)
    array = piece.load() if isinstance(piece, Later) else piece
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _graph_parts(model: Model) -> list[bytes | Array | Later]:
    pieces: list[bytes | Array | Later] = [b"".join(wire.part(1, _node(node)) for node in model.nodes)]
    pieces.append(wire.part(2, "voice"))
    for name, array in model.tensors.items():
        about = _tensor(name, array)
        raw = wire.head(9, array.nbytes)
        pieces.append(wire.head(5, len(about) + len(raw) + array.nbytes) + about + raw)
        pieces.append(array)
    ends = [wire.part(11, _value(value)) for value in model.inputs]
    ends += [wire.part(12, _value(value)) for value in model.outputs]
    return [*pieces, b"".join(ends)]


def _tensor(name: str, array: Array | Later) -> bytes:
    """All of a tensor but its values."""
    dims = b"".join(wire.whole(1, size) for size in array.shape)
    return dims + wire.whole(2, NUMBERS[array.dtype]) + wire.part(8, name)


def _node(node: Node) -> bytes:
    names = b"".join(wire.part(1, name) for name in node.inputs)
    names += b"".join(wire.part(2, name) for name in node.outputs)
    attributes = b"".join(wire.part(5, _attribute(name, value)) for name, value in node.attributes.items())
    return names + wire.part(4, node.op) + attributes


def _attribute(name: str, attribute: Attribute) -> bytes:
    value, kind = attribute.value, attribute.kind
    if kind == Kind.REAL:
        data = wire.real(2, value)
    elif kind == Kind.WHOLE:
        data = wire.whole(3, value)
    elif kind == Kind.TEXT:
        data = wire.part(4, value)
    elif kind == Kind.TENSOR:
        data = wire.part(5, _tensor("", value) + wire.part(9, bytes_of(value).tobytes()))
    elif kind == Kind.REALS:
        data = b"".join(wire.real(7, number) for number in value)
    else:
        data = b"".join(wire.whole(8, number) for number in value)
    return wire.part(1, name) + data + wire.whole(20, kind)


def _value(value: Value) -> bytes:
    tensor = wire.whole(1, value.type)
    if value.dims is not None:
        sizes = (wire.part(2, size) if isinstance(size, str) else wire.whole(1, size) for size in value.dims)
        tensor += wire.part(2, b"".join(wire.part(1, size) for size in sizes))
    return wire.part(1, value.name) + wire.part(2, wire.part(1, tensor))
