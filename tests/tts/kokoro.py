"""Kokoro's files at a few KB, with random weights: a real graph, a table of sounds, and voices."""

import json
from pathlib import Path

import numpy as np

from rvc.voicefile.onnx.building import Builder
from rvc.voicefile.onnx.model import FLOAT, INT64, Model, Node, Value, joined, parts

RATE, HOP, STYLE = 24000, 1200, 256
VOICES = ("af_heart", "bm_george")
SOUNDS = ';:,.!? "()AIOQWYabdefhijklmnoprstuvwxzæçðøŋɐɑɒɔəɛɜɡɪɫɹɾʃʊʌʒʔˈˌθᵻʧʤ̃'


def write_kokoro(
    folder: Path, *, tokens: str = "input_ids", voices: tuple[str, ...] = VOICES, loud: float = 0.3
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_quantized.onnx").write_bytes(_graph(tokens, loud))
    vocabulary = {sound: place + 1 for place, sound in enumerate(SOUNDS)}
    (folder / "config.json").write_text(json.dumps({"n_token": 178, "vocab": vocabulary}))
    for name in voices:
        (folder / f"{name}.bin").write_bytes(styles(name).tobytes())


def styles(name: str) -> np.ndarray:
    chance = np.random.default_rng(len(name))
    return (0.05 * chance.standard_normal((510, STYLE))).astype("<f4")


def _graph(tokens: str, loud: float) -> bytes:
    """Each sound is HOP / speed samples of its own, the more of a tone the more its row of the style has."""
    build = Builder()
    table = build.constant(loud * np.random.default_rng(9).standard_normal((178, HOP)), np.float32)
    flat = build.op("Reshape", build.op("Gather", table, tokens), build.constant([-1]))
    count = build.op("Div", build.op("Cast", build.op("Size", flat), to=FLOAT), build.op("Squeeze", "speed"))
    steps = build.op("Range", build.constant(0.0, np.float32), count, build.constant(1.0, np.float32))
    places = build.op("Cast", build.op("Mul", steps, build.op("Squeeze", "speed")), to=INT64)
    said = build.op("Gather", flat, places)
    build.nodes.append(Node("Add", (said, build.op("ReduceMean", "style", keepdims=0)), ("audio",), {}))
    inputs = (Value(tokens, INT64, (1, "sounds")), Value("style", FLOAT, (1, STYLE)), Value("speed", FLOAT, (1,)))
    return joined(
        parts(Model(8, 17, tuple(build.nodes), build.tensors, inputs, (Value("audio", FLOAT, ("time",)),), {}))
    )
