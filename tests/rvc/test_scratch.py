"""Long arrays lie in files, and their pages do not stay in memory."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rvc import audio, scratch
from rvc.chunks import Cutting, cut_points
from rvc.scratch import Scratch, let_go

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what lies in memory")


def resident_mib() -> float:
    """What of mapped files lies in this process's memory."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(("RssShmem", "RssFile"))) / 1024


@pytest.fixture
def long_array(tmp_path: Path) -> np.ndarray:
    array = Scratch(tmp_path).empty(32 << 20, np.float64)  # 256 MiB
    array[:] = 0.5
    return array


def test_short_arrays_stay_in_memory(tmp_path: Path) -> None:
    array = Scratch(tmp_path).empty(1000)
    array[:] = 1
    let_go(array)
    assert (array == 1).all()
    assert array.nbytes < scratch.IN_MEMORY


def test_what_is_let_go_is_still_there(long_array: np.ndarray) -> None:
    before = resident_mib()
    let_go(long_array[1000:])
    assert resident_mib() < before - 200
    assert long_array[0] == long_array[-1] == 0.5


@pytest.mark.parametrize(
    "work",
    [
        audio.peak,
        audio.limit_peak,
        lambda wave: audio.loudness_curve(wave, 16000),
        lambda wave: cut_points(wave, Cutting()),
    ],
)
def test_signal_processing_keeps_no_pages(long_array: np.ndarray, work: object) -> None:
    let_go(long_array)
    before = resident_mib()
    work(long_array)  # type: ignore[operator]
    assert resident_mib() < before + 40


def test_a_mapped_recording_is_let_go_too(tmp_path: Path) -> None:
    np.full(32 << 20, 0.25, np.float32).tofile(tmp_path / "decoded.f32")
    wave = np.memmap(tmp_path / "decoded.f32", "<f4", "r")
    assert wave.sum(dtype=np.float64) == (32 << 20) / 4
    before = resident_mib()
    let_go(wave)
    assert resident_mib() < before - 100
