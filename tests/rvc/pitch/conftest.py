"""Real speech, the golden input of every pitch method, and stores of pretrained files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from rvc.errors import AssetError

ROOT = Path(__file__).parents[3]


class FolderStore:
    """Pretrained files in plain folders, folder/NAME/FILE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def installed(self, name: str) -> bool:
        return (self.folder / name).is_dir()

    def path(self, name: str) -> Path:
        if not self.installed(name):
            raise AssetError("needs_asset", f"{name} is missing: python manage.py assets fetch {name}")
        return self.folder / name


@pytest.fixture
def no_assets(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def assets() -> FolderStore:
    """The published pretrained files, where this machine has them: $ASSETS_DIR or var/test-assets."""
    return FolderStore(Path(os.environ.get("ASSETS_DIR", ROOT / "var" / "test-assets")))


@pytest.fixture(scope="session")
def speech() -> Any:
    """7 s of a person reading, 16 kHz, float32 in ±1; without rumble, as the pipeline's high-pass leaves it."""
    samples, rate = soundfile.read(ROOT / "models_app" / "starter" / "sample.wav", dtype="float32")
    assert rate == 16000
    spectrum = np.fft.rfft(samples)
    spectrum[: int(48 / 16000 * len(samples))] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


def trapped(after: float) -> Any:
    """A progress callback that stops the work once that fraction is reached, and remembers what it heard."""

    def progress(fraction: float) -> None:
        progress.heard.append(fraction)  # type: ignore[attr-defined]
        if fraction >= after:
            raise InterruptedError("stop")

    progress.heard = []  # type: ignore[attr-defined]
    return progress
