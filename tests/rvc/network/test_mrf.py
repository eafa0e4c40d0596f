"""Voices with Applio's MRF HiFi-GAN: against the reference's numbers, and in tiles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rvc.network.mrf import MRFGenerator
from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.voicefile.decoders import mrf_name
from rvc.voicefile.folding import fold_weight_norm
from rvc.voicefile.voice import open_stored_voice, read_voice, write_voice
from tests.rvc.golden import Arrays, golden
from tests.rvc.network.test_synthesizer import segment_of, silent
from tests.rvc.voices import FULL_DECODER, make_voice

CPU = torch.device("cpu")


@pytest.fixture
def arrays() -> Arrays:
    return Arrays("synth_tiny_applio_mrf_40k.npz")


@pytest.fixture
def segment() -> Segment:
    """The inputs of the standard voice: the reference run took the same ones."""
    return segment_of(Arrays("synth_tiny_v2_40k_f0.npz"))


@pytest.fixture
def network() -> Synthesizer:
    return Synthesizer.load(read_voice(golden("tiny_applio_mrf_40k.pth")), CPU)


def stored(arrays: Arrays) -> tuple[torch.Tensor, DecoderNoise]:
    phases = torch.from_numpy(arrays["noise_phase"].copy())
    phases[0] = 0
    return torch.from_numpy(arrays["noise_latent"]), DecoderNoise(torch.from_numpy(arrays["noise_source"]), phases)


def test_it_speaks(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    audio = torch.cat(list(network(segment, *stored(arrays))))
    np.testing.assert_allclose(audio, arrays["stored_audio"], atol=1e-4)


def test_it_speaks_without_noise(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    audio = torch.cat(list(network(segment, torch.zeros(1, 24, 60), silent(24000, 9))))
    np.testing.assert_allclose(audio[::5], arrays.thinned("zero_audio", 5), atol=1e-4)


def test_the_source_has_nine_tones(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    with torch.inference_mode():
        plain = network.dec.m_source(segment.f0, silent(24000, 9))[0, 0]
        np.testing.assert_allclose(plain[::5], arrays.thinned("zero_source", 5), atol=1e-4)
        noisy = network.dec.m_source(segment.f0, stored(arrays)[1])[0, 0]
    np.testing.assert_allclose(noisy[::5], arrays.thinned("stored_source", 5), atol=1e-4)


def test_the_first_stage_is_the_references(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    stages: list[torch.Tensor] = []
    network.dec.ups[1].register_forward_pre_hook(lambda module, taken: stages.append(taken[0]))
    list(network(segment, torch.zeros(1, 24, 60), silent(24000, 9)))
    expected = torch.nn.functional.leaky_relu(torch.from_numpy(arrays.thinned("zero_stage0", 4, axis=1)), 0.1)
    np.testing.assert_allclose(stages[0][:, ::4, 0], expected, atol=1e-4)


@pytest.mark.parametrize("keep", [(0, 20), (13, 47), (30, 31), (40, 60)])
def test_a_part_equals_the_whole(network: Synthesizer, segment: Segment, keep: tuple[int, int]) -> None:
    latent, noise = network.draw(SeededNoise(5), 60)
    whole = torch.cat(list(network(segment, latent, noise)))
    part = Segment(segment.phone, segment.coarse, segment.f0, segment.speaker, keep)
    audio = torch.cat(list(network(part, latent, noise)))
    np.testing.assert_allclose(audio, whole[keep[0] * 400 : keep[1] * 400], atol=2e-6)


def test_it_draws_as_the_reference_does(network: Synthesizer) -> None:
    """Latent, start phases, then the tones' noise; the fundamental starts at 0."""
    latent, noise = network.draw(SeededNoise(5), 3)
    torch.manual_seed(5)
    assert torch.equal(latent, torch.randn(1, 24, 3))
    phases = torch.rand(9)
    assert noise is not None
    assert noise.phases[0] == 0
    assert torch.equal(noise.phases[1:], phases[1:])
    assert torch.equal(noise.source, torch.randn(1200, 9))


def test_every_tensor_has_a_place() -> None:
    voice = read_voice(golden("tiny_applio_mrf_40k.pth"))
    network = Synthesizer.load(voice, CPU)
    assert {mrf_name(name, 3) for name in network.state_dict()} == {name for name, _ in fold_weight_norm(voice.tensors)}


@pytest.mark.parametrize("rate", [24000, 32000, 40000, 48000])
def test_a_full_size_decoder_speaks(tmp_path: Path, rate: int) -> None:
    made = read_voice(make_voice(tmp_path / "a.pth", rate=rate, vocoder="MRF HiFi-GAN", **FULL_DECODER))
    assert len(made.tensors) == 460
    write_voice(made, tmp_path / "a.safetensors")
    voice = open_stored_voice(tmp_path / "a.safetensors")
    network = Synthesizer.load(voice, CPU)
    values = {24000: 14.88, 32000: 15.01, 40000: 14.49, 48000: 15.67}[rate]
    assert sum(array.size for name, array in voice.tensors.items() if name.startswith("dec.")) == pytest.approx(
        values * 1e6, abs=5e3
    )
    assert isinstance(network.dec, MRFGenerator)
    segment = Segment(torch.randn(8, 768), torch.ones(8, dtype=torch.long), torch.full((8,), 150.0), 0, (1, 6))
    audio = torch.cat(list(network(segment, *network.draw(SeededNoise(1), 8))))
    assert audio.shape == (rate // 20,)
    assert audio.isfinite().all()
    assert audio.std() > 0
