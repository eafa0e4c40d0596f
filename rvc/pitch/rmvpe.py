"""RMVPE (Wei et al., 2306.15412): a U-Net over the log-mel spectrogram, then a recurrent layer over time.

Mel (T, 128) -> batch norm -> encoder stages, each halving time and frequency -> intermediate stages at the bottom ->
decoder stages, each doubling both and joining the encoder's output of that size -> 3 maps -> bidirectional GRU ->
salience of 360 bins, 20 cents apart, from 31.7 Hz up.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rvc.device import spread, undivided
from rvc.pitch.mel import BANDS, FRAME, LogMel, mel_basis
from rvc.pitch.track import FloatArray, Progress, Windowing, measure, no_progress
from rvc.weights import fill, read_weights, tensor_bytes

THRESHOLD = 0.03
BINS = 360
CENTS = 20.0 * np.arange(BINS) + 1997.3794084376191  # of each bin, above 10 Hz
AROUND = 4  # bins on both sides of the highest that are averaged
LOW, HIGH = 30.0, 8000.0  # Hz, of the mel bands
TILE = 256  # frames of one stage computed at once
WINDOWING = Windowing(length=9600, context=1632)  # multiples of the 32 frames of the bottom; it sees 1614 each way


class RmvpeEstimator:
    """F0 by RMVPE."""

    name = "rmvpe"

    def __init__(self, path: Path, device: torch.device, windowing: Windowing = WINDOWING) -> None:
        """Raises AssetError (`asset_damaged`) when the file does not hold the network."""
        self.windowing = windowing
        self.network = load_network(path).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.mel = LogMel(mel_basis(LOW, HIGH, htk=True), padding=FRAME // 2, bias=0.0, device=device)
        self.nbytes = tensor_bytes(self.network)

    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """(N,) mono 16 kHz -> (N // 160 + 1,) Hz. Raises what `progress` raises."""
        return measure(wave, self.windowing, lambda piece: decode(self.salience(piece)), progress)

    @torch.inference_mode()
    def salience(self, wave: FloatArray) -> FloatArray:
        """(N,) -> (N // 160 + 1, 360) in 0..1: how likely each bin is the pitch."""
        found: FloatArray = self.network(self.mel(wave)).cpu().numpy()
        return found


def decode(salience: FloatArray) -> FloatArray:
    """Mean pitch of the bins around the highest one, weighted by salience; (T, 360) -> (T,) Hz.

    Unvoiced where no bin exceeds the threshold. Beyond both ends of the scale lie bins of 0 cents and 0 salience.
    """
    centre = salience.argmax(axis=1)
    columns = centre[:, None] + np.arange(2 * AROUND + 1)
    weights = np.take_along_axis(np.pad(salience, ((0, 0), (AROUND, AROUND))), columns, axis=1).astype(np.float64)
    total = weights.sum(axis=1)
    cents = (weights * np.pad(CENTS, AROUND)[columns]).sum(axis=1) / np.where(total > 0, total, 1)
    return np.where(salience.max(axis=1) > THRESHOLD, 10.0 * 2.0 ** (cents / 1200.0), 0.0)


def load_network(path: Path) -> "Network":
    """The network of a published file, of whatever size, its batch norms folded away."""
    weights = read_weights(path)
    network = fill(lambda: Network(Geometry.of(weights)), weights, path)
    network.fold_norms()
    return network


@dataclass(frozen=True)
class Geometry:
    """The sizes of one network, as its weights have them. The published one: 16, 5, 4, 4, 256."""

    channels: int  # of the first stage; each stage doubles them
    stages: int  # encoder stages, and as many decoder stages
    blocks: int  # per stage
    middle: int  # stages at the bottom
    hidden: int  # of the recurrent layer, one direction

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> "Geometry":
        """Read the sizes off the names and shapes of a state dict. Raises KeyError where a part is missing."""
        return cls(
            channels=weights["unet.encoder.layers.0.conv.0.conv.0.weight"].shape[0],
            stages=_count(r"unet\.encoder\.layers\.(\d+)\.", weights),
            blocks=_count(r"unet\.encoder\.layers\.0\.conv\.(\d+)\.", weights),
            middle=_count(r"unet\.intermediate\.layers\.(\d+)\.", weights),
            hidden=weights["fc.0.gru.weight_hh_l0"].shape[1],
        )


def _count(pattern: str, names: Iterable[str]) -> int:
    return len({found[1] for name in names if (found := re.match(pattern, name))})


class Block(nn.Module):
    """Two 3×3 convolutions with batch norm and ReLU, added to the input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, maps: torch.Tensor) -> torch.Tensor:  # (1, C, T, F) -> (1, C', T, F)
        changed: torch.Tensor = self.conv(maps)
        return changed.add_(maps if self.shortcut is None else self.shortcut(maps))


def _blocks(count: int, inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*(Block(inputs if i == 0 else outputs, outputs) for i in range(count)))


class Stage(nn.Module):
    """Blocks of one size of the encoder or of the bottom."""

    def __init__(self, count: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = _blocks(count, inputs, outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return _in_tiles(self.conv, 2 * len(self.conv), maps)


class UpStage(nn.Module):
    """Double time and frequency, join the encoder's maps of that size, blocks."""

    def __init__(self, count: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.conv2 = _blocks(count, 2 * outputs, outputs)

    def forward(self, maps: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return _in_tiles(self._joined, len(self.conv2) + 1, maps, skip)

    def _joined(self, maps: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv2(torch.cat([self.conv1(maps), skip], dim=1))
        return out


def _in_tiles(layer: Callable[..., torch.Tensor], reach: int, maps: torch.Tensor, *skips: torch.Tensor) -> torch.Tensor:
    """Apply a layer piece by piece along time. The same result in less memory and, as pieces fit the cache, time.

    reach: frames of `maps` around a frame that its result depends on. skips: further inputs, of the result's length.
    """
    frames = maps.shape[2]
    scale = skips[0].shape[2] // frames if skips else 1

    def tile(start: int) -> torch.Tensor:
        left, stop = max(start - reach, 0), min(start + TILE, frames)
        right = min(stop + reach, frames)
        wide = layer(maps[:, :, left:right], *(skip[:, :, scale * left : scale * right] for skip in skips))
        return wide[:, :, scale * (start - left) : scale * (stop - left)]

    starts = range(0, frames, TILE)
    out = None
    for start, part in zip(starts, spread(tile, starts, maps.device), strict=True):
        if out is None:
            out = part.new_empty(1, part.shape[1], scale * frames, part.shape[3]).to(memory_format=torch.channels_last)
        out[:, :, scale * start : scale * start + part.shape[2]] = part
    return maps if out is None else out


class Encoder(nn.Module):
    """Stages that halve time and frequency after each: (1, 1, T, F) down to (1, C·2^(stages−1), T, F) over 2^stages."""

    def __init__(self, sizes: Geometry) -> None:
        super().__init__()
        widths = [1, *(sizes.channels << i for i in range(sizes.stages))]
        self.bn = nn.BatchNorm2d(1)
        self.layers = nn.ModuleList(Stage(sizes.blocks, a, b) for a, b in pairwise(widths))


class Intermediate(nn.Module):
    """Stages at the lowest resolution, to (1, C·2^stages, T, F) over 2^stages."""

    def __init__(self, sizes: Geometry) -> None:
        super().__init__()
        width = sizes.channels << sizes.stages
        self.layers = nn.Sequential(
            *(Stage(sizes.blocks, width // 2 if i == 0 else width, width) for i in range(sizes.middle))
        )


class Decoder(nn.Module):
    """Stages back to (1, C, T, F), each joined with the encoder's maps of its size."""

    def __init__(self, sizes: Geometry) -> None:
        super().__init__()
        widths = [sizes.channels << i for i in range(sizes.stages, -1, -1)]
        self.layers = nn.ModuleList(UpStage(sizes.blocks, a, b) for a, b in pairwise(widths))


class UNet(nn.Module):
    """A log-mel as a picture, and C maps of its size that saw far (RMVPE, arXiv 2306.15412)."""

    def __init__(self, sizes: Geometry) -> None:
        super().__init__()
        self.encoder = Encoder(sizes)
        self.intermediate = Intermediate(sizes)
        self.decoder = Decoder(sizes)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:  # (1, 1, T, F) -> (1, C, T, F); T, F multiples of 2^stages
        maps = self.encoder.bn(maps)
        skips: list[torch.Tensor] = []
        for stage in self.encoder.layers:
            skips.append(stage(maps))
            maps = F.avg_pool2d(skips[-1], 2)
        maps = self.intermediate.layers(maps)
        for stage in self.decoder.layers:
            maps = stage(maps, skips.pop())
        return maps


class Recurrent(nn.Module):
    """(1, T, inputs) -> (1, T, 2·hidden): a GRU over the frames in both directions."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, hidden, batch_first=True, bidirectional=True)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.gru(frames)[0]
        return out


class Network(nn.Module):
    """Log-mel -> salience. Parameter names are those of the published file."""

    def __init__(self, sizes: Geometry) -> None:
        super().__init__()
        self.multiple = 1 << sizes.stages
        self.unet = UNet(sizes)
        self.cnn = nn.Conv2d(sizes.channels, 3, 3, padding=1)
        self.fc = nn.Sequential(Recurrent(3 * BANDS, sizes.hidden), nn.Linear(2 * sizes.hidden, BINS))

    def forward(self, mel: torch.Tensor) -> torch.Tensor:  # (128, T) -> (T, 360) in 0..1
        frames = mel.shape[1]
        padded = F.pad(mel, (0, -frames % self.multiple))  # zeros, as the log of magnitude 1
        maps = self.unet(padded.T[None, None])
        with undivided():
            rows = self.cnn(maps).transpose(1, 2).flatten(2)  # (1, 3, T', 128) -> (1, T', 3·128)
            return torch.sigmoid(self.fc(rows))[0, :frames]

    @torch.no_grad()
    def fold_norms(self) -> None:
        """Put every batch norm into the convolution before it: the same function, a third of the passes over memory."""
        for module in self.modules():
            if isinstance(module, Block):
                first, norm1, relu, second, norm2, _ = module.conv
                module.conv = nn.Sequential(_folded(first, norm1), relu, _folded(second, norm2), relu)
            elif isinstance(module, UpStage):
                up, norm, relu = module.conv1
                module.conv1 = nn.Sequential(_folded(up, norm, outputs=1), relu)


def _folded(conv: Any, norm: Any, *, outputs: int = 0) -> nn.Module:
    """The convolution, with the norm after it multiplied in. outputs: the axis of its weight that counts them."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    conv.weight.mul_(scale.reshape([-1 if axis == outputs else 1 for axis in range(4)]))  # in place: no second copy
    conv.bias = nn.Parameter(norm.bias - norm.running_mean * scale, requires_grad=False)
    folded: nn.Module = conv
    return folded
