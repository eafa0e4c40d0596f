"""ONNX voices against the reference's numbers: graphs of the two exporters, run with stored noise."""

import numpy as np
import pytest
import torch

from rvc.network.noise import DecoderNoise
from rvc.network.onnxvoice import OnnxVoice
from rvc.network.synthesizer import Segment
from rvc.voicefile.voice import read_voice
from tests.rvc.golden import Arrays, golden

CPU = torch.device("cpu")
GRAPHS = {
    ("tiny_rvc_webui", "zero"): ("f0_zero_audio", 1e-5),
    ("tiny_rvc_webui", "stored"): ("f0_stored_audio", 1e-5),
    ("tiny_wokada", "zero"): ("wokada_zero_audio", 1e-3),
    ("tiny_wokada", "stored"): ("wokada_stored_audio", 1e-3),
    ("tiny_wokada_fp16", "zero"): ("wokada_fp16_zero_audio", 1e-2),
    ("tiny_wokada_nof0", "zero"): ("nof0_zero_audio", 1e-5),
    ("tiny_wokada_nof0", "stored"): ("nof0_stored_audio", 1e-5),
}


def graph_voice(name: str) -> OnnxVoice:
    return OnnxVoice(read_voice(golden(f"{name}.onnx")), CPU, threads=1)


def segment_of(arrays: Arrays, frames: int = 60, keep: tuple[int, int] | None = None) -> Segment:
    tracks = [torch.from_numpy(arrays[name][0, :frames]) for name in ("phone", "pitch", "pitchf")]
    return Segment(tracks[0], tracks[1], tracks[2], int(arrays["sid"]), keep or (0, frames))


def spoken(voice: OnnxVoice, arrays: Arrays, noise: str) -> np.ndarray:
    """60 frames; noise: zero, or the stored draws of the golden file."""
    scale = {"zero": 0.0, "stored": 1.0}[noise]
    source = scale * torch.from_numpy(arrays["noise_source"]).reshape(-1, 1)
    decoder = DecoderNoise(source, torch.zeros(1)) if voice.header.f0 else None
    return torch.cat(list(voice(segment_of(arrays), scale * torch.from_numpy(arrays["noise_latent"]), decoder))).numpy()


@pytest.mark.parametrize(("graph", "noise"), GRAPHS)
def test_it_speaks_as_the_reference_does(graph: str, noise: str) -> None:
    key, tolerance = GRAPHS[graph, noise]
    arrays = Arrays("synth_tiny_onnx.npz")
    np.testing.assert_allclose(spoken(graph_voice(graph), arrays, noise), arrays[key], atol=tolerance)


@pytest.mark.parametrize(("frames", "key"), [(25, "f0_short_audio"), (8, "f0_tiny_audio")])
def test_it_takes_any_length(frames: int, key: str) -> None:
    arrays, voice = Arrays("synth_tiny_onnx.npz"), graph_voice("tiny_rvc_webui")
    silent = DecoderNoise(torch.zeros(frames * 400, 1), torch.zeros(1))
    tiles = list(voice(segment_of(arrays, frames), torch.zeros(1, 16, frames), silent))
    np.testing.assert_allclose(torch.cat(tiles), arrays[key], atol=1e-5)


@pytest.mark.parametrize("graph", sorted({graph for graph, _ in GRAPHS}))
def test_the_header_is_read_from_the_graph(graph: str) -> None:
    header = read_voice(golden(f"{graph}.onnx")).header
    assert (header.version, header.sample_rate, header.speakers, header.feature_width) == ("v2", 40000, 3, 768)
    assert header.f0 == ("nof0" not in graph)
    assert header.embedder == (None if "webui" in graph else "hubert_base")
    assert header.encoder == "contentvec"
