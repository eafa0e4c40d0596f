"""Content encoders that nobody here has published: an operator brings them, in the layout of HuBERT, under a name."""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from rvc.assets.table import ASSETS, Asset, AssetFile
from rvc.errors import AssetError

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
"""Names of encoders: what rvc.voicefile.header makes of the words in a voice file."""
CONFIG = "config.json"
WEIGHTS = {".safetensors": "model.safetensors", ".bin": "pytorch_model.bin", ".pt": "hubert.pt"}
"""What a file of weights is called here, by its ending; the first that is found is taken."""

Check = Callable[[str, Path], None]
"""Is told the name and the folder of an encoder; raises AssetError when it cannot be loaded."""


def own_asset(name: str) -> Asset:
    """The asset that an operator may have brought under this name: weights, and config.json if there is one."""
    weights = [AssetFile(filename, None, None) for filename in WEIGHTS.values()]
    copies = [(AssetFile(CONFIG, None, None), file) for file in weights] + [(file,) for file in weights]
    return Asset(name, "Content encoder brought by the administrators", "not known here", tuple(copies), is_folder=True)


def own_names(folder: Path) -> list[str]:
    """Names that stand in `folder` and not in the table."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(
        path.name for path in found if path.is_dir() and path.name not in ASSETS and NAME.fullmatch(path.name)
    )


def check_name(name: str) -> None:
    """Refuse what cannot be an encoder's name, and assets whose published files are recognised without a name."""
    asset = ASSETS.get(name)
    if asset is None and NAME.fullmatch(name) is None:
        raise AssetError("unknown_asset", f"{name[:40]!r} cannot be a name: use a to z, digits, dots, dashes.")
    if asset is not None and not any(file.sha256 is None for copy in asset.copies for file in copy):
        raise AssetError("unknown_asset", f"The files of {name} are published: import them without --as.")


def place_own(path: Path, name: str, folder: Path, check: Check) -> list[str]:
    """Copy an encoder to `folder`/`name`, in the place of one that is there; the names of its files.

    path: a folder with weights and perhaps config.json, or the weights alone. Nothing is left of one that `check`
    refuses. Raises AssetError: unknown_asset.
    """
    check_name(name)
    files = _files_of(path)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".own-") as home:
        new = Path(home) / name
        new.mkdir()
        for filename, source in files.items():
            shutil.copyfile(source, new / filename)
        check(name, new)
        if (folder / name).exists():
            (folder / name).rename(Path(home) / "earlier")
        new.rename(folder / name)
    return list(files)


def _files_of(path: Path) -> dict[str, Path]:
    """What is to be copied, under the names it gets."""
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    for ending, filename in WEIGHTS.items():
        for candidate in candidates:
            if candidate.suffix.lower() == ending and candidate.is_file():
                config = candidate.with_name(CONFIG)
                return {filename: candidate, **({CONFIG: config} if config.is_file() else {})}
    raise AssetError("unknown_asset", f"There are no weights in {path}: bring a {', '.join(WEIGHTS)} file.")
