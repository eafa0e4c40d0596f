"""A voice's graph: which of the two layouts it has, where its noise comes in, and what is fed to it.

Every random step becomes an input of the graph, so that the noise is the conversion's own; `restored` undoes that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rvc.voicefile.onnx.model import (
    DTYPES,
    FLOAT,
    FLOAT16,
    INT64,
    Array,
    Attribute,
    Kind,
    Model,
    Node,
    Value,
)
from rvc.voicefile.onnx.operators import RANDOM
from rvc.voicefile.onnx.reader import unsupported

WEBUI, WOKADA = "webui", "w-okada"
LAYOUTS: dict[tuple[str, ...], str] = {
    ("phone", "phone_lengths", "pitch", "pitchf", "ds", "rnd"): WEBUI,
    ("feats", "p_len", "pitch", "pitchf", "sid"): WOKADA,
    ("feats", "p_len", "sid"): WOKADA,
}
NOISE_SCALE = 0.66666  # WebUI's graph leaves it to the caller
FRAMES, SAMPLES = "frames", "samples"
REALS = (FLOAT, FLOAT16)
PLAIN = {"mean": 0.0, "scale": 1.0, "low": 0.0, "high": 1.0}
SPEAKER_TABLE = "emb_g.weight"


@dataclass(frozen=True)
class Noise:
    """An input that takes the place of a random step. shape: sizes, FRAMES or SAMPLES. like: what the step imitated."""

    name: str
    op: str
    type: int
    shape: tuple[int | str, ...]
    like: str

    @property
    def role(self) -> str:
        """latent: of the prior. source: of the excitation. none: a start phase that the network overwrites."""
        if "Normal" not in self.op:
            return "none"
        return "source" if SAMPLES in self.shape else "latent"

    def sized(self, frames: int, samples: int) -> tuple[int, ...]:
        sizes = {FRAMES: frames, SAMPLES: samples}
        return tuple(sizes[size] if isinstance(size, str) else size for size in self.shape)


@dataclass(frozen=True)
class GraphFacts:
    """What has to be known of a graph to run it. types: of its inputs. latent: channels of the prior's noise."""

    layout: str
    types: Mapping[str, int]
    latent: int
    noise: tuple[Noise, ...]

    def to_json(self) -> dict[str, Any]:
        noise = [{**vars(one), "shape": list(one.shape)} for one in self.noise]
        return {"layout": self.layout, "types": dict(self.types), "latent": self.latent, "noise": noise}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Raises KeyError or TypeError for what `to_json` did not write."""
        noise = tuple(Noise(**{**one, "shape": tuple(one["shape"])}) for one in found["noise"])
        return cls(found["layout"], dict(found["types"]), found["latent"], noise)


@dataclass(frozen=True)
class Feed:
    """What one run takes, for T frames and L samples.

    phone: (T, D). coarse: (T,) bins and f0: (T,) Hz, for voices with F0. latent: (C, T) and source: (L,), standard
    normal. speaker: row of the speaker table.
    """

    phone: Array
    coarse: Array
    f0: Array
    speaker: int
    latent: Array
    source: Array


def layout_of(model: Model) -> tuple[str, int]:
    """The layout of a model and the width of its features. Raises VoiceFileError("unsupported_graph")."""
    names = tuple(value.name for value in model.inputs)
    layout = LAYOUTS.get(names) or LAYOUTS.get(_in_order(names))
    if layout is None:
        shown = ", ".join(names[:8])[:200]
        raise unsupported(f"its inputs ({shown}) are those of neither RVC WebUI's export nor w-okada's")
    for value in model.inputs:
        _check_input(value)
    if len(model.outputs) != 1 or model.outputs[0].type not in REALS:
        raise unsupported("it does not give one array of samples")
    features = next(value for value in model.inputs if value.name in ("phone", "feats"))
    width = (features.dims or ())[-1]
    if not isinstance(width, int) or width < 1:
        raise unsupported("it does not say how wide its features are")
    return layout, width


def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names in the order of the layout that has all of them."""
    return next((layout for layout in LAYOUTS if sorted(layout) == sorted(names)), ())


