"""Two thousand random mutants of each format end as a voice or with a published code, and leave nothing behind.

MUTANTS=100000 tries more of them, MUTANTS_SEED=... others.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rvc.voicefile.voice import read_voice, write_voice
from tests.hostile.mutants import FORMATS
from tests.rvc.indexes import make_index
from tests.rvc.voices import SHALLOW, make_voice

ROOT = Path(__file__).parents[2]
MUTANTS = int(os.environ.get("MUTANTS", "2000"))
SEED = os.environ.get("MUTANTS_SEED", "1")
SMALL = {
    **SHALLOW,
    "feature_width": 256,
    "version": "v1",
    "inter_channels": 4,
    "hidden_channels": 4,
    "filter_channels": 4,
    "upsample_initial_channel": 4,
    "gin_channels": 4,
}


def published() -> set[str]:
    """The codes that docs/api.md lists for what is wrong with a file."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^\| 422 \|.*$", text, re.MULTILINE)
    return set(re.findall(r"`([a-z_]+)`", line)) | {"too_large"}


def make_original(kind: str, folder: Path) -> Path:
    if kind == "index":
        return make_index(folder / "original", width=256, vectors=40)
    if kind == "safetensors":
        write_voice(read_voice(make_voice(folder / "voice.pth", **SMALL)), folder / "original")
    elif kind == "zip":
        with zipfile.ZipFile(folder / "original", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(make_voice(folder / "voice.pth", **SMALL), "model/voice.pth")
            archive.write(make_index(folder / "voice.index", width=256, vectors=40), "model/added_voice.index")
            archive.writestr("read me.txt", "Made in a kitchen.\n" * 20)
    else:
        make_voice(folder / "original", format="zip" if kind == "pth, zip" else "stream", **SMALL)
    for path in folder.iterdir():
        if path.name != "original":
            path.unlink()
    return folder / "original"


@pytest.mark.parametrize("kind", FORMATS)
def test_every_mutant_ends_in_a_listed_code(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.hostile.mutants", kind, make_original(kind, tmp_path), str(MUTANTS), SEED]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20 + MUTANTS / 20)
    if child.returncode != 0:
        number = (tmp_path / "number").read_text()
        pytest.fail(f"mutant {number} ended the process with {child.returncode}: {child.stderr[-2000:]}")
    found = json.loads(child.stdout)
    assert found["wrong"] == []
    assert set(found["answers"]) <= published() | {"accepted"}
    assert sum(found["answers"].values()) == MUTANTS
    assert len(found["answers"]) >= 4, "the damage is of many kinds"
    assert (found["left"], found["handles"]) == ([], 0)
    assert found["slowest"] < 2


def test_what_is_published_is_what_can_be_said() -> None:
    said = set()
    for path in (ROOT / "rvc" / "voicefile").rglob("*.py"):
        said |= set(re.findall(r'VoiceFileError\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    ours = {"damaged", "cannot_blend", "too_large"}  # of stored files, of blending, and 413
    assert said - ours <= published()
