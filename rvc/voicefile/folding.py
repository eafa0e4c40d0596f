"""Weight norm folded into plain weights, which is what is run and what other formats hold, and back. Numpy only."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LENGTH, DIRECTION = ".weight_g", ".weight_v"


def fold_weight_norm(tensors: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Replace each pair weight_g, weight_v by its weight g·v/‖v‖, the norm over all axes but the first; float32."""
    for name in folded_names(tensors):
        yield name, folded(tensors, name)


def folded_names(tensors: Mapping[str, Array]) -> Iterator[str]:
    """The names of the tensors after folding."""
    for name in tensors:
        if not name.endswith(DIRECTION):
            yield name.removesuffix("_g") if name.endswith(LENGTH) else name


def folded_shape(tensors: Mapping[str, Array], name: str) -> tuple[int, ...]:
    """The shape of a tensor after folding."""
    shape: tuple[int, ...] = tensors[name if name in tensors else f"{name}_v"].shape
    return shape


def folded(tensors: Mapping[str, Array], name: str) -> Array:
    """One tensor after folding, float32."""
    if name in tensors:
        return tensors[name].astype(np.float32)
    v = tensors[f"{name}_v"].astype(np.float64)
    norm = np.sqrt(np.square(v).sum(axis=tuple(range(1, v.ndim)), keepdims=True))
    weight: Array = (tensors[f"{name}_g"] * v / np.maximum(norm, np.finfo(np.float32).tiny)).astype(np.float32)
    return weight


def unfolded(tensors: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """The tensors with a pair weight_g, weight_v where `shapes` asks for one and they hold a plain weight instead."""
    pairs = dict(tensors)
    for name, shape in shapes.items():
        plain = name.removesuffix("_v")
        if name.endswith(DIRECTION) and name not in pairs and plain in pairs and pairs[plain].shape == shape:
            weight = pairs[name] = pairs.pop(plain)
            squares = np.square(weight, dtype=np.float64).sum(axis=tuple(range(1, weight.ndim)), keepdims=True)
            pairs[f"{plain}_g"] = np.sqrt(squares).astype(np.float32)
    return pairs
