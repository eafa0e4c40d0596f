"""A stranger's ONNX file as a `Model`: bounded, checked, and nothing in it followed to anywhere else."""

import mmap
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite, prod
from typing import Any

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile.onnx import wire
from rvc.voicefile.onnx.model import DTYPES, Array, Attribute, Dimension, Kind, Model, Node, Value
from rvc.voicefile.onnx.operators import (
    ALLOWED,
    HIGHEST_IR,
    HIGHEST_OPSET,
    LOWEST_IR,
    LOWEST_OPSET,
    SUBGRAPHS,
)
from rvc.voicefile.storages import MAX_DIMENSIONS, is_finite

MAX_NODES, MAX_TENSORS, MAX_VALUES, MAX_METADATA = 50_000, 8192, 64, 64
MAX_NAMES, MAX_ATTRIBUTES, MAX_LISTED = 64, 32, 1 << 16
MAX_NAME, MAX_TEXT = 1024, 1 << 16
IR_VERSION_TAG = 0x08
AFTER_VERSION = (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)
SHOWN = 80


def looks_like_onnx(head: bytes) -> bool:
    """Whether a file that starts with these bytes is a model as the exporters write it: its IR version comes first.

    No safetensors file begins so: its header would be longer than we, or anybody, take.
    """
    return len(head) > 2 and head[0] == IR_VERSION_TAG and 0 < head[1] < 0x20 and head[2] in AFTER_VERSION


def read_model(data: mmap.mmap | bytes | memoryview) -> Model:
    """The model in a file. The arrays are read-only views of it.

    Raises VoiceFileError: truncated, bad_container, duplicate_entry, too_complex, declared_size, non_finite;
    forbidden_content for what would reach outside the graph, unsupported_graph for what no RVC export has.
    """
    found = _singles(memoryview(data), repeated=(8, 14, 20, 25))
    if found[20] or found[25]:
        raise _forbidden("functions or training steps of its own")
    if 7 not in found:
        raise wire.broken("no graph")
    version = found[1].whole if 1 in found else 0
    if not LOWEST_IR <= version <= HIGHEST_IR:
        raise unsupported(f"it is of format version {version}, not {LOWEST_IR} to {HIGHEST_IR}")
    return _graph(found[7].view, version, _opset(found[8]), _metadata(found[14]))


def unsupported(detail: str) -> VoiceFileError:
    return VoiceFileError("unsupported_graph", f"This ONNX file is not a voice that can be used: {detail}.")


def _forbidden(detail: str) -> VoiceFileError:
    return VoiceFileError("forbidden_content", f"The ONNX file holds {detail}; a voice needs nothing of the kind.")


def _singles(message: memoryview, *, repeated: Iterable[int]) -> dict[int, Any]:
    """The fields of a message by number: lists of those that may repeat, and the others, which may not."""
    found: dict[int, Any] = {number: [] for number in repeated}
    lists = frozenset(found)
    for field in wire.fields(message):
        if field.number in lists:
            found[field.number].append(field)
        elif field.number in found:
            raise VoiceFileError("duplicate_entry", "The ONNX file says something twice.")
        else:
            found[field.number] = field
    return found


def _opset(entries: list[wire.Field]) -> int:
    versions: dict[str, int] = {}
    for entry in entries:
        found = _singles(entry.view, repeated=())
        domain = wire.text(found[1], MAX_NAME) if 1 in found else ""
        if domain in versions:
            raise VoiceFileError("duplicate_entry", "The ONNX file says something twice.")
        versions[domain] = found[2].whole if 2 in found else 0
    opset = versions.pop("", 0) or versions.pop("ai.onnx", 0)
    if not LOWEST_OPSET <= opset <= HIGHEST_OPSET:
        raise unsupported(f"its operators are of set {opset}, not {LOWEST_OPSET} to {HIGHEST_OPSET}")
    return opset


def _metadata(entries: list[wire.Field]) -> dict[str, str]:
    if len(entries) > MAX_METADATA:
        raise _too_complex()
    pairs = (_singles(entry.view, repeated=()) for entry in entries)
    texts = ({place: _free_text(field) for place, field in pair.items() if place in (1, 2)} for pair in pairs)
    return {pair.get(1, ""): pair.get(2, "") for pair in texts}


def _free_text(field: wire.Field) -> str:
    if len(field.view) > MAX_TEXT:
        raise _too_complex()
    return bytes(field.view).decode("utf-8", "replace")


def _too_complex() -> VoiceFileError:
    return VoiceFileError("too_complex", "The ONNX file has far more parts than a voice needs.")


