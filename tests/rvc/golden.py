"""Where golden data lies: the complete set in $GOLDEN_DIR if there, else the part kept in the repository."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

KEPT = Path(__file__).parents[1] / "golden"


def golden(name: str) -> Path:
    """Path of one golden file; skips the test where only the complete set has it."""
    for folder in (os.environ.get("GOLDEN_DIR"), KEPT):
        if folder and (Path(folder) / name).exists():
            return Path(folder) / name
    pytest.skip(f"{name} is in the complete golden set only (GOLDEN_DIR)")


class Arrays:
    """Arrays of one .npz file; `thinned` reads a whole array or its kept every-N-th values alike."""

    def __init__(self, name: str) -> None:
        self.file = np.load(golden(name))

    def __getitem__(self, key: str) -> Any:
        if key not in self.file.files:
            pytest.skip(f"{key} is in the complete golden set only (GOLDEN_DIR)")
        return self.file[key]

    def thinned(self, key: str, step: int, axis: int = 0) -> Any:
        """Every `step`-th value along an axis."""
        kept = f"{key}_every_{step}"
        if kept in self.file.files:
            return self.file[kept]
        return self[key].take(range(0, self[key].shape[axis], step), axis)
