"""Voices in Piper's format, a few KB each, with random weights: real graphs that real inference runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from rvc.voicefile.onnx.building import Builder
from rvc.voicefile.onnx.model import FLOAT, INT64, Model, Node, Value, joined, parts

RATE, HOP, WIDTH = 16000, 400, 8
SOUNDS = " !',-.:;?abdefhijklmnoprstuvwxzæçðøŋɐɑɒɔəɚɛɜɡɪɫɹɾʃʊʌʒʔʲˈˌːθᵻ̃"


def write_voice(
    folder: Path, name: str = "en_US-tiny-low", *, speakers: int = 1, loud: float = 0.5, **changes: Any
) -> Path:
    """NAME.onnx and NAME.onnx.json; `changes` go into the config. Without noise and `loud` it is silent."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"{name}.onnx"
    model.write_bytes(_graph(speakers, loud))
    model.with_name(model.name + ".json").write_text(json.dumps(config(speakers=speakers, **changes)))
    return model


def config(*, speakers: int = 1, **changes: Any) -> dict[str, Any]:
    known = {"_": [0], "^": [1], "$": [2]} | {sound: [3 + place] for place, sound in enumerate(SOUNDS)}
    names = {f"p{number}": number for number in range(speakers)} if speakers > 1 else {}
    return {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": known,
        "num_symbols": 256,
        "num_speakers": speakers,
        "speaker_id_map": names,
        "language": {"code": "en_US"},
        **changes,
    }


def _graph(speakers: int, loud: float) -> bytes:
    """Each sound is HOP samples of its own, stretched by the length scale, with some noise by the noise scale."""
    chance = np.random.default_rng(7)
    build = Builder()
    table = build.constant(0.2 * chance.standard_normal((256, WIDTH)), np.float32)
    spread = build.constant(loud * chance.standard_normal((WIDTH, HOP)), np.float32)
    known = build.op("Gather", table, "input")  # (1, T, WIDTH)
    if speakers > 1:
        known = build.op("Add", known, build.op("Gather", build.constant(np.eye(speakers, WIDTH), np.float32), "sid"))
    flat = build.op("Reshape", build.op("MatMul", known, spread), build.constant([-1]))
    noise, length, _ = (build.op("Gather", "scales", build.constant(place)) for place in range(3))
    count = build.op("Mul", build.op("Cast", build.op("Size", flat), to=FLOAT), length)
    steps = build.op("Range", build.constant(0.0, np.float32), count, build.constant(1.0, np.float32))
    places = build.op("Cast", build.op("Div", steps, length), to=INT64)
    last = build.op("Sub", build.op("Size", flat), build.constant(1))
    said = build.op("Gather", flat, build.op("Min", places, last))
    rough = build.scaled(build.op("Mul", build.op("RandomNormalLike", said), noise), 0.01)
    build.nodes.append(Node("Reshape", (build.op("Add", said, rough), build.constant([1, 1, 1, -1])), ("output",), {}))
    inputs = [Value("input", INT64, ("batch", "sounds")), Value("input_lengths", INT64, ("batch",))]
    inputs.append(Value("scales", FLOAT, (3,)))
    if speakers > 1:
        inputs.append(Value("sid", INT64, ("batch",)))
    outputs = (Value("output", FLOAT, ("batch", 1, 1, "time")),)
    return joined(parts(Model(8, 17, tuple(build.nodes), build.tensors, tuple(inputs), outputs, {})))
