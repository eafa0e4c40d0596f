"""The examples of docs/clients.md and docs/api.md run as they stand, but for the address and the key."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import soundfile
from django.conf import settings

pytestmark = pytest.mark.worker
SECONDS = 120
SAMPLE = settings.BASE_DIR / "models_app" / "starter" / "sample.wav"


def examples(document, language):
    return re.findall(rf"```{language}\n(.*?)```", (settings.BASE_DIR / "docs" / document).read_text(), re.DOTALL)


@pytest.mark.parametrize("example", examples("clients.md", "python"), ids=["openai", "elevenlabs"])
def test_the_examples_run(site, example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = example.replace("http://127.0.0.1:8000", site.address).replace("YOUR KEY", site.token)
    exec(compile(code, "docs/clients.md", "exec"), {})
    assert (tmp_path / "morning.mp3").stat().st_size > 2000
    if "elevenlabs" in example:
        assert "Starter (Joe)" in capsys.readouterr().out


def need(program):
    """Skips where the machine cannot run an example."""
    wanted = {"sh": ["curl", "--version"], "node": ["node", "-e", "fetch"]}.get(program)
    if wanted and (
        shutil.which(wanted[0]) is None or subprocess.run(wanted, capture_output=True, check=False).returncode
    ):
        pytest.skip(f"This machine has no {wanted[0]} that could run the example.")


@pytest.mark.parametrize(
    ("language", "told_by", "program", "results"),
    [
        ("sh", "$URL$ID/result/", "sh", ["song.flac"]),
        ("python", "requests", sys.executable, ["song.flac", "morning.wav"]),
        ("js", "fetch(", "node", ["song.flac"]),
    ],
    ids=["curl", "requests", "fetch"],
)
def test_the_examples_of_the_api_run(site, language, told_by, program, results, tmp_path):
    need(program)
    [example] = [example for example in examples("api.md", language) if told_by in example]
    file = tmp_path / f"example.{'mjs' if language == 'js' else language}"
    file.write_text(example.replace("http://localhost:8000", site.address).replace("YOUR KEY", site.token))
    for name in ("song.wav", "song.m4a"):  # what a file is called says nothing to the server
        shutil.copy(SAMPLE, tmp_path / name)
    known = os.environ | {"TOKEN": site.token, "VOICE": site.known["voice"]}
    how = {"cwd": tmp_path, "env": known, "capture_output": True, "text": True, "timeout": SECONDS}
    run = subprocess.run([program, file.name], check=False, **how)
    assert run.returncode == 0, run.stderr
    lengths = {name: soundfile.info(tmp_path / name).duration for name in results}
    assert lengths.pop("song.flac") == pytest.approx(soundfile.info(SAMPLE).duration, abs=0.05)
    assert all(0.3 < seconds < 3 for seconds in lengths.values())
