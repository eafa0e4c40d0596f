"""FCPE (fast context-based pitch estimation, torchfcpe 0.0.4): convolutions over the log-mel spectrogram.

Mel (T, 128) -> two convolutions with a group norm between -> residual blocks (layer norm, gated expansion, depthwise
convolution over 31 frames) -> salience of 360 bins. The group norm spans the whole recording: long ones are read twice,
first for its statistics, so that windows give what one piece would.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from rvc.errors import AssetError
from rvc.pitch.mel import BANDS, FRAME, LogMel, mel_basis
from rvc.pitch.track import HOP, FloatArray, Progress, Window, Windowing, measure, no_progress
from rvc.weights import fill, read_weights, tensor_bytes

THRESHOLD = 0.006
BINS = 360
AROUND = 4  # bins on both sides of the highest that are averaged
GROUPS = 4
KERNEL = 31  # frames of a depthwise convolution
WINDOWING = Windowing(length=6000, context=128)  # the network sees 2 + 6·15 frames each way, the spectrum 4 more
FIRST_PASS = 0.1  # its share of the work, about

UNUSED = re.compile(r"gaussian_blurred_cent_mask|net\.encoder_layers\.\d+\.norm\..*")
"""In the file for training, or for the attention that the published network does without."""

NAMES = (
    (re.compile(r"input_stack\.0\."), "enter."),
    (re.compile(r"input_stack\.1\."), "norm_in."),
    (re.compile(r"input_stack\.3\."), "widen."),
    (re.compile(r"net\.encoder_layers\.(\d+)\.conformer\.net\.0\."), r"blocks.\1.norm."),
    (re.compile(r"net\.encoder_layers\.(\d+)\.conformer\.net\.2\."), r"blocks.\1.expand."),
    (re.compile(r"net\.encoder_layers\.(\d+)\.conformer\.net\.4\.conv\."), r"blocks.\1.mix."),
    (re.compile(r"net\.encoder_layers\.(\d+)\.conformer\.net\.6\."), r"blocks.\1.shrink."),
    (re.compile(r"norm\."), "norm_out."),
    (re.compile(r"output_proj\."), "leave."),
)
NORM_SPELLINGS = (
    ("leave.weight_g", "leave.weight_v"),
    ("leave.parametrizations.weight.original0", "leave.parametrizations.weight.original1"),
)
"""How length and direction of the last weight are called, by the library version that wrote the file."""


class FcpeEstimator:
    """F0 by FCPE."""

    name = "fcpe"

    def __init__(self, path: Path, device: torch.device, windowing: Windowing = WINDOWING) -> None:
        """Raises AssetError (`asset_damaged`) when the file does not hold the network."""
        self.windowing = windowing
        self.network = load_network(path).to(device)
        self.mel = LogMel(mel_basis(0, 8000, htk=False), padding=(FRAME - HOP) // 2, bias=1e-9, device=device)
        self.nbytes = tensor_bytes(self.network)

    @torch.inference_mode()
    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """(N,) mono 16 kHz -> (N // 160 + 1,) Hz. Raises what `progress` raises."""
        windows = list(self.windowing.over(len(wave)))
        if len(windows) == 1:
            return measure(wave, self.windowing, self._track, progress)
        scale = self._scale(wave, windows, lambda done: progress(FIRST_PASS * done))
        return measure(
            wave,
            self.windowing,
            lambda piece: self._track(piece, scale),
            lambda done: progress(FIRST_PASS + (1 - FIRST_PASS) * done),
        )

    def spectrum(self, wave: FloatArray) -> torch.Tensor:
        """(N,), N > 0 -> (128, N // 160 + 1). There is one frame less under the wave: the last one stands twice."""
        mel = self.mel(np.pad(wave, (0, max(0, HOP - len(wave)))))
        return torch.cat([mel, mel[:, -1:]], dim=1)[:, : len(wave) // HOP + 1]

    def _track(self, wave: FloatArray, scale: torch.Tensor | None = None) -> FloatArray:
        salience = self.network(self.spectrum(wave), scale)
        found: FloatArray = decode(salience, self.network.cent_table).cpu().numpy()
        return found

    def _scale(self, wave: FloatArray, windows: list[Window], progress: Progress) -> torch.Tensor:
        """Mean and standard deviation of each group over the whole wave; (2, 4)."""
        sums = torch.zeros(2, GROUPS, dtype=torch.float64)
        frames = windows[-1].stop
        for window in windows:
            entered = self.network.enter(self.spectrum(window.read(wave))[None])[0].T
            groups = (
                window.kept(entered).cpu().double().reshape(-1, GROUPS, entered.shape[1] // GROUPS)
            )  # (frames, 4, channels per group)
            sums += torch.stack([groups.sum(dim=(0, 2)), groups.square().sum(dim=(0, 2))])
            progress(window.stop / frames)
        mean, square = sums / (frames * groups.shape[2])
        deviation = torch.sqrt(square - mean.square() + self.network.norm_in.eps)
        return torch.stack([mean, deviation]).float().to(self.network.cent_table.device)


def decode(salience: torch.Tensor, cent_table: torch.Tensor) -> torch.Tensor:
    """Mean pitch of the bins around the highest one, weighted by salience; (T, 360) -> (T,) Hz, 0 where unvoiced.

    At both ends of the scale the outermost bin counts as often as bins are missing.
    """
    highest, centre = salience.max(dim=1, keepdim=True)
    bins = (centre + torch.arange(-AROUND, AROUND + 1, device=salience.device)).clamp(0, BINS - 1)
    weights = salience.gather(1, bins)
    cents = (weights * cent_table[bins]).sum(dim=1) / weights.sum(dim=1)
    return torch.where(highest[:, 0] > THRESHOLD, 10.0 * 2.0 ** (cents / 1200.0), 0.0)


def load_network(path: Path) -> "Network":
    """The network of a published file; its depth and widths are the weights'."""
    weights = read_weights(path).get("model")
    if not isinstance(weights, Mapping):
        raise AssetError("asset_damaged", f"{path.name} does not hold the network of FCPE.")
    named = {_renamed(name): value for name, value in weights.items() if not UNUSED.fullmatch(name)}
    for length, direction in NORM_SPELLINGS:
        if length in named and direction in named:
            named["leave.weight"] = _joined(named.pop(length), named.pop(direction))
    return fill(lambda: Network.of(named), named, path)


def _renamed(name: str) -> str:
    for pattern, ours in NAMES:
        if pattern.match(name):
            return pattern.sub(ours, name, count=1)
    return name


def _joined(length: FloatArray, direction: FloatArray) -> FloatArray:
    weight: FloatArray = length * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    return weight


class Block(nn.Module):
    """Layer norm, gated expansion, depthwise convolution over time, back to the width; added to the input."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Conv1d(width, 2 * inner, 1)
        self.mix = nn.Conv1d(inner, inner, KERNEL, padding=KERNEL // 2, groups=inner)
        self.shrink = nn.Conv1d(inner, width, 1)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:  # (T, C) -> (T, C)
        gated = F.glu(self.expand(self.norm(frames).T), dim=0)  # (inner, T)
        changed: torch.Tensor = self.shrink(F.silu(self.mix(gated)))
        return frames + changed.T


class Network(nn.Module):
    """Log-mel -> salience."""

    cent_table: torch.Tensor

    def __init__(self, width: int, inner: int, depth: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(BANDS, width, 3, padding=1)
        self.norm_in = nn.GroupNorm(GROUPS, width)
        self.widen = nn.Conv1d(width, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width, inner) for _ in range(depth)))
        self.norm_out = nn.LayerNorm(width)
        self.leave = nn.Linear(width, BINS)
        self.register_buffer("cent_table", torch.zeros(BINS))

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> "Network":
        """A network of the sizes its weights have. Raises KeyError where a part is missing."""
        inner, _, _ = weights["blocks.0.mix.weight"].shape
        depth = sum(name.endswith(".mix.weight") for name in weights)
        return cls(width=weights["enter.weight"].shape[0], inner=inner, depth=depth)

    def forward(self, mel: torch.Tensor, scale: torch.Tensor | None = None) -> torch.Tensor:
        """(128, T) -> (T, 360) in 0..1. scale: mean and deviation of the groups, where `mel` is a part of a whole."""
        entered = self.enter(mel[None])
        normed = self.norm_in(entered) if scale is None else self._rescaled(entered, scale)
        frames = self.widen(F.leaky_relu(normed))[0].T
        salience: torch.Tensor = torch.sigmoid(self.leave(self.norm_out(self.blocks(frames))))
        return salience

    def _rescaled(self, entered: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        mean, deviation = scale[:, None, :, None, None]
        groups = (entered.reshape(1, GROUPS, -1, entered.shape[2]) - mean) / deviation
        scaled: torch.Tensor = groups.flatten(1, 2) * self.norm_in.weight[:, None] + self.norm_in.bias[:, None]
        return scaled
