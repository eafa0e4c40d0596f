"""Pitch estimators behind one contract: a wave at 16 kHz -> its F0, 100 frames per second. Importing needs no torch.

Each method is one file; the two that hold no weights of ours (swift-f0, WORLD) work on a fresh machine.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rvc.pitch.methods import METHODS, WEIGHTED, Assets, available_methods, resolve_method
from rvc.pitch.swift import SwiftEstimator
from rvc.pitch.track import (
    F0_MAX,
    F0_MIN,
    HOP,
    FloatArray,
    Progress,
    coarse_bins,
    fill_unvoiced,
    no_progress,
    transpose,
)
from rvc.pitch.world import WorldEstimator

if TYPE_CHECKING:
    import torch

__all__ = [
    "F0_MAX",
    "F0_MIN",
    "HOP",
    "METHODS",
    "WEIGHTED",
    "Assets",
    "F0Estimator",
    "available_methods",
    "coarse_bins",
    "fill_unvoiced",
    "load_estimator",
    "resolve_method",
    "transpose",
]


class F0Estimator(Protocol):
    """Measures pitch. Loaded once, used for any number of recordings, one at a time."""

    name: str
    nbytes: int  # memory its weights hold

    def __call__(self, wave: FloatArray, progress: Progress = no_progress) -> FloatArray:
        """Pitch of a wave of any length.

        wave: (N,) float32 or float64, mono, 16 kHz, in ±1; may be memory-mapped. Returns (N // 160 + 1,) float64 Hz,
        0 where unvoiced. `progress` hears the fraction done, 0..1; what it raises ends the work.
        """
        ...


def load_estimator(method: str, assets: Assets, device: "torch.device", threads: int) -> F0Estimator:
    """Load one method, `auto` included.

    device: where the networks compute (swift-f0 and WORLD always use the processor). threads: the processor threads of
    swift-f0; torch has one count for the whole process, which the caller sets. Raises AssetError when weights or a
    package are missing, OptionError for an unknown method.
    """
    method = resolve_method(method, assets)
    if method == "swift-f0":
        return SwiftEstimator(threads)
    if method in WEIGHTED:
        return _load_network(method, assets.path(method), device)
    return WorldEstimator(method)


def _load_network(method: str, path: Path, device: "torch.device") -> F0Estimator:
    from rvc.pitch.crepe import CrepeEstimator  # noqa: PLC0415 - these bring torch
    from rvc.pitch.fcpe import FcpeEstimator  # noqa: PLC0415
    from rvc.pitch.rmvpe import RmvpeEstimator  # noqa: PLC0415

    if method == "rmvpe":
        return RmvpeEstimator(path, device)
    return FcpeEstimator(path, device) if method == "fcpe" else CrepeEstimator(method, path, device)
