"""The hostile files by name, and the functions that write them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.pickling import write_zip

Maker = Callable[[Path], Any]
MAKERS: dict[str, Maker] = {}


def make(file_name: str, folder: Path) -> Path:
    """Write the hostile file called `file_name` into the folder."""
    path = folder / file_name
    MAKERS[file_name](path)
    return path


def marker(path: Path) -> Path:
    """The file that exists when the payload of `path` ran."""
    return path.with_name(f"PWNED_{path.name}")


def maker(file_name: str) -> Callable[[Maker], Maker]:
    """Register the function that writes `file_name`."""

    def register(function: Maker) -> Maker:
        MAKERS[file_name] = function
        return function

    return register


def zipped(file_name: str, stream: Callable[[], bytes], storages: dict[str, bytes] | None = None) -> None:
    """Register a torch zip around a pickle that needs no path."""
    MAKERS[file_name] = lambda path: write_zip(path, stream(), storages)
