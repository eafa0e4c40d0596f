"""A stranger's ONNX file to a graph of ours: read, rewritten, and run for a few frames. In a throwaway child only."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile.config import FRAMES_PER_SECOND
from rvc.voicefile.container import map_file
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.limits import UPLOAD
from rvc.voicefile.onnx.graph import (
    FRAMES,
    REALS,
    SAMPLES,
    SPEAKER_TABLE,
    WEBUI,
    Feed,
    GraphFacts,
    Noise,
    feeds,
    layout_of,
    random_steps,
    type_of,
    with_inputs,
)
from rvc.voicefile.onnx.model import Array, Model, Node, Value, joined, parts
from rvc.voicefile.onnx.reader import read_model, unsupported
from rvc.voicefile.onnx.session import OutOfMemory, Session

SHORT, LONG = 12, 20
"""Frames of the two trial runs: what differs between them grows with the recording."""

LOWEST_RATE, HIGHEST_RATE = 8000, 192_000
MOST_SPEAKERS, MOST_CHANNELS, MOST_WIDTH = 65_536, 1024, 8192
METADATA = "metadata"  # where w-okada's export keeps its JSON


def read_graph(path: Path) -> tuple[VoiceHeader, Array]:
    """The header of an ONNX voice, and its graph as bytes that we wrote ourselves, with inputs for the noise.

    Raises VoiceFileError (see `read_model`; unsupported_graph, bad_config), or AssetError without onnxruntime.
    """
    model = read_model(map_file(path, longest=UPLOAD.file_bytes))
    layout, width = layout_of(model)
    speakers = _speakers(model)
    steps = random_steps(model)
    facts, hop = _tried(model, steps, layout, width)
    stated = _stated(model.metadata.get(METADATA, ""))
    rate = hop * FRAMES_PER_SECOND
    if stated.get("samplingRate", rate) != rate:
        raise VoiceFileError("bad_config", f"The ONNX file states another sampling rate than it has, {rate} Hz.")
    written = joined(parts(_ours(model, facts.noise)))
    _run(Session(written, trial=True), facts, width, LONG, hop)
    f0 = "pitchf" in facts.types
    header = VoiceHeader.of_graph(
        facts.to_json(), stated, f0=f0, sample_rate=rate, speakers=speakers, feature_width=width
    )
    return header, np.frombuffer(written, np.uint8)


def _speakers(model: Model) -> int:
    table = model.tensors.get(SPEAKER_TABLE)
    if table is None or len(table.shape) != 2 or not 0 < table.shape[0] <= MOST_SPEAKERS:
        raise unsupported("it has no table of speakers (emb_g.weight)")
    return int(table.shape[0])


def _stated(text: str) -> dict[str, Any]:
    """What w-okada's export says of itself; an empty mapping where it is not readable."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if type(found) is dict else {}


def _ours(model: Model, noise: tuple[Noise, ...]) -> Model:
    """What is kept: the graph with its noise as inputs. The facts live beside it."""
    kept = with_inputs(model, noise)
    return Model(kept.ir_version, kept.opset, kept.nodes, kept.tensors, kept.inputs, kept.outputs, {})


def _tried(model: Model, steps: list[Node], layout: str, width: int) -> tuple[GraphFacts, int]:
    """The facts of a graph and its samples per frame, from two runs that show what its random steps give."""
    real = next(value.type for value in model.inputs if value.name in ("phone", "feats"))
    shown = tuple(Value(step.outputs[0], type_of(step, real), None) for step in steps)
    seen = Model(model.ir_version, model.opset, model.nodes, model.tensors, model.inputs, (*model.outputs, *shown), {})
    session = Session(joined(parts(seen)), trial=True)
    types = {value.name: value.type for value in model.inputs}
    latent = _channels(model) if layout == WEBUI else 0
    facts = GraphFacts(layout, types, latent, ())
    short, long = (_run(session, facts, width, frames, 1) for frames in (SHORT, LONG))
    hop = _hop(len(short[0]), len(long[0]))
    noise = tuple(
        Noise(step.outputs[0], step.op, value.type, _shape(one.shape, other.shape, hop), "".join(step.inputs[:1]))
        for step, value, one, other in zip(steps, shown, short[1:], long[1:], strict=True)
    )
    _check_noise(noise, layout)
    if layout != WEBUI:
        latent = next((_latent_channels(one) for one in noise if one.role == "latent"), 0)
    return GraphFacts(layout, types, latent, noise), hop