def _check_input(value: Value) -> None:
    """Types, numbers of dimensions, and a free axis of frames."""
    dims = {"phone": 3, "feats": 3, "rnd": 3, "pitch": 2, "pitchf": 2}.get(value.name, 1)
    types = REALS if value.name in ("phone", "feats", "rnd", "pitchf") else (INT64,)
    if value.type not in types or value.dims is None or len(value.dims) != dims:
        raise unsupported(f"its input {value.name!r} is not of the type and shape that the exporters give it")
    frames = {"phone": 1, "feats": 1, "rnd": 2, "pitch": 1, "pitchf": 1}.get(value.name)
    if frames is not None and isinstance(value.dims[frames], int):
        raise unsupported(f"its input {value.name!r} takes recordings of one length only")


def random_steps(model: Model) -> list[Node]:
    """The random steps. Raises VoiceFileError("unsupported_graph") for distributions that RVC has not."""
    steps = [node for node in model.nodes if node.op in RANDOM]
    for node in steps:
        for name, usual in PLAIN.items():
            if name in node.attributes and node.attributes[name].value != usual:
                raise unsupported("it draws random numbers as no export of RVC does")
    return steps


def type_of(step: Node, usual: int) -> int:
    """The type of what a random step gives."""
    return int(step.attributes["dtype"].value) if "dtype" in step.attributes else usual


def with_inputs(model: Model, noise: tuple[Noise, ...]) -> Model:
    """The model with inputs in place of its random steps; the free sizes of the others lose their names."""
    given = {one.name for one in noise}
    nodes = tuple(node for node in model.nodes if node.outputs[0] not in given)
    inputs = (*map(_anonymous, model.inputs), *(Value(one.name, one.type, None) for one in noise))
    return replace(model, nodes=nodes, inputs=inputs, outputs=tuple(map(_anonymous, model.outputs)))


def _anonymous(value: Value) -> Value:
    dims = None if value.dims is None else tuple(size if isinstance(size, int) else FRAMES for size in value.dims)
    return value._replace(dims=dims)


def restored(model: Model, noise: tuple[Noise, ...]) -> Model:
    """The model with its random steps again, each right before it is first used."""
    steps = {one.name: _step(one) for one in noise}
    nodes: list[Node] = []
    for node in model.nodes:
        nodes += [steps.pop(name) for name in node.inputs if name in steps]
        nodes.append(node)
    inputs = tuple(value for value in model.inputs if value.name not in {one.name for one in noise})
    return replace(model, nodes=(*nodes, *steps.values()), inputs=inputs)


def _step(noise: Noise) -> Node:
    attributes = {"dtype": Attribute(Kind.WHOLE, noise.type)}
    if not noise.like:
        attributes["shape"] = Attribute(Kind.WHOLES, tuple(noise.shape))
    return Node(noise.op, (noise.like,) if noise.like else (), (noise.name,), attributes)


def feeds(facts: GraphFacts, feed: Feed, hop: int) -> dict[str, Array]:
    """The inputs of a graph by name, in the types it declares."""
    frames = len(feed.phone)
    found: dict[str, Array] = {
        "phone": feed.phone[None],
        "phone_lengths": np.array([frames]),
        "pitch": feed.coarse[None],
        "pitchf": feed.f0[None],
        "ds": np.array([feed.speaker]),
        "rnd": NOISE_SCALE * feed.latent[None],
    }
    same = {"feats": "phone", "p_len": "phone_lengths", "sid": "ds"}
    arrays = {name: found[same.get(name, name)].astype(DTYPES[kind]) for name, kind in facts.types.items()}
    values = {"latent": feed.latent, "source": feed.source, "none": np.zeros(1)}
    for one in facts.noise:
        shape = one.sized(frames, frames * hop)
        value = values[one.role]
        arrays[one.name] = (np.zeros(shape) if one.role == "none" else value.reshape(shape)).astype(DTYPES[one.type])
    return arrays
