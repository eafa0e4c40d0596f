"""Real speech, the golden input of every pitch method, and stores of pretrained files."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from rvc.assets import AssetStore

ROOT = Path(__file__).parents[3]


@pytest.fixture
def no_assets(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path)


@pytest.fixture
def assets() -> AssetStore:
    """The published pretrained files, where this machine has them: $ASSETS_DIR or var/test-assets."""
    return AssetStore(Path(os.environ.get("ASSETS_DIR", ROOT / "var" / "test-assets")))


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
