"""A stored voice as an .onnx file for other programs, in the layout of w-okada's export, written piece by piece.

Inputs: feats (1, T, width) float32, p_len (1,), for voices with F0 pitch (1, T) and pitchf (1, T) Hz, sid (1,).
Output: audio (L,) float32 in (−1, 1). p_len is there for those programs; the graph takes T from feats.
"""

import json
from dataclasses import replace
from typing import Any

from rvc.errors import VoiceFileError
from rvc.voicefile.decoders import HIFIGAN
from rvc.voicefile.export import Export, export_of
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.onnx.graph import WOKADA, GraphFacts, restored
from rvc.voicefile.onnx.model import FLOAT, INT64, Model, Node, Value, parts
from rvc.voicefile.onnx.network import NetworkBuilder
from rvc.voicefile.onnx.reader import read_model
from rvc.voicefile.speakers import FIELD
from rvc.voicefile.voice import GRAPH, VoiceFile

IR_VERSION, OPSET = 8, 17
FLAT, NESTED = "2.1", "2"  # how w-okada tells an output of (L,) from one of (1, 1, L)
LAYER_OF_WIDTH = {256: 9}
LAST_LAYER = 12
METADATA = "metadata"


def onnx_file(voice: VoiceFile) -> Export:
    """The voice as a graph: written from its weights, or the one it came as, with random steps of its own again.

    Raises VoiceFileError("unsupported_vocoder") for vocoders that no ONNX layout knows.
    """
    if voice.header.graph is not None:
        return export_of(parts(_as_it_came(voice)))
    if voice.header.vocoder != HIFIGAN:
        raise VoiceFileError(
            "unsupported_vocoder", f"A voice with the vocoder {voice.header.vocoder} has no ONNX form; take the .pth."
        )
    return export_of(parts(_written(voice)))


def _as_it_came(voice: VoiceFile) -> Model:
    facts = GraphFacts.from_json(voice.header.graph or {})
    model = restored(read_model(voice.tensors[GRAPH].data), facts.noise)
    stated: dict[str, Any] = dict(voice.header.metadata)
    if voice.header.embedder is not None:
        stated["embedder"] = voice.header.embedder
    if voice.header.speaker_names:
        stated[FIELD] = dict(voice.header.speaker_names)
    if facts.layout != WOKADA or not stated:
        return model
    flat = len(model.outputs[0].dims or ()) == 1
    stated |= {"version": FLAT if flat else NESTED, "f0": voice.header.f0}
    return replace(model, metadata={METADATA: json.dumps(stated)})


def _written(voice: VoiceFile) -> Model:
    header = voice.header
    builder = NetworkBuilder(header, voice.tensors)
    samples = builder.build()
    names = [("pitch", INT64), ("pitchf", FLOAT)] if header.f0 else []
    inputs = (
        Value("feats", FLOAT, (1, "frames", header.feature_width)),
        Value("p_len", INT64, (1,)),
        *(Value(name, kind, (1, "frames")) for name, kind in names),
        Value("sid", INT64, (1,)),
    )
    nodes = (*builder.nodes, Node("Identity", (samples,), ("audio",), {}))
    outputs = (Value("audio", FLOAT, ("samples",)),)
    return Model(IR_VERSION, OPSET, nodes, builder.tensors, inputs, outputs, {METADATA: json.dumps(_stated(header))})


def _stated(header: VoiceHeader) -> dict[str, Any]:
    """What w-okada's program reads about a graph."""
    kind = f"pyTorchRVC{'v2' if header.version == 'v2' else ''}{'' if header.f0 else 'Nono'}"
    named = {FIELD: dict(header.speaker_names)} if header.speaker_names else {}
    return {
        "application": "Voiceproject",
        "version": FLAT,
        "modelType": kind,
        "samplingRate": header.sample_rate,
        "f0": header.f0,
        "embChannels": header.feature_width,
        "embedder": header.embedder or ("hubert_base" if header.encoder == "contentvec" else header.encoder),
        "embOutputLayer": LAYER_OF_WIDTH.get(header.feature_width, LAST_LAYER),
        "useFinalProj": header.feature_width in LAYER_OF_WIDTH,
        **named,
    }
