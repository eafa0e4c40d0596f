"""Older major lines of the client libraries, each in an environment of its own, installed from where pip looks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests import base

SCRIPT = Path(__file__).with_name("older.py")


@pytest.fixture(params=[("1.109.1", "1.59.0"), ("2.0.0", "2.8.0")], ids=["last-of-1", "first-of-2"])
def versions(request):
    """Of openai and of elevenlabs; the second line of elevenlabs begins for us where `base_url` keeps its port."""
    return request.param


@pytest.fixture
def python(versions, tmp_path):
    """One that has these libraries, and nothing else of ours."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    found = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    wanted = [f"openai=={versions[0]}", f"elevenlabs=={versions[1]}"]
    subprocess.run([found, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
    return found


@pytest.mark.long
@pytest.mark.worker
def test_programs_written_for_older_lines_work(site, python, versions, tmp_path):
    (tmp_path / "tone.wav").write_bytes(base.tone(1.0))
    told = [SCRIPT, site.address, site.token, site.known["voice"], "tone.wav"]
    run = subprocess.run([python, *told], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {
        "versions": list(versions),
        "openai": {"voice": "voice_not_found", "key": "invalid_api_key"},
        "elevenlabs": {
            "names": ["Starter (Joe)"],
            "voice": [404, "voice_not_found"],
            "key": [401, "invalid_api_key"],
        },
    }
    lengths = {name: soundfile.info(tmp_path / f"{name}.mp3").duration for name in ("openai", "spoken", "changed")}
    assert lengths.pop("changed") == pytest.approx(1.0, abs=0.15)
    assert all(0.3 < seconds < 3 for seconds in lengths.values()), lengths
