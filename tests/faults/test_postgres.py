"""The same faults on PostgreSQL, in a test run of its own: some of them always, all of them with `-m long`."""

import os
import subprocess
import sys
import tempfile

import pytest
from django.conf import settings
from django.db import connection

pytestmark = [
    pytest.mark.worker,
    pytest.mark.skipif(connection.vendor == "postgresql", reason="this is a run on PostgreSQL already"),
]
OWN = ("DATABASE_URL", "VAR_DIR", "PYTEST_CURRENT_TEST")


def on_postgres(*arguments):
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    with tempfile.TemporaryDirectory(prefix="voiceproject-test-") as folder:
        environment |= {"TEST_DATABASE": "postgres", "VAR_DIR": folder}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "passed" in done.stdout


def test_some_of_them():
    wanted = "kill_busy or lost_hints or backend_restart"
    on_postgres("tests/faults/test_processes.py", "tests/faults/test_operations.py", "-k", wanted)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_of_them():
    on_postgres("tests/faults", "tests/jobs", "tests/conversions/test_quotas.py", "-k", "not test_soak", "-m", "")
