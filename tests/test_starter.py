"""The bundled voice: archives any Python can open, with the bytes that their README promises."""

import hashlib
import re
import subprocess
import wave
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "models_app" / "starter"
PROMISED = re.compile(r"^\| `([\w.-]+)` \| (\d+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
TREE_LIMIT = 58 * 1024 * 1024


def test_members_are_what_the_readme_promises() -> None:
    promised = {
        name: (int(size), digest) for name, size, digest in PROMISED.findall((STARTER / "README.md").read_text())
    }
    found = {}
    for archive in ("voice.zip", "encoder.zip"):
        with zipfile.ZipFile(STARTER / archive) as opened:
            for name in opened.namelist():
                data = opened.read(name)
                found[name] = (len(data), hashlib.sha256(data).hexdigest())
    assert found == promised


def test_sample_is_seven_seconds_of_speech() -> None:
    with wave.open(str(STARTER / "sample.wav")) as sample:
        assert (sample.getnchannels(), sample.getframerate(), sample.getnframes()) == (1, 16000, 113_600)


def test_checkout_stays_small() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert sum(path.stat().st_size for path in files if path.is_file()) < TREE_LIMIT
