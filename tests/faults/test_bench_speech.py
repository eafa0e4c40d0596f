"""What the benchmark of speech says to whoever has not got everything yet."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("piper", ("The engine piper cannot speak yet.", "assets fetch piper-en-us-joe")),
        ("parrot", ("There is no engine 'parrot'",)),
    ],
)
def test_an_engine_that_cannot_speak_is_a_sentence(tmp_path, engine, words):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.bench_speech", "--engines", engine, "--piper", str(tmp_path)],
        cwd=settings.BASE_DIR, env=os.environ | {"ASSETS_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words)
