"""The folder of pretrained files: what is there, whether it is right, how to get the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from rvc.assets.download import Progress, download
from rvc.assets.importing import place_published
from rvc.assets.own import NAME, Check, own_asset, own_names, place_own
from rvc.assets.record import Record, sha256_of
from rvc.assets.table import ASSETS, BASE_URL, Asset, AssetFile, asset_named
from rvc.errors import AssetError


class AssetState(StrEnum):
    """How far an asset can be trusted."""

    MISSING = "missing"
    UNCHECKED = "unchecked"  # right size, not hashed yet: happens at the first use or by verify
    VERIFIED = "verified"  # the published sha256
    RECORDED = "recorded"  # nobody published its sha256: the one seen first is held on to
    DAMAGED = "damaged"


@dataclass(frozen=True)
class AssetStatus:
    """One line of the list. `size`: bytes on disk, or bytes to fetch while missing; `digests`: file name to sha256."""

    name: str
    purpose: str
    licence: str
    state: AssetState
    size: int
    path: Path
    fetchable: bool
    digests: dict[str, str]

    @property
    def installed(self) -> bool:
        """Whether it is there and nothing is known against it."""
        return self.state not in {AssetState.MISSING, AssetState.DAMAGED}


def _silent(_done: int, _total: int | None) -> None:
    pass


class AssetStore:
    """Pretrained files under `folder`/NAME/FILE.

    base_url: the hub or a mirror of it. allow_http: also take plain http (for tests; the hashes hold either way).
    """

    def __init__(self, folder: Path, *, base_url: str = BASE_URL, allow_http: bool = False) -> None:
        self.folder = Path(folder)
        self._base_url = base_url.rstrip("/")
        self._allow_http = allow_http
        self._records: dict[str, Record] = {}

    def path(self, name: str) -> Path:
        """The asset's file, or its folder where it has several; hashed at the first use.

        Raises AssetError: unknown_asset, needs_asset, asset_damaged.
        """
        asset = self.asset(name)
        copy = self._copy(asset)
        if copy is None:
            raise AssetError("needs_asset", f"{name} is not installed ({asset.purpose}): run {_way_to(asset)}.")
        for filename in copy:
            self._check(asset, filename)
        return self._place(asset)

    def installed(self, name: str) -> bool:
        """Whether its files are there with the right sizes. Cheap: nothing is read."""
        return self._copy(self.asset(name)) is not None

    def asset(self, name: str) -> Asset:
        """What is known of `name`; a content encoder of the operator's own where the table has none of this name.

        Raises AssetError: unknown_asset.
        """
        return own_asset(name) if name not in ASSETS and NAME.fullmatch(name) else asset_named(name)

    def status(self) -> list[AssetStatus]:
        """Every asset of the table, and the operator's own, as they stand. Cheap: nothing is hashed."""
        own = [asset for name in own_names(self.folder) if self._copy(asset := own_asset(name))]
        return [self._status(asset) for asset in (*ASSETS.values(), *own)]

    def verify(self, name: str, progress: Progress = _silent) -> AssetStatus:
        """Read and hash the asset's files again. progress(bytes done, bytes in all), which may raise to stop it.

        Raises AssetError: unknown_asset, needs_asset, asset_damaged.
        """
        asset = self.asset(name)
        copy, done = self._copy(asset) or [], 0
        total = sum(self._file(asset, filename).stat().st_size for filename in copy)
        for filename in copy:
            digest = sha256_of(self._file(asset, filename), partial(_added, progress, done, total))
            self._accept(asset, filename, digest)
            done += self._file(asset, filename).stat().st_size
        self.path(name)
        return self._status(asset)

    def fetch(self, name: str, progress: Progress = _silent) -> Path:
        """Download what is missing of the asset, check it, and return its path. progress(bytes done, bytes in all).

        An interrupted download continues where it stopped. Raises AssetError: unknown_asset, download_failed,
        asset_damaged (the hash is not the published one; the bytes are thrown away).
        """
        asset = asset_named(name)
        if self.installed(name):
            return self.path(name)
        if not asset.fetchable:
            raise AssetError("download_failed", f"{name} is not on the hub: run {_way_to(asset)}.")
        total = sum(file.size or 0 for file in asset.copies[0]) or None
        done = 0
        for file in asset.copies[0]:
            self._fetch_file(asset, file, _shifted(progress, done, total))
            done += self._file(asset, file.name).stat().st_size
        return self.path(name)

    def import_from(self, path: Path, progress: Progress = _silent) -> list[str]:
        """Take the files we know out of a file, a folder, a .zip or a .whl, whatever they are called there.

        They are recognised by size and sha256. Returns the names of the assets that got a file, sorted.
        Raises AssetError: unknown_asset when nothing is recognised, asset_damaged for a broken archive.
        """
        placed = place_published(Path(path), self.folder, progress)
        for asset, file in placed:
            self._record(asset).store(file.name, file.sha256 or "")
        return sorted({asset.name for asset, _ in placed})

    def import_as(self, path: Path, name: str, check: Check = lambda name, folder: None) -> AssetStatus:
        """Take a content encoder whose files nobody published, under a name; their hashes are recorded and held on to.

        check: whether it can be loaded. Raises AssetError: unknown_asset, or what `check` raises.
        """
        for filename in place_own(Path(path), name, self.folder, check):
            self._record(self.asset(name)).store(filename, sha256_of(self.folder / name / filename))
        return self._status(self.asset(name))

    def _fetch_file(self, asset: Asset, file: AssetFile, progress: Progress) -> None:
        target = self._file(asset, file.name)
        if target.exists() and target.stat().st_size == file.size:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        url = f"{self._base_url}/{file.source}"
        download(url, part, size=file.size, allow_http=self._allow_http, progress=progress)
        digest = sha256_of(part)
        if file.sha256 and digest != file.sha256:
            part.unlink()
            raise AssetError("asset_damaged", f"{url} is not the published file: its sha256 is {digest}.")
        part.replace(target)
        self._record(asset).store(file.name, digest)

    def _copy(self, asset: Asset) -> list[str] | None:
        """File names of the first copy whose files are all there with a possible size."""
        for copy in asset.copies:
            if all(self._possible(asset, file.name) for file in copy):
                return [file.name for file in copy]
        return None

    def _possible(self, asset: Asset, filename: str) -> bool:
        target = self._file(asset, filename)
        if not target.is_file():
            return False
        size = target.stat().st_size
        return size > 0 and any(known.size in {None, size} for known in asset.known(filename))

    def _check(self, asset: Asset, filename: str) -> None:
        if self._record(asset).current(filename) is None:
            self._accept(asset, filename, sha256_of(self._file(asset, filename)))

    def _accept(self, asset: Asset, filename: str, digest: str) -> None:
        """Remember what a file hashes to, if it may. Raises AssetError: asset_damaged."""
        accepted = self._accepted(asset, filename)
        if accepted and digest not in accepted:
            raise AssetError("asset_damaged", _damage(asset, self._file(asset, filename), digest))
        self._record(asset).store(filename, digest)

    def _accepted(self, asset: Asset, filename: str) -> set[str]:
        """Hashes the file may have: the published ones of its size, else the one it had first, else (empty) any."""
        size = self._file(asset, filename).stat().st_size
        published = {file.sha256 for file in asset.known(filename) if file.size == size and file.sha256}
        first = self._record(asset).remembered(filename)
        return published or ({first} if first else set())

    def _status(self, asset: Asset) -> AssetStatus:
        copy = self._copy(asset)
        record = self._record(asset)
        digests = {name: digest for name in copy or () if (digest := record.current(name))}
        state = self._state(asset, copy, digests)
        size = sum(file.size or 0 for file in asset.copies[0])
        if copy is not None:
            size = sum(self._file(asset, name).stat().st_size for name in copy)
        return AssetStatus(
            asset.name, asset.purpose, asset.licence, state, size, self._place(asset), asset.fetchable, digests
        )

    def _state(self, asset: Asset, copy: list[str] | None, digests: dict[str, str]) -> AssetState:
        if copy is None:
            whole = any(all(self._file(asset, file.name).exists() for file in files) for files in asset.copies)
            return AssetState.DAMAGED if whole else AssetState.MISSING
        if len(digests) < len(copy):
            return AssetState.UNCHECKED
        published = {file.sha256 for files in asset.copies for file in files}
        return AssetState.VERIFIED if published.issuperset(digests.values()) else AssetState.RECORDED

    def _record(self, asset: Asset) -> Record:
        return self._records.setdefault(asset.name, Record(self.folder / asset.name))

    def _file(self, asset: Asset, filename: str) -> Path:
        return self.folder / asset.name / filename

    def _place(self, asset: Asset) -> Path:
        return self.folder / asset.name if asset.is_folder else self._file(asset, asset.copies[0][0].name)


def _way_to(asset: Asset) -> str:
    if asset.bundled:
        return f"`python3 run.py manage assets import {asset.bundled}`"
    if not asset.fetchable:
        return f"`python3 run.py manage assets import FOLDER --as {asset.name}`, with the folder of its weights"
    return f"`python3 run.py manage assets fetch {asset.name}`"


def _damage(asset: Asset, path: Path, digest: str) -> str:
    return f"{path.name} is not the file it should be (sha256 {digest}): remove {path.parent} and run {_way_to(asset)}."


def _added(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _shifted(progress: Progress, before: int, total: int | None) -> Callable[[int, int | None], None]:
    return lambda done, _total: progress(before + done, total)