def _graph(message: memoryview, version: int, opset: int, metadata: dict[str, str]) -> Model:
    found = _singles(message, repeated=(1, 5, 11, 12, 13, 14, 15, 16))
    if found[15] or found[14]:
        raise unsupported("it holds sparse or quantised arrays")
    most = {1: MAX_NODES, 5: MAX_TENSORS, 11: MAX_TENSORS, 12: MAX_VALUES}
    if any(len(found[place]) > longest for place, longest in most.items()):
        raise _too_complex()
    tensors = _named(_tensor(field.view) for field in found[5])
    inputs = [_value(field.view) for field in found[11]]
    outputs = [_value(field.view) for field in found[12]]
    nodes = [_node(field.view) for field in found[1]]
    inputs = [value for value in inputs if value.name not in tensors]  # old exporters list their arrays as inputs too
    _check_order(nodes, [*tensors, *(value.name for value in inputs)], outputs)
    return Model(version, opset, tuple(nodes), tensors, tuple(inputs), tuple(outputs), metadata)


def _named(pairs: Iterator[tuple[str, Array]]) -> dict[str, Array]:
    tensors: dict[str, Array] = {}
    for name, array in pairs:
        if not name or name in tensors:
            raise VoiceFileError("duplicate_entry", "The ONNX file holds two arrays of one name, or one without.")
        tensors[name] = array
    return tensors


def _check_order(nodes: list[Node], names: list[str], outputs: list[Value]) -> None:
    """Every name is given once, and before it is used: so there is no circle."""
    known = set(names)
    if len(known) != len(names):
        raise VoiceFileError("duplicate_entry", "The ONNX file gives two things one name.")
    for node in nodes:
        unknown = [name for name in node.inputs if name and name not in known]
        if unknown:
            raise wire.broken(f"a step ({node.op}) that uses {unknown[0][:SHOWN]!r} before anything gives it")
        for name in filter(None, node.outputs):
            if name in known:
                raise VoiceFileError("duplicate_entry", f"The ONNX file gives {name[:SHOWN]!r} twice.")
            known.add(name)
    for value in outputs:
        if value.name not in known:
            raise wire.broken(f"an output {value.name[:SHOWN]!r} that nothing gives")


def _node(message: memoryview) -> Node:
    found = _singles(message, repeated=(1, 2, 5, 9))
    op = wire.text(found[4], MAX_NAME) if 4 in found else ""
    domain = wire.text(found[7], MAX_NAME) if 7 in found else ""
    if domain not in ("", "ai.onnx"):
        raise _forbidden(f"a step of another maker ({domain[:SHOWN]!r})")
    if op in SUBGRAPHS:
        raise _forbidden(f"a graph within the graph ({op})")
    if op not in ALLOWED:
        raise unsupported(f"it takes the step {op[:SHOWN]!r}, which no export of RVC has")
    if max(len(found[1]), len(found[2])) > MAX_NAMES or len(found[5]) > MAX_ATTRIBUTES:
        raise _too_complex()
    attributes: dict[str, Attribute] = {}
    for field in found[5]:
        name, attribute = _attribute(field.view)
        if name in attributes:
            raise VoiceFileError("duplicate_entry", "The ONNX file says something twice.")
        attributes[name] = attribute
    names = [tuple(wire.text(field, MAX_NAME) for field in found[place]) for place in (1, 2)]
    if not any(names[1]):
        raise wire.broken("a step that gives nothing")
    return Node(op, names[0], names[1], attributes)


def _attribute(message: memoryview) -> tuple[str, Attribute]:
    found = _singles(message, repeated=(7, 8, 9, 10, 11))
    name = wire.text(found[1], MAX_NAME) if 1 in found else ""
    if 6 in found or found[11] or 21 in found:
        raise _forbidden("a graph within the graph")
    kind = found[20].whole if 20 in found else 0
    value: Any
    if kind == Kind.REAL:
        value = _finite(found[2].real if 2 in found else 0.0)
    elif kind == Kind.WHOLE:
        value = found[3].whole if 3 in found else 0
    elif kind == Kind.TEXT:
        value = wire.text(found[4], MAX_NAME).encode() if 4 in found else b""
    elif kind == Kind.TENSOR and 5 in found:
        value = _tensor(found[5].view)[1]
    elif kind == Kind.REALS:
        value = tuple(_finite(number) for field in found[7] for number in wire.reals(field))
    elif kind == Kind.WHOLES:
        value = tuple(number for field in found[8] for number in _listed(field))
    else:
        raise unsupported(f"a step has a parameter {name[:SHOWN]!r} of a kind that no export of RVC has")
    return name, Attribute(kind, value)


