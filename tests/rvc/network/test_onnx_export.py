"""Voices as graphs: onnxruntime computes of an export what our own network computes of the voice."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from rvc.device import watched
from rvc.errors import AssetError, Cancelled, VoiceFileError
from rvc.network import onnxvoice
from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.network.onnxvoice import OnnxVoice
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.parts import LoadedVoice
from rvc.pitch.track import coarse_bins
from rvc.voicefile.decoders import MRF
from rvc.voicefile.onnx import session
from rvc.voicefile.onnx.export import onnx_file
from rvc.voicefile.onnx.model import Attribute, Kind, Model, Node
from rvc.voicefile.onnx.session import OutOfMemory
from rvc.voicefile.voice import VoiceFile, open_stored_voice, read_voice, write_voice
from tests.rvc.golden import Arrays, golden
from tests.rvc.graphs import halved, make_model, model_of, save_model, webui
from tests.rvc.voices import make_voice

CPU = torch.device("cpu")
TOLERANCE = 1e-5
VOICES: dict[str, dict[str, Any]] = {
    "v2": {},
    "v1": {"version": "v1"},
    "no pitch": {"f0": False},
    "whisper": {"feature_width": 512, "metadata": {"embedder_model": "whisper-base"}},
    "five stages": {"version": "v1", "rate": 32000},
    "24k": {"rate": 24000, "n_heads": 4, "n_layers": 1, "kernel_size": 5, "wavenet_layers": 1},
    "48k": {"rate": 48000, "inter_channels": 8, "hidden_channels": 32, "speakers": 5},
    "odd rates": {"upsample_rates": [5, 5, 4, 4], "upsample_kernel_sizes": [11, 10, 8, 8]},
    "single convolutions": {
        "resblock": "2",
        "resblock_kernel_sizes": [3, 5],
        "resblock_dilation_sizes": [[1, 2], [2, 6]],
    },
}


def exported(voice: VoiceFile, path: Path) -> VoiceFile:
    path.write_bytes(b"".join(onnx_file(voice).pieces()))
    return read_voice(path)


def segment_of(voice: VoiceFile, frames: int = 150) -> Segment:
    """A glide with a gap in it, of the last speaker; some frames at both ends are context."""
    f0 = 150 + 60 * np.sin(np.arange(frames) / 15)
    f0[frames // 3 : frames // 3 + 20] = 0
    return Segment(
        phone=SeededNoise(3).normal(frames, voice.header.feature_width) * 0.3,
        coarse=torch.from_numpy(coarse_bins(f0)),
        f0=torch.from_numpy(f0.astype(np.float32)),
        speaker=voice.header.speakers - 1,
        keep=(11, frames - 7),
    )


def spoken(network: Synthesizer | OnnxVoice, segment: Segment, seed: int = 7) -> np.ndarray:
    return torch.cat(list(network(segment, *network.draw(SeededNoise(seed), len(segment.phone))))).numpy()


@pytest.fixture(params=VOICES)
def voice(request: pytest.FixtureRequest, tmp_path: Path) -> VoiceFile:
    return read_voice(make_voice(tmp_path / "a.pth", **VOICES[request.param]))


@pytest.fixture
def plain(tmp_path: Path) -> VoiceFile:
    return read_voice(make_voice(tmp_path / "plain.pth", speakers=2))


def test_an_export_speaks_as_the_voice_does(voice: VoiceFile, tmp_path: Path) -> None:
    graph, segment = exported(voice, tmp_path / "a.onnx"), segment_of(voice)
    expected = spoken(Synthesizer.load(voice, CPU), segment)
    assert expected.std() > 0.01
    np.testing.assert_allclose(spoken(OnnxVoice(graph, CPU, 1), segment), expected, atol=TOLERANCE)


def test_an_export_keeps_the_facts(voice: VoiceFile, tmp_path: Path) -> None:
    found, kept = exported(voice, tmp_path / "a.onnx").header, voice.header
    for name in ("f0", "sample_rate", "speakers", "feature_width", "encoder", "hop"):
        assert getattr(found, name) == getattr(kept, name), name
    assert found.vocoder == kept.vocoder


@pytest.mark.parametrize("kind", ["f0", "nof0"])
def test_an_export_speaks_as_the_reference_does(kind: str, tmp_path: Path) -> None:
    arrays = Arrays("synth_tiny_onnx.npz")
    graph = exported(read_voice(golden(f"tiny_onnx_{kind}.pth")), tmp_path / "a.onnx")
    tracks = [torch.from_numpy(arrays[name][0]) for name in ("phone", "pitch", "pitchf")]
    segment = Segment(tracks[0], tracks[1], tracks[2], int(arrays["sid"]), (0, 60))
    source = torch.from_numpy(arrays["noise_source"]).reshape(-1, 1)
    noise = DecoderNoise(source, torch.zeros(1)) if kind == "f0" else None
    audio = torch.cat(list(OnnxVoice(graph, CPU, 1)(segment, torch.from_numpy(arrays["noise_latent"]), noise)))
    np.testing.assert_allclose(audio, arrays[f"{kind}_stored_audio"], atol=1e-4)


def test_the_phase_of_a_long_tone_does_not_drift(plain: VoiceFile, tmp_path: Path) -> None:
    graph, frames = exported(plain, tmp_path / "a.onnx"), 1000  # w-okada's own graphs are off by 7e-3 after 60
    phone, steady = torch.zeros(frames, 768), torch.full((frames,), 200.0)
    segment = Segment(phone, torch.full((frames,), 60), steady, 0, (0, frames))
    expected = spoken(Synthesizer.load(plain, CPU), segment)
    np.testing.assert_allclose(spoken(OnnxVoice(graph, CPU, 1), segment), expected, atol=2e-4)


def test_out_and_in_again_is_the_same_graph(voice: VoiceFile, tmp_path: Path) -> None:
    once = exported(voice, tmp_path / "a.onnx")
    twice = exported(once, tmp_path / "b.onnx")
    assert twice.header == once.header
    assert np.array_equal(twice.tensors["graph"], once.tensors["graph"])
    assert (tmp_path / "b.onnx").read_bytes() == b"".join(onnx_file(twice).pieces())


def test_other_programs_run_the_export_as_it_is(plain: VoiceFile, tmp_path: Path) -> None:
    """Random steps are inside, so that a program need not know of noise; two runs differ a little."""
    for name, voice in (("a", plain), ("b", exported(plain, tmp_path / "a.onnx"))):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(b"".join(onnx_file(voice).pieces()))
        program = onnxruntime.InferenceSession(path)
        assert [value.name for value in program.get_inputs()] == ["feats", "p_len", "pitch", "pitchf", "sid"]
        feeds = {
            "feats": np.zeros((1, 30, 768), np.float32),
            "p_len": np.array([30]),
            "pitch": np.full((1, 30), 60),
            "pitchf": np.full((1, 30), 200, np.float32),
            "sid": np.array([1]),
        }
        (first,), (second,) = program.run(None, feeds), program.run(None, feeds)
        assert first.shape == second.shape == (12000,)
        assert 0 < np.abs(first - second).max() < 1.0
        stated = json.loads(program.get_modelmeta().custom_metadata_map["metadata"])
        assert (stated["samplingRate"], stated["f0"], stated["embChannels"]) == (40000, True, 768)
        assert (stated["modelType"], stated["version"], stated["embOutputLayer"]) == ("pyTorchRVCv2", "2.1", 12)


@pytest.mark.parametrize(("layout", "tolerance"), [(webui, TOLERANCE), (halved, 2e-2)])
def test_other_layouts_are_read(
    plain: VoiceFile, tmp_path: Path, layout: Callable[[Model], Model], tolerance: float
) -> None:
    graph = read_voice(save_model(layout(model_of(plain)), tmp_path / "a.onnx"))
    segment = segment_of(plain)
    expected = spoken(Synthesizer.load(plain, CPU), segment)
    np.testing.assert_allclose(spoken(OnnxVoice(graph, CPU, 1), segment), expected, atol=tolerance)
    again = exported(graph, tmp_path / "b.onnx")
    assert np.array_equal(again.tensors["graph"], graph.tensors["graph"])


def test_arrays_that_are_listed_as_inputs_too_are_no_inputs(plain: VoiceFile, tmp_path: Path) -> None:
    """Exporters of old wrote their weights among the inputs."""
    model = model_of(plain)
    table = model.inputs[0]._replace(name="emb_g.weight", dims=(2, 8))
    old = Model(**{**vars(model), "inputs": (*model.inputs, table)})
    assert read_voice(save_model(old, tmp_path / "a.onnx")).header.speakers == 2


def test_a_vocoder_without_an_onnx_form_is_named(tmp_path: Path) -> None:
    voice = read_voice(make_voice(tmp_path / "a.pth", vocoder=MRF))
    with pytest.raises(VoiceFileError, match="MRF HiFi-GAN has no ONNX form") as caught:
        onnx_file(voice)
    assert caught.value.code == "unsupported_vocoder"


def test_a_stored_graph_is_opened_and_run(plain: VoiceFile, tmp_path: Path) -> None:
    graph = exported(plain, tmp_path / "a.onnx")
    write_voice(graph, tmp_path / "a.safetensors")
    stored = open_stored_voice(tmp_path / "a.safetensors")
    assert stored.header == graph.header
    loaded = LoadedVoice.load(tmp_path / "a.safetensors", CPU, 1)
    assert loaded.nbytes > graph.tensors["graph"].nbytes
    segment = segment_of(plain)
    np.testing.assert_array_equal(spoken(loaded.network, segment), spoken(OnnxVoice(graph, CPU, 1), segment))


def test_what_we_keep_of_a_graph_cannot_be_uploaded(plain: VoiceFile, tmp_path: Path) -> None:
    """Somebody else could have put any graph in there."""
    write_voice(exported(plain, tmp_path / "a.onnx"), tmp_path / "a.safetensors")
    with pytest.raises(VoiceFileError, match=r"export it as \.onnx") as caught:
        read_voice(tmp_path / "a.safetensors")
    assert caught.value.code == "not_a_voice"


def test_what_cannot_be_had_is_said(plain: VoiceFile, tmp_path: Path) -> None:
    graph = exported(plain, tmp_path / "a.onnx")
    assert OnnxVoice(graph, CPU, 1).remarks("exact") == []
    assert ["fast changes nothing" in remark for remark in OnnxVoice(graph, CPU, 1).remarks("fast")] == [True]
    (remark,) = OnnxVoice(graph, torch.device("mps"), 1).remarks("exact")
    assert "run by the processor" in remark


def test_without_the_runtime_it_says_what_is_missing(
    plain: VoiceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = exported(plain, tmp_path / "a.onnx")
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    for use in (lambda: read_voice(tmp_path / "a.onnx"), lambda: OnnxVoice(graph, CPU, 1)):
        with pytest.raises(AssetError, match="need the package onnxruntime") as caught:
            use()
        assert caught.value.code == "needs_asset"


def test_a_graph_has_no_config(plain: VoiceFile, tmp_path: Path) -> None:
    header = exported(plain, tmp_path / "a.onnx").header
    with pytest.raises(VoiceFileError, match="not taken apart"):
        _ = header.geometry


def test_a_run_can_be_cancelled(plain: VoiceFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = OnnxVoice(exported(plain, tmp_path / "a.onnx"), CPU, 1)
    segment = segment_of(plain, frames=2500)
    monkeypatch.setattr(onnxvoice, "BEAT_SECONDS", 0.02)

    def cancel() -> Iterator[None]:
        raise Cancelled

    began = time.monotonic()
    spoken(network, segment)
    whole = time.monotonic() - began
    began = time.monotonic()
    with watched(cancel), pytest.raises(Cancelled):
        spoken(network, segment)
    assert time.monotonic() - began < 0.8 * whole


def test_a_graph_that_grows_out_of_bounds_is_ended(plain: VoiceFile, tmp_path: Path) -> None:
    """It asks for (frames)⁴ values: little in the trial, far more than there is in a conversion."""
    model = model_of(plain)
    last = model.nodes[-1]
    steps = (
        Node("Shape", ("feats",), ("sizes",), {}),
        Node("Slice", ("sizes", "one", "two"), ("frames",), {}),
        Node("Concat", ("frames",) * 4, ("many",), {"axis": Attribute(Kind.WHOLE, 0)}),
        Node("ConstantOfShape", ("many",), ("zeros",), {}),
        Node("ReduceMax", ("zeros",), ("zero",), {"keepdims": Attribute(Kind.WHOLE, 0)}),
        Node("Add", (last.inputs[0], "zero"), ("sum",), {}),
        replace(last, inputs=("sum",)),
    )
    tensors = {**model.tensors, "one": np.array([1]), "two": np.array([2])}
    grown = replace(model, nodes=(*model.nodes[:-1], *steps), tensors=tensors)
    network = OnnxVoice(read_voice(save_model(grown, tmp_path / "a.onnx")), CPU, 1)
    assert len(spoken(network, segment_of(plain, frames=40))) == 22 * 400
    with pytest.raises(OutOfMemory):
        spoken(network, segment_of(plain, frames=300))
    assert len(spoken(network, segment_of(plain, frames=40))) == 22 * 400


def test_the_same_voice_gives_the_same_bytes(tmp_path: Path) -> None:
    models = [make_model(tmp_path, seed=4) for _ in range(2)]
    first, second = (save_model(model, tmp_path / f"{place}.onnx") for place, model in enumerate(models))
    assert first.read_bytes() == second.read_bytes()
