"""ONNX voices of any geometry, written by ourselves: in w-okada's layout, in WebUI's, and with halves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rvc.voicefile.onnx.export import onnx_file
from rvc.voicefile.onnx.graph import NOISE_SCALE
from rvc.voicefile.onnx.model import FLOAT, FLOAT16, Attribute, Kind, Model, Node, Value, joined, parts
from rvc.voicefile.onnx.reader import read_model
from rvc.voicefile.voice import VoiceFile, read_voice
from tests.rvc.voices import make_voice


def model_of(voice: VoiceFile) -> Model:
    """The model that an export of this voice holds."""
    return read_model(b"".join(onnx_file(voice).pieces()))


def save_model(model: Model, path: Path) -> Path:
    path.write_bytes(joined(parts(model)))
    return path


def make_model(folder: Path, **options: Any) -> Model:
    """The model of a new voice; `options` are those of `make_voice`."""
    return model_of(read_voice(make_voice(folder / "graph.pth", **options)))


def webui(model: Model) -> Model:
    """The same network as RVC WebUI exports it: other names, the latent noise from outside, (1, 1, L) out."""
    names = {"feats": "phone", "p_len": "phone_lengths", "sid": "ds"}
    random = next(node for node in model.nodes if node.op == "RandomNormalLike")  # the first one is the latent's
    scaled = next(node for node in model.nodes if random.outputs[0] in node.inputs)
    assert model.tensors[scaled.inputs[1]] == np.float32(NOISE_SCALE)
    names[scaled.outputs[0]] = "rnd"
    channels = model.tensors["enc_p.proj.weight"].shape[0] // 2
    nodes = [node for node in model.nodes if node not in (random, scaled)]
    nodes = [replace(node, inputs=tuple(names.get(name, name) for name in node.inputs)) for node in nodes]
    inputs = [value._replace(name=names.get(value.name, value.name)) for value in model.inputs]
    last = nodes.pop()
    nodes.append(Node("Reshape", (last.inputs[0], "nested"), last.outputs, {}))
    return replace(
        model,
        nodes=tuple(nodes),
        tensors={**model.tensors, "nested": np.array([1, 1, -1])},
        inputs=(*inputs, Value("rnd", FLOAT, (1, channels, "frames"))),
        outputs=(Value("audio", FLOAT, (1, 1, "samples")),),
        metadata={},
    )


def halved(model: Model) -> Model:
    """The same with features and samples of half precision; the rest stays as it is."""
    last, names = model.nodes[-1], {"feats": "wide"}
    nodes = [replace(node, inputs=tuple(names.get(name, name) for name in node.inputs)) for node in model.nodes]
    cast = {"to": Attribute(Kind.WHOLE, FLOAT)}
    nodes.insert(0, Node("Cast", ("feats",), ("wide",), cast))
    nodes[-1] = Node("Cast", last.inputs, last.outputs, {"to": Attribute(Kind.WHOLE, FLOAT16)})
    inputs = tuple(value._replace(type=FLOAT16) if value.name == "feats" else value for value in model.inputs)
    return replace(model, nodes=tuple(nodes), inputs=inputs, outputs=(model.outputs[0]._replace(type=FLOAT16),))
