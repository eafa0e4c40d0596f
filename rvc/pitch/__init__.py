"""Pitch estimators behind one contract: a wave at 16 kHz -> its F0, 100 frames per second. Importing needs no torch.

Each method is one file; the two that hold no weights of ours (swift-f0, WORLD) work on a fresh machine.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rvc.errors import OptionError
from rvc.pitch.swift import SwiftEstimator, swift_problem
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
from rvc.pitch.world import WorldEstimator, world_problem

if TYPE_CHECKING:
    import torch

__all__ = [
    "F0_MAX",
    "F0_MIN",
    "HOP",
    "F0Estimator",
    "available_methods",
    "coarse_bins",
    "fill_unvoiced",
    "load_estimator",
    "resolve_method",
    "transpose",
]

WEIGHTED = ("rmvpe", "fcpe", "crepe", "crepe-tiny")
"""The methods with pretrained weights; the asset has the method's name."""

METHODS = (*WEIGHTED, "swift-f0", "harvest", "dio")


class Assets(Protocol):
    """What this package asks of the store of pretrained files."""

    def path(self, name: str) -> Path: ...

    def installed(self, name: str) -> bool: ...


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


def resolve_method(method: str, assets: Assets) -> str:
    """The method that is meant: `auto` is the best one installed. Raises OptionError for a name we do not have."""
    if method == "auto":
        return next((name for name in ("rmvpe", "fcpe") if assets.installed(name)), "swift-f0")
    if method not in METHODS:
        raise OptionError("f0_method", f"f0_method must be one of auto, {', '.join(METHODS)}.")
    return method


def available_methods(assets: Assets) -> dict[str, str | None]:
    """Every method with None, or with the reason why it cannot be used on this machine. Imports no torch."""
    world = world_problem()
    reasons = {name: _weights_problem(name, assets) for name in WEIGHTED}
    return {**reasons, "swift-f0": swift_problem(), "harvest": world, "dio": world}


def _weights_problem(method: str, assets: Assets) -> str | None:
    if find_spec("torch") is None:
        return "The package torch is not installed."
    return None if assets.installed(method) else f"Its weights are missing: python manage.py assets fetch {method}"


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
