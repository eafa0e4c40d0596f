"""Which pitch methods there are, and which of them this machine can use. Imports no torch."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from rvc.errors import OptionError
from rvc.pitch.swift import swift_problem
from rvc.pitch.world import world_problem

WEIGHTED = ("rmvpe", "fcpe", "crepe", "crepe-tiny")
"""The methods with pretrained weights; the asset has the method's name."""

METHODS = (*WEIGHTED, "swift-f0", "harvest", "dio")


class Assets(Protocol):
    """What this package asks of the store of pretrained files."""

    def path(self, name: str) -> Path: ...

    def installed(self, name: str) -> bool: ...


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
    way = f"`python3 run.py manage assets fetch {method}`"
    return (
        None
        if assets.installed(method)
        else f"Its weights are missing: whoever runs the server brings them with {way}."
    )
