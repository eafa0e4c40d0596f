"""Voices with Applio's RefineGAN: against the reference's numbers, and in tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rvc.network import refinegan, synthesizer
from rvc.network.noise import DecoderNoise, SeededNoise, TimedNoise
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.voicefile.folding import fold_weight_norm
from rvc.voicefile.voice import open_stored_voice, read_voice, write_voice
from tests.rvc.golden import Arrays, golden
from tests.rvc.network.test_synthesizer import segment_of
from tests.rvc.voices import FULL_DECODER, make_voice

CPU = torch.device("cpu")


class StoredNoise(TimedNoise):
    """The additive noise of the reference run, which repeats after 101 values; zeros where there is none."""

    def __init__(self, *stages: np.ndarray) -> None:
        self.stages = stages

    def normal(self, place: tuple[int, ...], channels: int, rate: int, frames: tuple[int, int]) -> torch.Tensor:
        time = np.arange(frames[0] * rate, frames[1] * rate) % 101
        if not self.stages:
            return torch.zeros(channels, len(time))
        stage, branch, moment = place
        return torch.from_numpy(self.stages[stage][branch, moment][:, time])


@pytest.fixture
def arrays() -> Arrays:
    return Arrays("synth_tiny_applio_refinegan_32k.npz")


@pytest.fixture
def segment() -> Segment:
    """The inputs of the standard voice: the reference run took the same ones."""
    return segment_of(Arrays("synth_tiny_v2_40k_f0.npz"))


@pytest.fixture
def network() -> Synthesizer:
    return Synthesizer.load(read_voice(golden("tiny_applio_refinegan_32k.pth")), CPU)


def zero() -> tuple[torch.Tensor, DecoderNoise]:
    return torch.zeros(1, 16, 60), DecoderNoise(torch.zeros(19200, 1), torch.zeros(1), StoredNoise())


def stored(arrays: Arrays) -> tuple[torch.Tensor, DecoderNoise]:
    inner = StoredNoise(arrays["noise_add0"], arrays["noise_add1"])
    source = torch.from_numpy(arrays["noise_source"])[:, None]
    return torch.from_numpy(arrays["noise_latent"]), DecoderNoise(source, torch.zeros(1), inner)


def test_it_speaks(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    audio = torch.cat(list(network(segment, *stored(arrays))))
    np.testing.assert_allclose(audio, arrays["stored_audio"], atol=1e-4)


def test_it_speaks_without_noise(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    audio = torch.cat(list(network(segment, *zero())))
    np.testing.assert_allclose(audio[::5], arrays.thinned("zero_audio", 5), atol=1e-4)


def test_the_noise_inside_is_heard(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    latent, noise = stored(arrays)
    quiet = DecoderNoise(noise.source, noise.phases, StoredNoise())
    audio = torch.cat(list(network(segment, latent, quiet)))
    assert np.abs(audio.numpy() - arrays["stored_audio"]).max() > 1e-3


def test_f0_glides(segment: Segment, arrays: Arrays) -> None:
    track = refinegan.stretch(segment.f0.double()[None, None, None], 320)[0, 0, 0]
    np.testing.assert_allclose(track[::5], arrays.thinned("f0_up", 5), atol=1e-4)


def test_the_source_is_the_references(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    with torch.inference_mode():
        plain, noisy = (network.dec.m_source(segment.f0, noise)[0, 0] for _, noise in (zero(), stored(arrays)))
    np.testing.assert_allclose(plain[::5], arrays.thinned("zero_source", 5), atol=1e-4)
    np.testing.assert_allclose(noisy[::5], arrays.thinned("stored_source", 5), atol=1e-4)


def test_a_gap_is_shorter_by_a_frame() -> None:
    track = refinegan.stretch(torch.tensor([9.0, 0, 0, 0, 9])[None, None, None], 320)
    assert (track == 0).sum() == 640


@pytest.mark.parametrize("up", [2, 6, 8, 10, 12, 16, 20])
def test_the_low_pass_has_the_references_taps(arrays: Arrays, up: int) -> None:
    np.testing.assert_allclose(refinegan.low_pass_taps(up), arrays[f"taps_{up}"], atol=1e-7)


@pytest.mark.parametrize("up", [1, 2, 3, 10])
@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_the_low_pass_is_the_sum_of_its_definition(up: int, count: int) -> None:
    x = torch.randn(1, 3, 1, count * up)
    taps, width = refinegan.low_pass_taps(up), refinegan.half_width(up)
    padded = F.pad(x[0, :, 0].double(), (width, width + up))
    expected = [padded[:, up * q : up * q + len(taps)] @ taps for q in range(count)]
    np.testing.assert_allclose(refinegan.low_pass(x, up)[0, :, 0], torch.stack(expected, 1), atol=1e-5)


@pytest.mark.parametrize("up", [1, 2, 3, 7, 10])
def test_stretching_is_linear_with_half_pixel_centres(up: int) -> None:
    x = torch.randn(1, 3, 1, 20, dtype=torch.float64)
    expected = F.interpolate(x[:, :, 0], scale_factor=up, mode="linear", align_corners=False)
    np.testing.assert_allclose(refinegan.stretch(x, up)[:, :, 0], expected, atol=1e-12)


def test_the_way_down_is_the_references(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    with torch.inference_mode():
        levels = network.dec.down(network.dec.m_source(segment.f0, zero()[1]))
    assert [level.shape[1:] for level in levels] == [(16, 1, 19200), (32, 1, 960), (64, 1, 60)]
    np.testing.assert_allclose(levels[-1][:, :, 0], arrays["zero_frame_rate"], atol=1e-4)


def test_the_first_stage_is_the_references(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    stages: list[torch.Tensor] = []
    network.dec.upsample_conv_blocks[0].register_forward_hook(lambda module, taken, made: stages.append(made.clone()))
    list(network(segment, *zero()))
    np.testing.assert_allclose(stages[0][:, ::4, 0], arrays.thinned("zero_stage0", 4, axis=1), atol=1e-4)


def long_segment(frames: int) -> Segment:
    phone = torch.randn(frames, 768, generator=torch.Generator().manual_seed(1))
    f0 = 150 + 50 * torch.sin(torch.arange(frames) / 9)
    f0[frames // 3 : frames // 3 + 7] = 0
    return Segment(phone, torch.full((frames,), 90), f0, 1, (0, frames))


def test_tiles_equal_the_whole(network: Synthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise included: it belongs to its time, not to its tile."""
    segment = long_segment(130)
    noise = network.draw(SeededNoise(3), 130)
    monkeypatch.setattr(synthesizer, "TILE_SECONDS", 100)
    (whole,) = network(segment, *noise)
    monkeypatch.setattr(synthesizer, "TILE_SECONDS", 0.43)
    tiles = list(network(segment, *noise))
    assert len(tiles) == 4
    np.testing.assert_allclose(torch.cat(tiles), whole, atol=2e-6)
    for first, last in ((0, 9), (111, 124), (129, 130)):
        part = Segment(segment.phone, segment.coarse, segment.f0, segment.speaker, (first, last))
        audio = torch.cat(list(network(part, *noise)))
        np.testing.assert_allclose(audio, whole[first * 320 : last * 320], atol=2e-6)


