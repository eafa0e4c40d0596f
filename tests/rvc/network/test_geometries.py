"""Voices of other geometries against the formulas written out plainly, in double precision, from the file's tensors."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.voicefile.voice import VoiceFile, read_voice
from tests.rvc.voices import make_voice

FRAMES = 40
GEOMETRIES = {
    "v1 32k, five stages": {"version": "v1", "rate": 32000},
    "v1 48k, five stages": {"version": "v1", "rate": 48000},
    "v2 48k": {"rate": 48000},
    "v2 24k": {"rate": 24000},
    "44.1k, odd rates": {
        "rate": 40000,
        "config": {"upsample_rates": [7, 7, 3, 3], "upsample_kernel_sizes": [14, 14, 6, 6], "sampling_rate": 44100},
    },
    "resblock 2, three stages, deep flow": {
        "rate": 25600,
        "wavenet_layers": 4,
        "config": {
            "resblock": "2",
            "resblock_kernel_sizes": [3, 5, 7],
            "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
        },
    },
    "no F0": {"rate": 40000, "f0": False},
    "MRF HiFi-GAN 40k": {"rate": 40000, "vocoder": "MRF HiFi-GAN"},
    "MRF HiFi-GAN 24k, v1": {"rate": 24000, "vocoder": "MRF HiFi-GAN", "version": "v1"},
    "one head, wide kernel": {"rate": 40000, "config": {"n_heads": 1, "kernel_size": 5}},
}


class Plain:
    """The synthesizer as the reference section describes it, one formula after the other."""

    def __init__(self, voice: VoiceFile) -> None:
        self.w = {name: torch.from_numpy(np.array(value)).double() for name, value in voice.tensors.items()}
        self.g, self.f0 = voice.header.geometry, voice.header.f0

    def weight(self, name: str) -> Tensor:
        if f"{name}.weight" in self.w:
            return self.w[f"{name}.weight"]
        v = self.w[f"{name}.weight_v"]
        return self.w[f"{name}.weight_g"] * v / v.flatten(1).norm(dim=1).view(-1, 1, 1)

    def conv(self, name: str, x: Tensor, dilation: int = 1, stride: int = 1, padding: int | None = None) -> Tensor:
        weight = self.weight(name)
        same = dilation * (weight.shape[2] - 1) // 2
        bias = self.w.get(f"{name}.bias")
        return F.conv1d(x, weight, bias, stride, same if padding is None else padding, dilation)

    def attention(self, name: str, x: Tensor) -> Tensor:
        q, k, v = (self.conv(f"{name}.conv_{part}", x)[0].view(self.g.heads, -1, FRAMES).mT for part in "qkv")
        q = q / math.sqrt(q.shape[2])
        scores = q @ k.mT
        for i in range(FRAMES):
            for j in range(max(0, i - 10), min(FRAMES, i + 11)):
                scores[:, i, j] += q[:, i] @ self.w[f"{name}.emb_rel_k"][0, j - i + 10]
        p = scores.softmax(2)
        out = p @ v
        for i in range(FRAMES):
            for j in range(max(0, i - 10), min(FRAMES, i + 11)):
                out[:, i] += p[:, i, j, None] * self.w[f"{name}.emb_rel_v"][0, j - i + 10]
        return self.conv(f"{name}.conv_o", out.mT.reshape(1, -1, FRAMES))

    def norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x.mT, x.shape[1:2], self.w[f"{name}.gamma"], self.w[f"{name}.beta"], 1e-5).mT

    def prior(self, segment: Segment) -> tuple[Tensor, Tensor]:
        x = F.linear(segment.phone.double(), self.w["enc_p.emb_phone.weight"], self.w["enc_p.emb_phone.bias"])
        if self.f0:
            x = x + self.w["enc_p.emb_pitch.weight"][segment.coarse]
        x = F.leaky_relu(x * math.sqrt(self.g.hidden), 0.1).T[None]
        left, right = (self.g.kernel - 1) // 2, self.g.kernel // 2
        for layer in range(self.g.layers):
            name = f"enc_p.encoder.{{}}.{layer}"
            x = self.norm(name.format("norm_layers_1"), x + self.attention(name.format("attn_layers"), x))
            ffn = name.format("ffn_layers")
            y = self.conv(f"{ffn}.conv_1", F.pad(x, (left, right)), padding=0).relu()
            y = self.conv(f"{ffn}.conv_2", F.pad(y, (left, right)), padding=0)
            x = self.norm(name.format("norm_layers_2"), x + y)
        mean, log_deviation = self.conv("enc_p.proj", x).chunk(2, 1)
        return mean, log_deviation

    def flow(self, x: Tensor, speaker: Tensor, layers: int) -> Tensor:
        for index in (6, 4, 2, 0):
            name = f"flow.flows.{index}"
            still, moved = x.flip(1).chunk(2, 1)
            h, skip = self.conv(f"{name}.pre", still), torch.zeros(())
            biases = self.conv(f"{name}.enc.cond_layer", speaker).chunk(layers, 1)
            for layer in range(layers):
                a, b = (self.conv(f"{name}.enc.in_layers.{layer}", h) + biases[layer]).chunk(2, 1)
                r = self.conv(f"{name}.enc.res_skip_layers.{layer}", a.tanh() * b.sigmoid())
                if layer < layers - 1:
                    h, r = h + r[:, : self.g.hidden], r[:, self.g.hidden :]
                skip = skip + r
            x = torch.cat([still, moved - self.conv(f"{name}.post", skip)], 1)
        return x

    def source(self, f0: Tensor, noise: DecoderNoise) -> Tensor:
        rate, hop = self.g.sample_rate, self.g.hop
        upsampled = f0.double().repeat_interleave(hop)
        sine = 0.1 * torch.sin(2 * math.pi * torch.cumsum(upsampled / rate, 0))
        voiced = (upsampled > 0).double()
        mixed = sine * voiced + noise.source[:, 0].double() * (0.003 * voiced + 0.1 / 3 * (1 - voiced))
        line = "dec.m_source.l_linear"
        return torch.tanh(mixed * self.w[f"{line}.weight"].item() + self.w[f"{line}.bias"].item())[None, None]

    def decode(self, z: Tensor, speaker: Tensor, source: Tensor | None) -> Tensor:
        x = self.conv("dec.conv_pre", z) + self.conv("dec.cond", speaker)
        for stage, (u, k) in enumerate(zip(self.g.rates, self.g.kernels, strict=True)):
            weight, bias = self.weight(f"dec.ups.{stage}"), self.w[f"dec.ups.{stage}.bias"]
            padding = u // 2 + 1 if u % 2 else (k - u) // 2
            x = F.conv_transpose1d(F.leaky_relu(x, 0.1), weight, bias, u, padding, u % 2)
            if source is not None:
                stride = math.prod(self.g.rates[stage + 1 :])
                kernel = self.weight(f"dec.noise_convs.{stage}").shape[2]
                x = x + self.conv(f"dec.noise_convs.{stage}", source, 1, stride, (kernel - stride) // 2)
            count = len(self.g.resblock_kernels)
            x = sum((self.block(count * stage + j, j, x) for j in range(count)), torch.zeros(())) / count
        return torch.tanh(self.conv("dec.conv_post", F.leaky_relu(x, 0.01)))[0, 0]

    def block(self, number: int, kind: int, x: Tensor) -> Tensor:
        name = f"dec.resblocks.{number}"
        for index, dilation in enumerate(self.g.resblock_dilations[kind]):
            if self.g.resblock == "2":
                x = x + self.conv(f"{name}.convs.{index}", F.leaky_relu(x, 0.1), dilation)
            else:
                y = F.leaky_relu(self.conv(f"{name}.convs1.{index}", F.leaky_relu(x, 0.1), dilation), 0.1)
                x = x + self.conv(f"{name}.convs2.{index}", y)
        return x


class PlainMRF(Plain):
    """The decoder that Applio calls MRF HiFi-GAN: nine tones, weight norm and a bias at both ends, other names."""

    def source(self, f0: Tensor, noise: DecoderNoise) -> Tensor:
        upsampled = f0.double().repeat_interleave(self.g.hop)[:, None]
        cycles = noise.phases.double() + torch.cumsum(upsampled * torch.arange(1, 10) / self.g.sample_rate, 0)
        voiced = (upsampled > 0).double()
        mixed = 0.1 * torch.sin(2 * math.pi * cycles) * voiced
        mixed = mixed + noise.source.double() * (0.003 * voiced + 0.1 / 3 * (1 - voiced))
        line = "dec.m_source.l_linear"
        return torch.tanh(mixed @ self.w[f"{line}.weight"][0] + self.w[f"{line}.bias"])[None, None]

    def decode(self, z: Tensor, speaker: Tensor, source: Tensor | None) -> Tensor:
        assert source is not None
        x = self.conv("dec.conv_pre", z) + self.conv("dec.cond", speaker)
        for stage, (u, k) in enumerate(zip(self.g.rates, self.g.kernels, strict=True)):
            weight, bias = self.weight(f"dec.upsamples.{stage}"), self.w[f"dec.upsamples.{stage}.bias"]
            x = F.conv_transpose1d(F.leaky_relu(x, 0.1), weight, bias, u, (k - u) // 2)
            stride = math.prod(self.g.rates[stage + 1 :])
            kernel = self.w[f"dec.noise_convs.{stage}.weight"].shape[2]
            x = x + self.conv(f"dec.noise_convs.{stage}", source, 1, stride, (kernel - stride) // 2)
            x = sum((self.fused(f"dec.mrfs.{stage}.{j}", x) for j in range(3)), torch.zeros(())) / 3
        return torch.tanh(self.conv("dec.conv_post", F.leaky_relu(x, 0.01)))[0, 0]

    def fused(self, name: str, x: Tensor) -> Tensor:
        for layer, dilation in enumerate((1, 3, 5)):
            y = F.leaky_relu(self.conv(f"{name}.layers.{layer}.conv1", F.leaky_relu(x, 0.1), dilation), 0.1)
            x = x + self.conv(f"{name}.layers.{layer}.conv2", y)
        return x


def plain_of(voice: VoiceFile) -> Plain:
    return PlainMRF(voice) if "dec.mrfs.0.0.layers.0.conv1.bias" in voice.tensors else Plain(voice)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_it_equals_the_formulas(name: str, tmp_path: Path) -> None:
    settings = dict(GEOMETRIES[name])
    config = settings.pop("config", {})
    voice = read_voice(make_voice(tmp_path / "voice.pth", speakers=2, **settings, **config))
    network, plain = Synthesizer.load(voice, torch.device("cpu")), plain_of(voice)
    random = torch.Generator().manual_seed(5)
    f0 = torch.linspace(90, 300, FRAMES)
    f0[10:15] = 0
    segment = Segment(
        phone=torch.randn(FRAMES, voice.header.feature_width, generator=random),
        coarse=torch.randint(1, 256, (FRAMES,), generator=random),
        f0=f0,
        speaker=1,
        keep=(0, FRAMES),
    )
    latent, noise = network.draw(SeededNoise(5), FRAMES)

    mean, log_deviation = plain.prior(segment)
    speaker = plain.w["emb_g.weight"][1][None, :, None]
    z = plain.flow(mean + log_deviation.exp() * latent * 0.66666, speaker, voice.wavenet_layers)
    expected = plain.decode(z, speaker, None if noise is None else plain.source(f0, noise))

    audio = torch.cat(list(network(segment, latent, noise)))
    assert len(audio) == FRAMES * voice.header.hop
    np.testing.assert_allclose(audio, expected, atol=1e-4)
    assert float(expected.std()) > 1e-3
