"""Published files out of what an operator carries in: single files, folders, archives, Python wheels."""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rvc.assets.download import Progress
from rvc.assets.table import Asset, AssetFile, published
from rvc.errors import AssetError

CHUNK = 1 << 20
ARCHIVES = frozenset({".zip", ".whl"})

Placed = list[tuple[Asset, AssetFile]]


@dataclass(frozen=True)
class _Candidate:
    """A file whose size is that of a published one; `member` where it lies inside an archive."""

    path: Path
    size: int
    member: zipfile.ZipInfo | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        if self.member is None:
            with self.path.open("rb") as handle:
                yield handle
        else:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as handle:
                yield handle


def place_published(path: Path, folder: Path, progress: Progress) -> Placed:
    """Copy every published file found in `path` to `folder`/NAME/FILE and say which.

    A file is taken by its size and sha256 alone. Raises AssetError: unknown_asset, asset_damaged.
    """
    sizes = {file.size for _, file in published()}
    try:
        candidates = [found for found in _candidates(path) if found.size in sizes]
        placed = _place_all(candidates, folder, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise AssetError("asset_damaged", f"{path.name} holds a broken or encrypted archive: {error}.") from error
    if not placed:
        raise AssetError("unknown_asset", f"Nothing in {path} is a pretrained file that is known here.")
    return placed


def _candidates(path: Path) -> Iterator[_Candidate]:
    if path.is_dir():
        for found in sorted(path.rglob("*")):
            broken = found.suffix.lower() in ARCHIVES and not zipfile.is_zipfile(found)
            if found.is_file() and not broken:  # one broken archive does not keep the others out
                yield from _candidates(found)
    elif not path.is_file():
        raise AssetError("unknown_asset", f"There is no file or folder {path}.")
    else:
        yield _Candidate(path, path.stat().st_size)
        if path.suffix.lower() in ARCHIVES:
            with zipfile.ZipFile(path) as archive:
                yield from (_Candidate(path, member.file_size, member) for member in archive.infolist())


def _place_all(candidates: list[_Candidate], folder: Path, progress: Progress) -> Placed:
    total = sum(candidate.size for candidate in candidates)
    done = 0
    placed: Placed = []
    for candidate in candidates:
        placed += _place(candidate, folder)
        done += candidate.size
        progress(done, total)
    return placed


def _place(candidate: _Candidate, folder: Path) -> Placed:
    """Copy to a temporary file while hashing; it becomes the asset's file only when the hash is a published one."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part") as part:
        digest = _copy(candidate, part)
        wanted = [(asset, file) for asset, file in published() if (file.size, file.sha256) == (candidate.size, digest)]
        for asset, file in wanted:
            _put(Path(part.name), folder / asset.name / file.name)
    return wanted


def _copy(candidate: _Candidate, out: IO[bytes]) -> str:
    digest = hashlib.sha256()
    left = candidate.size
    with candidate.open() as handle:
        while left > 0 and (chunk := handle.read(min(CHUNK, left))):
            left -= len(chunk)
            digest.update(chunk)
            out.write(chunk)
    out.flush()
    return digest.hexdigest()


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.replace(target)