def test_the_contexts_are_the_receptive_fields(network: Synthesizer) -> None:
    """Nothing beyond the stated context reaches a sample; a little inside it still does."""
    decoder: Any = network.dec
    z, source = torch.randn(1, 16, 200), torch.randn(1, 1, 200 * 320)
    speaker, (_, noise) = torch.zeros(1, 256, 1), zero()
    with torch.inference_mode():
        levels = decoder.down(source.clone())
        source[:, :, (100 + decoder.reach) * 320 :] += 1e6
        beyond = decoder.down(source.clone())
        source[:, :, (100 + decoder.reach - 15) * 320 :] += 1e6  # the low pass fades out
        within = decoder.down(source)
        plain = decoder(z, speaker, [level.clone() for level in levels], noise.inner, (0, 200))
        z[:, :, 100 + decoder.context :] += 1
        changed = decoder(z, speaker, levels, noise.inner, (0, 200))
    assert torch.equal(levels[-1][..., :100], beyond[-1][..., :100])
    assert not torch.equal(levels[-1][..., :100], within[-1][..., :100])
    assert torch.equal(plain[: 100 * 320], changed[: 100 * 320])
    assert not torch.equal(plain[: 103 * 320], changed[: 103 * 320])


def test_noise_belongs_to_its_time() -> None:
    noise = TimedNoise(5)
    whole = noise.normal((1, 2, 0), 8, 20, (0, 60))
    assert whole.shape == (8, 1200)
    assert abs(whole.std() - 1) < 0.05
    for first, last in ((0, 1), (9, 11), (13, 47), (59, 60)):
        assert torch.equal(noise.normal((1, 2, 0), 8, 20, (first, last)), whole[:, first * 20 : last * 20])
    for other in (noise.normal((1, 2, 1), 8, 20, (0, 60)), TimedNoise(6).normal((1, 2, 0), 8, 20, (0, 60))):
        assert not torch.equal(other, whole)
    assert not torch.equal(whole[:, :200], whole[:, 200:400])


def test_it_draws_as_the_reference_does(network: Synthesizer) -> None:
    """Latent, then the noise of the source; what is drawn inside has a seed of its own."""
    latent, noise = network.draw(SeededNoise(5), 3)
    torch.manual_seed(5)
    assert torch.equal(latent, torch.randn(1, 16, 3))
    assert noise is not None
    assert torch.equal(noise.source, torch.randn(960, 1))
    again = network.draw(SeededNoise(5), 3)[1]
    assert again is not None
    assert again.inner is not None
    assert noise.inner is not None
    assert again.inner.seed == noise.inner.seed


def test_every_tensor_has_a_place() -> None:
    voice = read_voice(golden("tiny_applio_refinegan_32k.pth"))
    network = Synthesizer.load(voice, CPU)
    assert set(network.state_dict()) == {name for name, _ in fold_weight_norm(voice.tensors)}


def test_the_fast_decoder_is_close(network: Synthesizer, segment: Segment, arrays: Arrays) -> None:
    audio = torch.cat(list(network(segment, *stored(arrays), torch.bfloat16))).float().numpy()
    error = np.sqrt(np.mean((audio - arrays["stored_audio"]) ** 2) / np.mean(arrays["stored_audio"] ** 2))
    assert error < 0.02


@pytest.mark.parametrize("rate", [24000, 32000, 40000, 48000])
def test_a_full_size_decoder_speaks(tmp_path: Path, rate: int) -> None:
    made = read_voice(make_voice(tmp_path / "a.pth", rate=rate, vocoder="RefineGAN", **FULL_DECODER))
    assert len(made.tensors) == 485
    write_voice(made, tmp_path / "a.safetensors")
    voice = open_stored_voice(tmp_path / "a.safetensors")
    decoder = sum(array.size for name, array in voice.tensors.items() if name.startswith("dec."))
    assert decoder == pytest.approx(13.23e6, abs=5e3)
    network = Synthesizer.load(voice, CPU)
    segment = Segment(torch.randn(8, 768), torch.ones(8, dtype=torch.long), torch.full((8,), 150.0), 0, (1, 6))
    audio = torch.cat(list(network(segment, *network.draw(SeededNoise(1), 8))))
    assert audio.shape == (rate // 20,)
    assert audio.isfinite().all()
    assert audio.std() > 0
