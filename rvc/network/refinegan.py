"""The decoder that Applio calls RefineGAN: the excitation is brought down to frames, and back up with the latent.

After RefineGAN (2111.00962), as Applio has it since 3.3. The low pass is the windowed sinc of common resamplers.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvc.device import doubles
from rvc.network.generator import Conv, Decoder, Decoding, ResBlock1, sine_and_noise
from rvc.network.noise import DecoderNoise, SeededNoise, TimedNoise
from rvc.voicefile.config import Geometry
from rvc.voicefile.decoders import REFINE_CHANNELS, REFINE_DILATIONS, REFINE_KERNELS

SLOPE = 0.2
ROLLOFF, BETA, LOBES = 0.9475937167399596, 14.769656459379492, 64
FIR_BLOCK = 64


class GlidingSource(nn.Module):
    """The excitation: one sine at an F0 that glides from frame to frame, with noise, weighted and squashed."""

    def __init__(self, sample_rate: int, hop: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.hop = hop
        self.merge = nn.Sequential(nn.Linear(1, 1, bias=False))

    def forward(self, f0: Tensor, noise: DecoderNoise) -> Tensor:
        """f0 (T,) Hz, 0 unvoiced; noise of T·hop samples. Returns (1, 1, T·hop) in (−1, 1).

        F0 glides from and to 0 at the edges of a gap, so a gap is shorter by a frame than it was. The phase runs on
        through the segment and is summed in double precision.
        """
        track = stretch(f0.to(doubles(f0.device)).double()[None, None, None], self.hop)[0, 0, 0]
        phase = torch.cumsum(track / self.sample_rate, 0)
        wave = sine_and_noise(phase, (track > 0).float().to(f0.device), noise.source[:, 0])
        weighted: Tensor = self.merge(wave[:, None])
        return torch.tanh(weighted).T[None]


class NoisyActivation(nn.Module):
    """Noise with a gain for each channel, then a leaky ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """x (1, C, 1, T), noise (C, T) standard normal."""
        added = (self.weight[:, None] * noise)[None, :, None]
        return F.leaky_relu_(x + added.to(x.dtype), SLOPE)


class Branch(nn.Sequential):
    """A residual block between two noisy activations."""

    def __init__(self, channels: int, kernel: int) -> None:
        block = ResBlock1(channels, kernel, REFINE_DILATIONS, SLOPE)
        super().__init__(NoisyActivation(channels), block, NoisyActivation(channels))

    def forward(self, x: Tensor, draw: Callable[[int], Tensor]) -> Tensor:  # type: ignore[override]
        """x (1, C, 1, T); draw(0) and draw(1) are the noise before and after, (C, T)."""
        mixed: Tensor = self[2](self[1](self[0](x, draw(0))), draw(1))
        return mixed


class Stage(nn.Module):
    """What follows an upsampling: one convolution, then the mean of three branches."""

    def __init__(self, geometry: Geometry, number: int) -> None:
        super().__init__()
        self.number = number
        self.up = geometry.rates[number]
        self.rate = math.prod(geometry.rates[: number + 1])
        self.channels = geometry.width >> (number + 1)
        side = REFINE_CHANNELS << (len(geometry.rates) - 1 - number)
        self.input_conv = Conv(2 * self.channels + side, self.channels, 7, padding=3)
        self.blocks = nn.ModuleList(Branch(self.channels, kernel) for kernel in REFINE_KERNELS)

    def forward(self, x: Tensor, noise: TimedNoise, frames: tuple[int, int]) -> Tensor:
        """x (1, channels in, 1, T·rate) of the frames first..last -> (1, channels, 1, T·rate)."""

        def draw(branch: int, moment: int) -> Tensor:
            return noise.normal((self.number, branch, moment), self.channels, self.rate, frames).to(x.device)

        x = self.input_conv(x)
        total = torch.zeros_like(x)
        for branch, block in enumerate(self.blocks):
            total += block(x, partial(draw, branch))
        return total.div_(len(self.blocks))


