"""The synthesizer against the reference's numbers, stage by stage."""

import numpy as np
import pytest
import torch

from rvc.network import generator, synthesizer
from rvc.network.generator import context_frames
from rvc.network.noise import DecoderNoise
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.voicefile.folding import fold_weight_norm
from rvc.voicefile.voice import read_voice
from tests.rvc.golden import Arrays, golden

CPU = torch.device("cpu")
MODELS = {
    "tiny_v2_40k_f0": "synth_tiny_v2_40k_f0.npz",
    "tiny_v1_40k_f0": "synth_tiny_v1_40k_f0.npz",
    "tiny_v2_40k_nof0": "synth_tiny_v2_40k_nof0.npz",
}


def network_of(model: str) -> Synthesizer:
    return Synthesizer.load(read_voice(golden(f"{model}.pth")), CPU)


def segment_of(arrays: Arrays, frames: int = 60) -> Segment:
    keys = arrays.file.files
    return Segment(
        phone=torch.from_numpy(arrays["phone"][0, :frames]),
        coarse=torch.from_numpy(arrays["pitch"][0, :frames])
        if "pitch" in keys
        else torch.ones(frames, dtype=torch.long),
        f0=torch.from_numpy(arrays["pitchf"][0, :frames]) if "pitchf" in keys else torch.zeros(frames),
        speaker=int(arrays["sid"]),
        keep=(0, frames),
    )


def silent(samples: int, tones: int = 1) -> DecoderNoise:
    return DecoderNoise(torch.zeros(samples, tones), torch.zeros(tones))


def noises(arrays: Arrays, *, f0: bool) -> tuple[torch.Tensor, DecoderNoise | None]:
    latent = torch.from_numpy(arrays["noise_latent"])
    source = torch.from_numpy(arrays["noise_source"]).reshape(-1, 1) if f0 else None
    return latent, None if source is None else DecoderNoise(source, torch.zeros(1))


