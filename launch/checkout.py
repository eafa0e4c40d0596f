"""Where things lie in a checkout, and the settings run.py itself reads."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from launch.console import Trouble, say


@dataclass(frozen=True)
class Checkout:
    """A checkout of the project and the environment it is started in."""

    root: Path
    environ: Mapping[str, str]

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter of the project's own environment."""
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @cached_property
    def var(self) -> Path:
        """Where everything is written: `var/`, or VAR_DIR."""
        return (self.root / (self.setting("VAR_DIR") or "var")).resolve()

    @property
    def setup_log(self) -> Path:
        return self.var / "log" / "setup.log"

    def setting(self, name: str) -> str:
        """A setting as the site will read it: from the environment, else from `.env`, else empty."""
        if name in self.environ:
            return self.environ[name]
        return read_env(self.root / ".env").get(name, "")

    def child_environ(self, **changes: str) -> dict[str, str]:
        """The environment for the programs run.py starts. Both sides write to one place, wherever they were started."""
        own = {"PYTHONUNBUFFERED": "1", "VIRTUAL_ENV": str(self.venv), "VAR_DIR": str(self.var)}
        return {**self.environ, **own, **changes}

    def manage(self, *arguments: str) -> list[str | Path]:
        return [self.python, self.root / "manage.py", *arguments]

    def prepare_folders(self) -> None:
        """Make `var/log` and start a new set-up log; Trouble when the place cannot be written."""
        try:
            self.setup_log.parent.mkdir(parents=True, exist_ok=True)
            self.setup_log.write_text("", encoding="utf-8")
        except OSError as error:
            raise Trouble(
                f"Nothing can be written to {self.var} ({error.strerror}): make it writable for you, "
                "or set VAR_DIR in .env to a folder that is."
            ) from error


def read_env(path: Path) -> dict[str, str]:
    """NAME=value lines of an env file; comments and quotes taken off. A missing file is empty."""
    values: dict[str, str] = {}
    if not path.is_file():
        return values
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            values[name.strip()] = value.strip().strip("\"'")
    return values


def ensure_env_file(checkout: Checkout) -> None:
    """Write `.env` from `.env.example` with a secret key of its own, readable by its owner only. Never overwrites."""
    target = checkout.root / ".env"
    if target.exists() or checkout.environ.get("SECRET_KEY"):
        return
    text = (checkout.root / ".env.example").read_text(encoding="utf-8")
    text = text.replace("\nSECRET_KEY=\n", f"\nSECRET_KEY={secrets.token_urlsafe(50)}\n", 1)
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Trouble(f"{target} cannot be written ({error.strerror}): make the checkout writable for you.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as written:
        written.write(text)
    say("Settings: wrote .env with a new secret key")
