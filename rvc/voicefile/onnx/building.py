"""Writes a graph step by step: each call adds one step and gives the name of what comes out of it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rvc.voicefile.onnx.model import Array, Attribute, Kind, Later, Node

Parameter = int | float | str | Sequence[int]


class Builder:
    """The steps and arrays of a graph that is being written."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tensors: dict[str, Array | Later] = {}
        self._constants: dict[tuple[Any, ...], str] = {}

    def op(self, op: str, *inputs: str, **parameters: Parameter) -> str:
        """A step with one output."""
        return self.ops(op, 1, *inputs, **parameters)[0]

    def ops(self, op: str, outputs: int, *inputs: str, **parameters: Parameter) -> tuple[str, ...]:
        """A step with several outputs."""
        names = tuple(f"{op.lower()}_{len(self.nodes)}_{place}" for place in range(outputs))
        attributes = {name: _attribute(value) for name, value in parameters.items()}
        self.nodes.append(Node(op, inputs, names, attributes))
        return names

    def constant(self, values: Any, dtype: type = np.int64) -> str:
        """An array that is part of the graph; equal ones are kept once."""
        array: Array = np.asarray(values, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self._constants[key] = name
            self.tensors[name] = array
        return self._constants[key]

    def weight(self, name: str, shape: tuple[int, ...], load: Callable[[], Array]) -> str:
        """A float32 array that is made when its bytes are written."""
        self.tensors[name] = Later(np.dtype("<f4"), shape, load)
        return name

    def scaled(self, value: str, factor: float, dtype: type = np.float32) -> str:
        """value · factor."""
        return self.op("Mul", value, self.constant(factor, dtype))


def _attribute(value: Parameter) -> Attribute:
    if isinstance(value, int):
        return Attribute(Kind.WHOLE, value)
    if isinstance(value, float):
        return Attribute(Kind.REAL, value)
    if isinstance(value, str):
        return Attribute(Kind.TEXT, value.encode())
    return Attribute(Kind.WHOLES, tuple(value))
