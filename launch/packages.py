"""The project's own Python environment: made, filled, and left alone while nothing has changed."""

import hashlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from launch.checkout import Checkout
from launch.console import Step, Trouble, follow
from launch.venv import ensure_venv, venv_version

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of builds without CUDA. On Linux the main registry's build brings several GB for GPUs."""

NEEDED_BYTES = {"cpu": 3 << 30, "cuda": 10 << 30}
RUN_FILES = ("requirements.txt", "requirements-torch.txt")
DEV_FILES = (*RUN_FILES, "requirements-dev.txt")

NO_REGISTRY = "the package registry cannot be reached: check the network and any proxy, then start again"
NO_BUILD = "a package has no build for this Python or machine: try Python 3.11 or 3.12"
KNOWN_FAILURES = {
    "No space left": "the disk is full: free about 3 GB and start again",
    "CERTIFICATE_VERIFY_FAILED": "the package registry's certificate was refused: check the clock and any proxy",
    "NewConnectionError": NO_REGISTRY,
    "NameResolutionError": NO_REGISTRY,
    "(from versions: none)": NO_REGISTRY,
    "Read timed out": "the package registry answers too slowly: start again, finished downloads are kept",
    "No matching distribution": NO_BUILD,
    "error: subprocess-exited-with-error": NO_BUILD,
}
"""What pip prints, and what a person can do about it; the first that fits is shown."""


def ensure_packages(checkout: Checkout, *, cuda: bool = False, development: bool = False) -> None:
    """Bring `.venv` to what the requirement files say; returns at once when it already is."""
    files = DEV_FILES if development else RUN_FILES
    stamp = checkout.venv / ("stamp-dev" if development else "stamp")
    variant = torch_variant(checkout, cuda=cuda)
    if _is_current(checkout, stamp, files, variant):
        return
    _check_space(checkout, variant)
    ensure_venv(checkout)
    install_torch(checkout, variant)
    _pip(checkout, ["install", "-r", checkout.root / files[-1 if development else 0]], "Installing the packages")
    stamp.write_text(fingerprint(checkout, files, variant), encoding="utf-8")


def fingerprint(checkout: Checkout, files: Sequence[str], variant: str) -> str:
    """What the environment was made from: the requirement files, the Python version, the kind of torch."""
    digest = hashlib.sha256()
    for name in files:
        digest.update((checkout.root / name).read_bytes() + b"\0")
    version = venv_version(checkout.python)
    return f"{digest.hexdigest()} {version and '.'.join(map(str, version))} {variant}\n"


def _is_current(checkout: Checkout, stamp: Path, files: Sequence[str], variant: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(checkout, files, variant)


def torch_variant(checkout: Checkout, *, cuda: bool) -> str:
    """`cuda` when asked for or when an NVIDIA driver answers, else `cpu`."""
    wanted = checkout.environ.get("TORCH_VARIANT", "").lower()
    if wanted not in ("", "cpu", "cuda"):
        raise Trouble("TORCH_VARIANT must be cpu or cuda: correct it or leave it out.")
    if cuda or wanted:
        return "cuda" if cuda else wanted
    return "cuda" if _nvidia_answers() else "cpu"


def _nvidia_answers() -> bool:
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        return subprocess.run([program, "-L"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_torch(checkout: Checkout, variant: str) -> None:
    """Install the pinned torch first and alone, so that the right build is there before anything asks for one."""
    pin = (checkout.root / "requirements-torch.txt").read_text(encoding="utf-8")
    version = re.findall(r"^torch==(\S+)", pin, re.MULTILINE)[0]
    installed = _output([checkout.python, "-c", "import torch; print(torch.__version__)"])
    if installed.partition("+")[0] == version and not (variant == "cuda" and installed.endswith("+cpu")):
        return
    arguments: list[str | Path] = ["install", f"torch=={version}"]
    if installed:
        arguments.append("--force-reinstall")
    if variant == "cpu" and _needs_cpu_index(checkout, version):
        arguments += ["--extra-index-url", TORCH_CPU_INDEX]
    _pip(checkout, arguments, "Installing torch")


def _needs_cpu_index(checkout: Checkout, version: str) -> bool:
    """Whether pip has to be shown the CPU builds: only on Linux, and only where it does not know one already."""
    if sys.platform != "linux":
        return False
    known = _output([checkout.python, "-m", "pip", "index", "versions", "torch", "--disable-pip-version-check"])
    return f"{version}+cpu" not in known and _answers(TORCH_CPU_INDEX + "/torch/")


def _answers(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - a constant https address
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _output(command: Sequence[str | Path]) -> str:
    """What a command prints, or nothing when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _pip(checkout: Checkout, arguments: Sequence[str | Path], label: str) -> None:
    command = [checkout.python, "-m", "pip", *arguments, "--progress-bar", "off", "--disable-pip-version-check"]
    step = Step(label)
    status, printed = follow(command, step, checkout.setup_log, digest=pip_news, env=checkout.child_environ())
    if status:
        step.end("failed")
        raise Trouble(f"{label} failed: {pip_trouble(printed)}. Everything pip said is in {checkout.setup_log}.")
    step.end()


def pip_news(line: str) -> str | None:
    """The few words of a line of pip's that a waiting person wants to see."""
    words = line.split()
    if not words:
        return None
    if words[0] in ("Downloading", "Using", "Processing"):
        name = next((word for word in words if word.endswith((".whl", ".tar.gz"))), words[-1])
        size = line[line.rfind("(") :].strip() if "B)" in line else ""
        return f"{words[0].lower()} {Path(name).name.split('-')[0]} {size}".strip()
    if words[0] == "Collecting":
        return f"looking up {words[1]}"
    if words[0] == "Installing":
        return f"unpacking {len(words) - 3} packages"
    return None


def pip_trouble(printed: str) -> str:
    """A sentence for what pip failed of."""
    for sign, sentence in KNOWN_FAILURES.items():
        if sign in printed:
            return sentence
    return "its last words say why; start again when that is mended"


def _check_space(checkout: Checkout, variant: str) -> None:
    needed, free = NEEDED_BYTES[variant], shutil.disk_usage(checkout.root).free
    if free < needed:
        raise Trouble(
            f"The packages need about {needed >> 30} GB and this disk has {free / (1 << 30):.1f} GB left: free some."
        )
