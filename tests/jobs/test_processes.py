"""A tree of processes ends at once, also where nobody buries the dead, as under a program that is process 1."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest
from django.conf import settings

from tests.hostile.site import adopt_orphans

KILL = """
import os, time, psutil
from jobs.processes import Tree
tree = Tree(["sh", "-c", "sleep 60 & sleep 60"], dict(os.environ))
while len(psutil.Process(tree.pid).children()) < 2:
    time.sleep(0.01)
began = time.monotonic()
tree.kill()
print(time.monotonic() - began)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_the_dead_are_not_waited_for():
    adopt_orphans(True)
    try:
        took = subprocess.check_output([sys.executable, "-c", KILL], cwd=settings.BASE_DIR, text=True)
    finally:
        adopt_orphans(False)
    assert float(took) < 4
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