def _listed(field: wire.Field) -> list[int]:
    if field.kind == wire.BYTES and len(field.view) > MAX_LISTED:
        raise _too_complex()
    return list(wire.wholes(field))


def _finite(number: float) -> float:
    if not isfinite(number):
        raise VoiceFileError("non_finite", "The ONNX file holds a parameter that is not a number.")
    return number


def _value(message: memoryview) -> Value:
    found = _singles(message, repeated=())
    if 1 not in found or 2 not in found:
        raise wire.broken("an input or output without a name or a type")
    name = wire.text(found[1], MAX_NAME)
    kinds = _singles(found[2].view, repeated=())
    if set(kinds) - {1, 6}:
        raise unsupported(f"its {name[:SHOWN]!r} is not an array")
    tensor = _singles(kinds[1].view, repeated=()) if 1 in kinds else {}
    dims = None if 2 not in tensor else tuple(_dimensions(tensor[2].view))
    return Value(name, tensor[1].whole if 1 in tensor else 0, dims)


def _dimensions(message: memoryview) -> Iterator[Dimension]:
    sizes = _singles(message, repeated=(1,))[1]
    if len(sizes) > MAX_DIMENSIONS:
        raise _too_complex()
    for size in sizes:
        found = _singles(size.view, repeated=())
        yield found[1].whole if 1 in found else wire.text(found[2], MAX_NAME) if 2 in found else "free"


# arrays

TYPED = {4: (1,), 5: (2, 3, 5, 6, 9, 10), 7: (7,), 10: (11,)}
"""The fields that hold an array's values one by one, and the types they are for."""


def _tensor(message: memoryview) -> tuple[str, Array]:
    found = _singles(message, repeated=(1, 4, 5, 6, 7, 10, 11, 13))
    name = wire.text(found[8], MAX_NAME) if 8 in found else ""
    if found[13] or (14 in found and found[14].whole != 0):
        raise _forbidden("an array that lies in another file")
    kind = found[2].whole if 2 in found else 0
    if kind not in DTYPES or 3 in found or found[6] or found[11]:
        raise unsupported(f"its array {name[:SHOWN]!r} is of a type that no export of RVC has")
    shape = tuple(number for field in found[1] for number in _listed(field))
    if len(shape) > MAX_DIMENSIONS or any(size < 0 for size in shape):
        raise VoiceFileError("declared_size", f"The ONNX file's array {name[:SHOWN]!r} has an impossible shape.")
    values = _raw(found, kind) if 9 in found else _typed(found, kind)
    if prod(shape) != len(values):
        raise VoiceFileError(
            "declared_size", f"The ONNX file's array {name[:SHOWN]!r} is said to be larger or smaller than it is."
        )
    if values.dtype.kind == "f" and not is_finite(values):
        raise VoiceFileError("non_finite", f"The voice's array {name[:SHOWN]!r} holds values that are not numbers.")
    return name, values.reshape(shape)


def _raw(found: Mapping[int, Any], kind: int) -> Array:
    data, dtype = found[9].view, DTYPES[kind]
    if any(found[place] for place in TYPED):
        raise VoiceFileError("duplicate_entry", "The ONNX file holds the values of an array twice.")
    if len(data) % dtype.itemsize:
        raise VoiceFileError("declared_size", "The ONNX file has an array that ends in the middle of a value.")
    if dtype.kind == "b" and bytes(data).strip(b"\0\1"):
        raise wire.broken("a truth value that is none")
    return np.frombuffer(data, dtype)


def _typed(found: Mapping[int, Any], kind: int) -> Array:
    """Values that are listed one by one, or packed."""
    dtype = DTYPES[kind]
    places = [place for place in TYPED if found[place]]
    if not places:
        return np.empty(0, dtype)
    if len(places) > 1 or kind not in TYPED[places[0]]:
        raise wire.broken("an array whose values are of another type than it says")
    fields = found[places[0]]
    if len(fields) > MAX_LISTED:
        raise _too_complex()
    if places[0] in (4, 10):
        packed = b"".join(bytes(field.value) if field.kind != wire.VARINT else b"?" for field in fields)
        if len(packed) % dtype.itemsize:
            raise wire.broken("numbers that end in the middle")
        return np.frombuffer(packed, dtype)
    numbers = [number for field in fields for number in _listed(field)]
    try:
        # Halves come as the whole numbers that their bits are.
        return np.array(numbers, np.uint16).view(dtype) if dtype.str == "<f2" else np.array(numbers, dtype)
    except OverflowError as error:
        raise wire.broken("a number too large for its type") from error
