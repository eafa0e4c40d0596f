"""CREPE (Kim et al., 1802.06182) as torchcrepe 0.0.24 has it: convolutions over single frames, a path through them.

Each frame of 1024 samples -> salience of 360 bins -> Viterbi -> the bins' pitches, averaged over 3 frames; unvoiced
where the median of 3 frames' salience on the path is below 0.1. torchcrepe moves every value by up to ±20 cents at
random; we do not. RVC hands it 512 frames at a time, and the path starts anew with each; ours runs through.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rvc.pitch.track import F0_MAX, F0_MIN, HOP, FloatArray, IntArray, Progress, frame_count, no_progress
from rvc.pitch.viterbi import TINY, Viterbi
from rvc.weights import fill, read_weights, tensor_bytes

FRAME = 1024  # samples
BINS = 360
CENTS = 20.0 * np.arange(BINS) + 1997.3794084376191  # of each bin, above 10 Hz
FURTHEST = 12  # bins the pitch may move from one frame to the next, exclusive
VOICED = 0.1  # least salience on the path
BATCH = 64  # frames computed at once
NORM_EPSILON = 0.0010000000474974513

PUBLISHED_NAME = re.compile(r"conv(\d)(_BN)?\.(\w+)")


class CrepeEstimator:
    """F0 by CREPE, full or tiny: the size is the weights'."""

    def __init__(self, name: str, path: Path, device: torch.device, batch: int = BATCH) -> None:
        """Raises AssetError (`asset_damaged`) when the file does not hold the network."""
        self.name = name
        self.network = load_network(path).to(device)
        self.device = device
        self.batch = batch
        self.nbytes = tensor_bytes(self.network)

    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """(N,) mono 16 kHz -> (N // 160 + 1,) Hz. Raises what `progress` raises."""
        path = PitchPath()
        for start, frames in batches(wave, self.batch):
            path.add(self.salience(frames))
            progress((start + len(frames)) / frame_count(len(wave)))
        bins, salience = path.finish()
        f0 = mean3(10.0 * 2.0 ** (CENTS[bins] / 1200.0))
        return np.where(lower_median3(salience) < VOICED, 0.0, f0)

    @torch.inference_mode()
    def salience(self, frames: FloatArray) -> FloatArray:
        """(n, 1024) samples -> (n, 360) in 0..1."""
        found: FloatArray = self.network(torch.from_numpy(frames).to(self.device)).cpu().numpy()
        return found


def batches(wave: FloatArray, size: int) -> Iterator[tuple[int, FloatArray]]:
    """The frames of a wave, a batch at a time, with the number of the first: (n, 1024) float32.

    Each is centred on its sample, 160 after the one before; beyond both ends of the wave lie zeros. Every frame has
    mean 0 and standard deviation 1.
    """
    total = frame_count(len(wave))
    for start in range(0, total, size):
        count = min(size, total - start)
        first = start * HOP - FRAME // 2
        last = first + (count - 1) * HOP + FRAME
        inside = np.asarray(wave[max(first, 0) : last], np.float32)
        samples = np.pad(inside, (max(-first, 0), max(last - len(wave), 0)))
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
        frames = frames - frames.mean(axis=1, keepdims=True)
        yield start, frames / np.maximum(frames.std(axis=1, ddof=1, keepdims=True), 1e-10)


class PitchPath:
    """Collects frames' salience and finds the path through the bins of the allowed range."""

    def __init__(self) -> None:
        low, high = (1200 * np.log2(hertz / 10) for hertz in (F0_MIN, F0_MAX))
        self.first = int((low - CENTS[0]) // 20)
        self.stop = int(-((CENTS[0] - high) // 20))
        bins = np.arange(BINS)
        near = np.maximum(FURTHEST - np.abs(bins[:, None] - bins), 0.0)
        near /= near.sum(axis=1, keepdims=True)
        self._decoder = Viterbi(near[self.first : self.stop, self.first : self.stop])
        self._pending = np.zeros((0, self.stop - self.first), np.float32)
        self._bins: list[IntArray] = []
        self._salience: list[FloatArray] = []

    def add(self, salience: FloatArray) -> None:
        """(n, 360): the next n frames."""
        allowed = salience[:, self.first : self.stop]
        likelihood = np.exp(allowed) / np.exp(allowed).sum(axis=1, keepdims=True)  # as the reference weighs them
        self._pending = np.concatenate([self._pending, allowed])
        self._take(self._decoder.push(np.log(likelihood + np.float32(TINY))))

    def finish(self) -> tuple[IntArray, FloatArray]:
        """Bin of every frame, 0..359, and the salience there; each (T,)."""
        self._take(self._decoder.finish())
        return np.concatenate(self._bins), np.concatenate(self._salience)

    def _take(self, path: IntArray) -> None:
        self._bins.append(path + self.first)
        self._salience.append(np.take_along_axis(self._pending[: len(path)], path[:, None], axis=1)[:, 0])
        self._pending = self._pending[len(path) :]


def mean3(values: FloatArray) -> FloatArray:
    """Mean over three neighbours, over two at the ends."""
    return _sum3(values) / _sum3(np.ones(len(values)))


def _sum3(values: FloatArray) -> FloatArray:
    padded = np.pad(values, 1)
    total: FloatArray = padded[:-2] + padded[1:-1] + padded[2:]
    return total


def lower_median3(values: FloatArray) -> FloatArray:
    """Median over three neighbours; at the ends the lower of the two there are."""
    padded = np.pad(values, 1, constant_values=np.inf)
    ordered = np.sort(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    middle: FloatArray = ordered[1]
    middle[[0, -1]] = ordered[0][[0, -1]]
    return middle


def load_network(path: Path) -> "Network":
    """The network of a published file; its widths are the weights'."""
    named = {_renamed(name): value for name, value in read_weights(path).items()}
    for name, value in named.items():
        if name.endswith("conv.weight") and value.ndim == 4:
            named[name] = value[..., 0]  # published as two-dimensional kernels of width 1
    return fill(lambda: Network.of(named), named, path)


def _renamed(name: str) -> str:
    found = PUBLISHED_NAME.fullmatch(name)
    return f"layers.{int(found[1]) - 1}.{'norm' if found[2] else 'conv'}.{found[3]}" if found else name


class Layer(nn.Module):
    """Convolution, ReLU, batch norm, then the larger of each two values."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride)
        self.norm = nn.BatchNorm1d(outputs, eps=NORM_EPSILON)
        self.padding = ((kernel - stride) // 2, (kernel - stride + 1) // 2)

    def forward(self, values: torch.Tensor) -> torch.Tensor:  # (B, C, n) -> (B, C', n / stride / 2)
        return F.max_pool1d(self.norm(F.relu(self.conv(F.pad(values, self.padding)))), 2)


class Network(nn.Module):
    """Normalised frames -> salience."""

    def __init__(self, widths: list[int], features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(Layer(a, b, 64 if i else 512, 1 if i else 4) for i, (a, b) in enumerate(pairwise([1, *widths])))
        )
        self.classifier = nn.Linear(features, BINS)

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> "Network":
        """A network of the sizes its weights have. Raises KeyError where a part is missing."""
        widths = [weights[f"layers.{i}.conv.weight"].shape[0] for i in range(6)]
        return cls(widths, weights["classifier.weight"].shape[1])

    def forward(self, frames: torch.Tensor) -> torch.Tensor:  # (B, 1024) -> (B, 360) in 0..1
        features = self.layers(frames[:, None]).transpose(1, 2).flatten(1)  # (B, 4 places · channels)
        salience: torch.Tensor = torch.sigmoid(self.classifier(features))
        return salience
