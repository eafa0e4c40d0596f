"""The decoder: HiFi-GAN (2010.05646), for F0 voices with a neural source-filter excitation (NSF 1810.11946)."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvc.device import doubles
from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.voicefile.config import Geometry
from rvc.voicefile.decoders import noise_kernel

SLOPE = 0.1
FINAL_SLOPE = 0.01  # the framework's default, which the reference uses before its last convolution
SINE_AMPLITUDE = 0.1
VOICED_NOISE = 0.003
UNVOICED_NOISE = SINE_AMPLITUDE / 3
TILE_SECONDS = 2
TAIL_FRAMES = 100  # of a tile that the later stages take at once

Decoding = Callable[[int, int], Tensor]
"""Decodes the frames start..stop of a prepared segment into (frames·hop,) samples in (−1, 1)."""


def context_frames(geometry: Geometry, first_stage: int = 0) -> int:
    """Frames on either side that can reach a frame's samples: tiles with this context decode exactly.

    first_stage: the stage that is entered; 0 counts the convolution before it too.
    """
    reach, rate = (0.0, math.prod(geometry.rates[:first_stage])) if first_stage else (4.0, 1)
    for stage in range(first_stage, len(geometry.rates)):
        up, kernel = geometry.rates[stage], geometry.kernels[stage]
        reach += math.ceil(kernel / up) / 2 / rate
        rate *= up
        plain = 1 if geometry.resblock == "1" else 0  # each dilated convolution has a plain one after it
        blocks = zip(geometry.resblock_kernels, geometry.resblock_dilations, strict=True)
        reach += max((k - 1) // 2 * sum(d + plain for d in dilations) for k, dilations in blocks) / rate
    return math.ceil(reach + 3 / rate)


class Conv(nn.Conv1d):
    """A convolution over time of (1, C, 1, T): as fast as this machine's library knows how, see Decoder.pack."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.unsqueeze(2)
        return F.conv2d(x, weight, self.bias, (1, *self.stride), (0, *self.padding), (1, *self.dilation))


class Upsample(nn.ConvTranspose1d):
    """A transposed convolution over time of (1, C, 1, T)."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        weight = self.weight.unsqueeze(2)
        padding, extra = (0, *self.padding), (0, *self.output_padding)
        return F.conv_transpose2d(x, weight, self.bias, (1, *self.stride), padding, extra)


class Source(nn.Module):
    """The excitation: sines at multiples of F0, each with its own noise, weighted, summed and squashed."""

    def __init__(self, sample_rate: int, hop: int, tones: int = 1) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.hop = hop
        self.l_linear = nn.Linear(tones, 1)

    def forward(self, f0: Tensor, noise: DecoderNoise) -> Tensor:
        """f0 (T,) Hz, 0 unvoiced; noise of T·hop samples. Returns (1, 1, T·hop) in (−1, 1).

        The phase runs on through the segment and is summed in double precision; unvoiced frames add nothing to it.
        """
        place = doubles(f0.device)
        cycles = f0.to(place).double() / self.sample_rate
        before = torch.cumsum(cycles * self.hop, 0) - cycles * self.hop
        steps = torch.arange(1, self.hop + 1, dtype=torch.float64, device=place)
        phase = (before[:, None] + cycles[:, None] * steps).flatten()
        voiced = (f0 > 0).float().repeat_interleave(self.hop)
        total = self.l_linear.bias.expand(len(phase)).clone()
        for tone, weight in enumerate(self.l_linear.weight[0]):  # one by one: all at once would take nine times as much
            turns = phase * (tone + 1) + noise.phases[tone].to(place)
            total += weight * sine_and_noise(turns, voiced, noise.source[:, tone])
        return torch.tanh(total)[None, None]


def sine_and_noise(phase: Tensor, voiced: Tensor, noise: Tensor) -> Tensor:
    """A sine where the voice is voiced and noise everywhere, louder where it is not.

    phase (L,) cycles, double; voiced (L,) 0 or 1; noise (L,) standard normal. Returns (L,) float32.
    """
    sine = SINE_AMPLITUDE * torch.sin(2 * math.pi * (phase % 1.0)).float().to(voiced.device)
    return sine * voiced + noise * (VOICED_NOISE * voiced + UNVOICED_NOISE * (1 - voiced))


class ResBlock1(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair added to its input."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...], slope: float = SLOPE) -> None:
        super().__init__()
        self.slope = slope
        half = (kernel - 1) // 2
        self.convs1 = nn.ModuleList(Conv(channels, channels, kernel, padding=half * d, dilation=d) for d in dilations)
        self.convs2 = nn.ModuleList(Conv(channels, channels, kernel, padding=half) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = plain(F.leaky_relu_(dilated(F.leaky_relu(x, self.slope)), self.slope)).add_(x)
        return x


class ResBlock2(nn.Module):
    """Dilated convolutions, each added to its input."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = (kernel - 1) // 2
        self.convs = nn.ModuleList(Conv(channels, channels, kernel, padding=half * d, dilation=d) for d in dilations)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = conv(F.leaky_relu(x, SLOPE)).add_(x)
        return x