class RefineGAN(Decoder):
    """From the latent (1, inter, T) and an excitation at the rate of the samples to samples (T·hop,)."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__(geometry.hop)
        self.rates = geometry.rates
        self.context, self.reach = up_context(geometry.rates), down_context(geometry.rates)
        half = geometry.width // 2
        self.m_source = GlidingSource(geometry.sample_rate, geometry.hop)
        self.pre_conv = Conv(1, REFINE_CHANNELS, 7, padding=3)
        channels = [REFINE_CHANNELS << stage for stage in range(len(geometry.rates))]
        self.downsample_blocks = nn.ModuleList(Conv(c, 2 * c, 7, padding=3) for c in channels)
        self.mel_conv = Conv(geometry.inter, half, 7, padding=3)
        self.cond = nn.Conv1d(geometry.gin, half, 1)
        self.upsample_conv_blocks = nn.ModuleList(Stage(geometry, number) for number in range(len(geometry.rates)))
        self.conv_post = Conv(geometry.width >> len(geometry.rates), 1, 7, padding=3, bias=False)

    def draw(self, noise: SeededNoise, frames: int) -> DecoderNoise:
        """The noise of the source, and a seed for the noise inside the network."""
        return DecoderNoise.draw(noise, frames * self.hop, 1, inner=True)

    def prepare(self, z: Tensor, speaker: Tensor, f0: Tensor, noise: DecoderNoise | None) -> Decoding:
        """Make the excitation of the segment; the ways down and up go tile by tile, each with the context it needs.

        The way down reaches further (`reach` frames, most of it the low pass at the rate of frames) than the way up
        (`context` frames), but is a thirtieth of the work: doing parts of it twice is cheaper than to hold it for a
        whole segment, at 10 MB a second.
        """
        if noise is None or noise.inner is None:
            raise ValueError("RefineGAN takes noise for its source and for its inside")
        inner, frames, source = noise.inner, z.shape[2], self.m_source(f0, noise)

        def decode(start: int, stop: int) -> Tensor:
            first, last = max(0, start - self.context), min(frames, stop + self.context)
            begin, end = max(0, first - self.reach), min(frames, last + self.reach)
            levels = self.down(source[:, :, begin * self.hop : end * self.hop])
            rates = [level.shape[3] // (end - begin) for level in levels]
            cropped = [
                level[..., (first - begin) * rate : (last - begin) * rate]
                for level, rate in zip(levels, rates, strict=True)
            ]
            samples: Tensor = self(z[:, :, first:last], speaker, cropped, inner, (first, last))
            return samples[(start - first) * self.hop : (stop - first) * self.hop]

        return decode

    def down(self, source: Tensor) -> list[Tensor]:
        """The excitation (1, 1, T·hop) at every rate from the samples' to the frames', (1, C, 1, ·) each."""
        with torch.autocast(source.device.type, enabled=False):  # pitch hangs on it, and it costs little
            x = self.pre_conv(source.unsqueeze(2))
            levels = []
            for conv, up in zip(self.downsample_blocks, reversed(self.rates), strict=True):
                levels.append(F.leaky_relu_(x, SLOPE))
                x = conv(low_pass(levels[-1], up))
            return [*levels, x]

    def forward(
        self, z: Tensor, speaker: Tensor, levels: list[Tensor], noise: TimedNoise, frames: tuple[int, int]
    ) -> Tensor:
        """z (1, inter, T) of the frames first..last, speaker (1, gin, 1), levels as `down` gives them for the same.

        Returns (T·hop,) in (−1, 1).
        """
        *sides, x = levels
        latent = self.mel_conv(z.unsqueeze(2).contiguous(memory_format=self.layout))
        x = torch.cat((latent + self.cond(speaker).unsqueeze(2), x), 1)
        for stage, side in zip(self.upsample_conv_blocks, reversed(sides), strict=True):
            x = torch.cat((stretch(F.leaky_relu_(x, SLOPE), stage.up), side), 1)  # type: ignore[arg-type]
            x = stage(x.contiguous(memory_format=self.layout), noise, frames)
        with torch.autocast(x.device.type, enabled=False):  # the last step decides the resolution of the samples
            return torch.tanh(self.conv_post(F.leaky_relu_(x.float(), SLOPE)))[0, 0, 0]


def up_context(rates: tuple[int, ...]) -> int:
    """Frames on either side whose latent can reach a frame's samples."""
    blocks = max((kernel - 1) // 2 * sum(d + 1 for d in REFINE_DILATIONS) for kernel in REFINE_KERNELS)
    reach, rate = 3.0, 1
    for up in rates:
        reach += 1 / rate
        rate *= up
        reach += (3 + blocks) / rate
    return math.ceil(reach + 3 / rate) + 1


def down_context(rates: tuple[int, ...]) -> int:
    """Frames on either side whose excitation can reach a frame on the way down."""
    reach, rate = 0.0, 1
    for up in rates:
        reach += 3 / rate
        rate *= up
        reach += (half_width(up) + up) / rate
    return math.ceil(reach + 3 / rate) + 1


def stretch(x: Tensor, up: int) -> Tensor:
    """Linear interpolation of (1, C, 1, T) to (1, C, 1, T·up): samples lie in the middle of their time, edges hold."""
    held = torch.cat((x[..., :1], x, x[..., -1:]), 3)
    weights = (torch.arange(up, device=x.device) + 0.5 * (up % 2 == 0)).to(x.dtype) / up
    between = torch.lerp(held[..., :-1, None], held[..., 1:, None], weights)
    first = (up + 1) // 2
    return between.flatten(3)[..., first : first + up * x.shape[3]]


def half_width(up: int) -> int:
    """How many samples before its own the low pass for a rate sees."""
    return math.ceil(LOBES * up / ROLLOFF)


def low_pass_taps(up: int) -> Tensor:
    """The 2·half_width + up weights of the low pass, double: a sinc under a Kaiser window."""
    steps = torch.arange(-half_width(up), half_width(up) + up, dtype=torch.float64)
    time = (steps * ROLLOFF / up).clamp(-LOBES, LOBES)
    window = torch.special.i0(BETA * torch.sqrt(1 - (time / LOBES) ** 2))
    taps: Tensor = ROLLOFF / up * torch.sinc(time) * window / torch.special.i0(torch.tensor(BETA, dtype=torch.float64))
    return taps


def low_pass(x: Tensor, up: int) -> Tensor:
    """Every `up`-th sample of the low-passed (1, C, 1, T·up): (1, C, 1, T). Outside of x is zero.

    FIR_BLOCK outputs are one step of a convolution that has a channel for each: ten times as fast as one by one.
    """
    taps = low_pass_taps(up).float()
    width, count = len(taps), x.shape[3] // up
    bank = torch.stack([F.pad(taps, (up * n, up * (FIR_BLOCK - 1 - n))) for n in range(FIR_BLOCK)]).to(x.device)
    steps = -(-count // FIR_BLOCK)
    missing = (steps * FIR_BLOCK - 1) * up + width - x.shape[3] - half_width(up)
    padded = F.pad(x[0].transpose(0, 1).reshape(-1, 1, x.shape[3]), (half_width(up), missing))
    filtered = F.conv1d(padded, bank[:, None], stride=FIR_BLOCK * up)  # (C, FIR_BLOCK, steps)
    return filtered.transpose(1, 2).flatten(1)[None, :, None, :count]
