"""Makes `.venv`, also where Debian ships Python without the part that makes one."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from launch.checkout import Checkout
from launch.console import Step, Trouble, follow

ASK_FOR_PIP = "Python's venv module is incomplete here: type `sudo apt-get install python3-venv` and start again."


def venv_version(python: Path) -> tuple[int, int] | None:
    """Major and minor version of an environment's interpreter; None when it does not run."""
    probe = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", probe], capture_output=True, text=True, check=False)
        major, minor = map(int, done.stdout.split())
    except (OSError, ValueError):
        return None
    return major, minor


def ensure_venv(checkout: Checkout) -> None:
    """Make `.venv` with pip unless a working one is there."""
    if _has_pip(checkout.python):
        return
    step = Step("Making .venv")
    for way in (_with_ensurepip, _with_uv, _with_apt_as_root, _with_downloaded_pip):
        if way(checkout, step) and _has_pip(checkout.python):
            step.end()
            return
    step.end("failed")
    raise Trouble(ASK_FOR_PIP)


def _has_pip(python: Path) -> bool:
    if not python.exists() or (venv_version(python) or (0, 0)) < (3, 11):
        return False
    return _runs([python, "-m", "pip", "--version"])


def _runs(command: list[str | Path]) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0


def _logged(checkout: Checkout, step: Step, command: list[str | Path]) -> bool:
    status, _ = follow(command, step, checkout.setup_log, env=checkout.child_environ(DEBIAN_FRONTEND="noninteractive"))
    return status == 0


def _with_ensurepip(checkout: Checkout, step: Step) -> bool:
    # Not asked of this process: apt may have installed it since it started.
    if not _runs([sys.executable, "-c", "import venv, ensurepip"]):
        return False
    return _logged(checkout, step, [sys.executable, "-m", "venv", "--clear", checkout.venv])


def _with_uv(checkout: Checkout, step: Step) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    return _logged(checkout, step, [uv, "venv", "--seed", "--clear", "--python", sys.executable, checkout.venv])


def _with_apt_as_root(checkout: Checkout, step: Step) -> bool:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    install: list[str | Path] = ["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"]
    if not _logged(checkout, step, install):
        _logged(checkout, step, ["apt-get", "update"])
        _logged(checkout, step, install)
    return _with_ensurepip(checkout, step)


def _with_downloaded_pip(checkout: Checkout, step: Step) -> bool:
    """As an ordinary user on Debian: take pip's own wheel out of Debian's package, without installing the package."""
    if None in (shutil.which("apt-get"), shutil.which("dpkg"), importlib.util.find_spec("venv")):
        return False
    folder = checkout.var / "pip"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        wheel = _pip_wheel(checkout, step, folder)
        if wheel is None:
            return False
        make: list[str | Path] = [sys.executable, "-m", "venv", "--clear", "--without-pip", checkout.venv]
        install: list[str | Path] = [checkout.python, wheel / "pip", "install", "--no-index", wheel]
        return _logged(checkout, step, make) and _logged(checkout, step, install)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pip_wheel(checkout: Checkout, step: Step, folder: Path) -> Path | None:
    """Debian's wheel of pip, unpacked into `folder`; None when the package cannot be had."""
    (folder / "lists" / "partial").mkdir(parents=True)
    download: list[str | Path] = ["apt-get", "download", "python3-pip-whl"]
    # Package lists of our own, for machines where root has not fetched any.
    own = ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder}", "-o", "Debug::NoLocking=1"]
    if not _in_folder(checkout, step, folder, download):
        _in_folder(checkout, step, folder, ["apt-get", *own, "update"])
        _in_folder(checkout, step, folder, ["apt-get", *own, *download[1:]])
    for package in folder.glob("python3-pip-whl*.deb"):
        if _logged(checkout, step, ["dpkg", "-x", package, folder / "unpacked"]):
            return next((folder / "unpacked").rglob("pip-*.whl"), None)
    return None


def _in_folder(checkout: Checkout, step: Step, folder: Path, command: list[str | Path]) -> bool:
    # apt-get downloads into the working directory and has no option for another.
    return _logged(checkout, step, ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command])