class Decoder(nn.Module):
    """What the synthesizer needs of a decoder; samples come in tiles, so that memory does not grow with a segment."""

    def __init__(self, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.layout = torch.contiguous_format

    def pack(self, device: torch.device) -> None:
        """Lay the weights out channel-last on a CPU: a sixth faster there, the same numbers to 5e-7."""
        self.layout = torch.channels_last if device.type == "cpu" else torch.contiguous_format
        for module in self.modules():
            if isinstance(module, Conv | Upsample):
                packed = module.weight.unsqueeze(2).contiguous(memory_format=self.layout)
                module.weight = nn.Parameter(packed.squeeze(2), requires_grad=False)

    def file_name(self, name: str) -> str:
        """What the voice file calls the tensor that the synthesizer calls `name`."""
        return name

    def draw(self, noise: SeededNoise, frames: int) -> DecoderNoise | None:
        """The noise for a segment of this many frames; None for a voice without F0."""
        raise NotImplementedError

    def prepare(self, z: Tensor, speaker: Tensor, f0: Tensor, noise: DecoderNoise | None) -> Decoding:
        """Do what is done once for a segment: z (1, inter, T), speaker (1, gin, 1), f0 (T,) Hz, 0 unvoiced."""
        raise NotImplementedError


class Generator(Decoder):
    """From the latent (1, inter, T) to samples (T·hop,). F0 voices take an excitation, the others none."""

    def __init__(self, geometry: Geometry, *, f0: bool, tones: int = 1) -> None:
        super().__init__(geometry.hop)
        self.tones = tones if f0 else 0
        self.rate = geometry.rates[0]
        self.context, self.tail_context = context_frames(geometry), context_frames(geometry, 1)
        block = ResBlock1 if geometry.resblock == "1" else ResBlock2
        channels = [geometry.width >> (stage + 1) for stage in range(len(geometry.rates))]
        shapes = list(zip(geometry.resblock_kernels, geometry.resblock_dilations, strict=True))
        self.blocks_per_stage = len(shapes)
        self.conv_pre = Conv(geometry.inter, geometry.width, 7, padding=3)
        self.cond = nn.Conv1d(geometry.gin, geometry.width, 1)
        self.ups = nn.ModuleList(
            Upsample(2 * c, c, k, u, padding=(k - u + 1) // 2, output_padding=(k - u) % 2)
            for c, u, k in zip(channels, geometry.rates, geometry.kernels, strict=True)
        )
        self.resblocks = nn.ModuleList(block(c, kernel, dilations) for c in channels for kernel, dilations in shapes)
        if f0:
            self.m_source = Source(geometry.sample_rate, geometry.hop, tones)
            self.noise_convs = nn.ModuleList(
                _noise_conv(geometry.rates, stage, count) for stage, count in enumerate(channels)
            )
        self.conv_post = Conv(channels[-1], 1, 7, padding=3, bias=False)

    def draw(self, noise: SeededNoise, frames: int) -> DecoderNoise | None:
        """The noise for a segment: that of the source."""
        return DecoderNoise.draw(noise, frames * self.hop, self.tones) if self.tones else None

    def prepare(self, z: Tensor, speaker: Tensor, f0: Tensor, noise: DecoderNoise | None) -> Decoding:
        """Make the excitation of the segment; the rest goes tile by tile.

        The first stage, slow and far-sighted, takes a whole tile with `context` frames on both sides; the later ones,
        which see little but have many samples, parts of it that fit the cache, with `tail_context` frames. Cutting
        changes nothing beyond float rounding.
        """
        source = None if noise is None else self.m_source(f0, noise)[:, :, None]

        def part(first: int, last: int) -> Tensor | None:
            return None if source is None else source[..., first * self.hop : last * self.hop]

        def decode(start: int, stop: int) -> Tensor:
            first, last = max(0, start - self.context), min(z.shape[2], stop + self.context)
            early = self.enter(z[:, :, first:last], speaker, part(first, last))
            samples = []
            for a in range(start, stop, TAIL_FRAMES):
                b = min(stop, a + TAIL_FRAMES)
                low, high = max(first, a - self.tail_context), min(last, b + self.tail_context)
                late = self.leave(early[..., (low - first) * self.rate : (high - first) * self.rate], part(low, high))
                samples.append(late[(a - low) * self.hop : (b - low) * self.hop])
            return torch.cat(samples)

        return decode

    def forward(self, z: Tensor, speaker: Tensor, source: Tensor | None) -> Tensor:
        """z (1, inter, T), speaker (1, gin, 1), source (1, 1, T·hop). Returns (T·hop,) in (−1, 1)."""
        excitation = None if source is None else source.unsqueeze(2)
        return self.leave(self.enter(z, speaker, excitation), excitation)

    def enter(self, z: Tensor, speaker: Tensor, source: Tensor | None) -> Tensor:
        """What the first stage makes of the latent, (1, width/2, 1, T·rate)."""
        x = self.conv_pre(z.unsqueeze(2).contiguous(memory_format=self.layout)) + self.cond(speaker).unsqueeze(2)
        return self._stage(0, x, source)

    def leave(self, x: Tensor, source: Tensor | None) -> Tensor:
        """The later stages and the last convolution; (T·hop,) in (−1, 1)."""
        for stage in range(1, len(self.ups)):
            x = self._stage(stage, x, source)
        with torch.autocast(x.device.type, enabled=False):  # the last step decides the resolution of the samples
            return torch.tanh(self.conv_post(F.leaky_relu(x.float(), FINAL_SLOPE)))[0, 0, 0]

    def _stage(self, stage: int, x: Tensor, source: Tensor | None) -> Tensor:
        x = self.ups[stage](F.leaky_relu(x, SLOPE))
        if source is not None:
            x += self.noise_convs[stage](source)
        first = stage * self.blocks_per_stage
        total, *others = (block(x) for block in self.resblocks[first : first + self.blocks_per_stage])
        for output in others:
            total += output
        mean: Tensor = total.div_(self.blocks_per_stage)
        return mean


def _noise_conv(rates: tuple[int, ...], stage: int, channels: int) -> Conv:
    """The convolution that brings the excitation down to the rate of a stage."""
    stride, kernel = math.prod(rates[stage + 1 :]), noise_kernel(rates, stage)
    return Conv(1, channels, kernel, stride, padding=max(0, kernel - stride) // 2)