def _channels(model: Model) -> int:
    """Latent channels of WebUI's layout, whose caller brings the noise."""
    dims = next(value.dims for value in model.inputs if value.name == "rnd") or ()
    channels = dims[1]
    if not isinstance(channels, int) or not 0 < channels <= MOST_CHANNELS:
        raise unsupported("it does not say how many channels its noise has")
    return channels


def _run(session: Session, facts: GraphFacts, width: int, frames: int, hop: int) -> list[Array]:
    """One run on made-up input: all outputs, the samples flat. They must be finite."""
    if width > MOST_WIDTH:
        raise unsupported(f"its features are {width} wide")
    chance = np.random.default_rng(frames)
    latent = chance.standard_normal((facts.latent, frames))
    f0 = np.where(np.arange(frames) % 5 > 0, 200.0, 0.0)
    coarse = np.where(f0 > 0, 64, 1)
    phone = 0.1 * chance.standard_normal((frames, width))
    feed = Feed(phone, coarse, f0, 0, latent, chance.standard_normal(frames * hop))
    try:
        samples, *others = session.run(feeds(facts, feed, hop))
    except OutOfMemory as error:
        raise VoiceFileError(
            "too_complex", "Running this ONNX voice took too much memory, so it was refused."
        ) from error
    if samples.ndim not in (1, 3) or samples.size != max(samples.shape) or samples.dtype.kind != "f":
        raise unsupported("what it gives is not one channel of samples")
    if not np.isfinite(samples).all():
        raise VoiceFileError("non_finite", "The ONNX voice gives samples that are not numbers.")
    return [samples.reshape(-1), *others]


def _hop(short: int, long: int) -> int:
    hop = short // SHORT
    rate = hop * FRAMES_PER_SECOND
    if (hop * SHORT, hop * LONG) != (short, long) or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise unsupported("it does not give a whole number of samples for each frame of 10 ms")
    return hop


def _shape(short: tuple[int, ...], long: tuple[int, ...], hop: int) -> tuple[int | str, ...]:
    """The shape of a random step as a rule, from what it was in the two runs."""
    sizes = {(SHORT, LONG): FRAMES, (SHORT * hop, LONG * hop): SAMPLES}
    if len(short) != len(long):
        raise unsupported("its noise has no fixed shape")
    pairs = zip(short, long, strict=True)
    shape = tuple(one if one == other else sizes.get((one, other), "") for one, other in pairs)
    if "" in shape or sum(isinstance(size, str) for size in shape) > 1:
        raise unsupported("its noise has no fixed shape")
    return shape


def _check_noise(noise: tuple[Noise, ...], layout: str) -> None:
    """At most one draw for the prior and one for the excitation, shaped as RVC has them."""
    for role, wanted in (("latent", FRAMES), ("source", SAMPLES)):
        found = [one for one in noise if one.role == role]
        most = 0 if role == "latent" and layout == WEBUI else 1
        if len(found) > most or any(wanted not in one.shape or one.type not in REALS for one in found):
            raise unsupported("its noise is not that of an RVC voice")
        if role == "source" and any(np.prod([s for s in one.shape if isinstance(s, int)]) != 1 for one in found):
            raise unsupported("its excitation has more tones than the exporters know")


def _latent_channels(noise: Noise) -> int:
    channels = noise.shape[1] if len(noise.shape) == 3 else 0
    if noise.shape != (1, channels, FRAMES) or not isinstance(channels, int) or not 0 < channels <= MOST_CHANNELS:
        raise unsupported("its noise is not that of an RVC voice")
    return channels