@pytest.mark.parametrize("model", MODELS)
def test_it_encodes_features_and_pitch(model: str) -> None:
    arrays, network = Arrays(MODELS[model]), network_of(model)
    segment = segment_of(arrays)
    with torch.inference_mode():
        mean, log_deviation = network.enc_p(segment.phone, segment.coarse)
    np.testing.assert_allclose(mean, arrays["m_p"], atol=1e-4)
    np.testing.assert_allclose(log_deviation, arrays["logs_p"], atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_it_reverses_the_flow(model: str) -> None:
    arrays, network = Arrays(MODELS[model]), network_of(model)
    noise = torch.from_numpy(arrays["noise_latent"])
    with torch.inference_mode():
        z_p = torch.from_numpy(arrays["m_p"] + np.exp(arrays["logs_p"]) * arrays["noise_latent"] * 0.66666)
        z = network.flow(z_p, network.emb_g.weight[int(arrays["sid"])][None, :, None])
    assert noise.shape == z.shape
    np.testing.assert_allclose(z, arrays["stored_z"], atol=1e-4)


@pytest.mark.parametrize("model", ["tiny_v2_40k_f0", "tiny_v1_40k_f0"])
def test_it_makes_the_excitation(model: str) -> None:
    arrays, network = Arrays(MODELS[model]), network_of(model)
    with torch.inference_mode():
        source = network.dec.m_source(segment_of(arrays).f0, noises(arrays, f0=True)[1])
    np.testing.assert_allclose(source[0, 0, ::5], arrays.thinned("stored_source", 5), atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_it_speaks(model: str) -> None:
    arrays, network = Arrays(MODELS[model]), network_of(model)
    audio = torch.cat(list(network(segment_of(arrays), *noises(arrays, f0="nof0" not in model))))
    np.testing.assert_allclose(audio, arrays["stored_audio"], atol=1e-4)


def test_it_speaks_without_noise() -> None:
    arrays, network = Arrays(MODELS["tiny_v2_40k_f0"]), network_of("tiny_v2_40k_f0")
    audio = torch.cat(list(network(segment_of(arrays), torch.zeros(1, 24, 60), silent(24000))))
    np.testing.assert_allclose(audio[::5], arrays.thinned("zero_audio", 5), atol=1e-4)


@pytest.mark.parametrize(("kind", "frames"), [("f0", 60), ("nof0", 60), ("nof0", 25)])
def test_it_speaks_with_another_geometry(kind: str, frames: int) -> None:
    arrays, network = Arrays("synth_tiny_onnx.npz"), network_of(f"tiny_onnx_{kind}")
    segment = segment_of(arrays, frames)
    latent, source = noises(arrays, f0=kind == "f0")
    if frames == 25:
        latent = torch.zeros(1, 16, 25)
    audio = torch.cat(list(network(segment, latent, source)))
    expected = arrays[f"{kind}_stored_audio" if frames == 60 else "nof0_short_audio"]
    np.testing.assert_allclose(audio, expected, atol=1e-4)


def test_another_speaker_sounds_otherwise() -> None:
    arrays, network = Arrays(MODELS["tiny_v2_40k_f0"]), network_of("tiny_v2_40k_f0")
    segment = segment_of(arrays)
    other = Segment(segment.phone, segment.coarse, segment.f0, 0, segment.keep)
    audio = torch.cat(list(network(other, *noises(arrays, f0=True))))
    assert np.sqrt(np.mean((audio.numpy() - arrays["stored_audio"]) ** 2)) > 0.01


@pytest.mark.parametrize("keep", [(0, 20), (13, 47), (30, 31), (40, 60)])
def test_a_part_equals_the_whole(keep: tuple[int, int]) -> None:
    arrays, network = Arrays(MODELS["tiny_v2_40k_f0"]), network_of("tiny_v2_40k_f0")
    segment = segment_of(arrays)
    part = Segment(segment.phone, segment.coarse, segment.f0, segment.speaker, keep)
    latent, source = noises(arrays, f0=True)
    whole = torch.cat(list(network(segment, latent, source)))
    audio = torch.cat(list(network(part, latent, source)))
    np.testing.assert_allclose(audio, whole[keep[0] * 400 : keep[1] * 400], atol=2e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_cutting_a_tile_changes_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays, network = Arrays(MODELS["tiny_v2_40k_f0"]), network_of("tiny_v2_40k_f0")
    segment, given = segment_of(arrays), noises(arrays, f0=True)
    whole = torch.cat(list(network(segment, *given)))
    monkeypatch.setattr(generator, "TAIL_FRAMES", 7)
    monkeypatch.setattr(synthesizer, "TILE_SECONDS", 0.17)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    cut = torch.cat(list(network(segment, *given)))
    torch.set_num_threads(before)
    np.testing.assert_allclose(cut, whole, atol=2e-6)


def test_the_context_is_the_receptive_field() -> None:
    """Nothing beyond the stated context reaches a sample; one frame inside it still does."""
    network = network_of("tiny_v2_40k_f0")
    context = context_frames(read_voice(golden("tiny_v2_40k_f0.pth")).header.geometry)
    assert context == 13
    assert context_frames(read_voice(golden("tiny_v2_40k_f0.pth")).header.geometry, first_stage=1) == 2
    z, speaker = torch.randn(1, 24, 60), torch.zeros(1, 16, 1)
    with torch.inference_mode():
        plain = network.dec(z, speaker, torch.zeros(1, 1, 24000))
        z[:, :, 30 + context :] += 1
        beyond = network.dec(z, speaker, torch.zeros(1, 1, 24000))
    assert torch.equal(plain[: 30 * 400], beyond[: 30 * 400])
    assert not torch.equal(plain[: 42 * 400], beyond[: 42 * 400])


def test_the_fast_decoder_is_close() -> None:
    arrays, network = Arrays(MODELS["tiny_v2_40k_f0"]), network_of("tiny_v2_40k_f0")
    audio = torch.cat(list(network(segment_of(arrays), *noises(arrays, f0=True), torch.bfloat16))).float().numpy()
    error = np.sqrt(np.mean((audio - arrays["stored_audio"]) ** 2) / np.mean(arrays["stored_audio"] ** 2))
    assert error < 0.02


def test_weight_norm_of_a_zero_vector_is_zero() -> None:
    folded = dict(fold_weight_norm({"a.weight_g": np.ones((2, 1, 1)), "a.weight_v": np.zeros((2, 3, 1))}))
    assert not folded["a.weight"].any()


def test_it_holds_one_copy_of_each_weight() -> None:
    voice = read_voice(golden("tiny_v2_40k_f0.pth"))
    network = Synthesizer.load(voice, CPU)
    folded = {name.replace(".weight_g", ".weight").replace(".weight_v", ".weight") for name in voice.tensors}
    assert folded == set(network.state_dict())
