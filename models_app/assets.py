"""The pretrained files of this machine as staff and programs see them: what there is, and what is known of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _

from models_app.models import AssetFetch
from rvc.assets import BASE_URL, AssetStatus, AssetStore

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.utils.functional import _StrPromise as StrPromise

PUBLISHED, RECORDED = _("published"), _("recorded at its first use")


def asset_store() -> AssetStore:
    """The store of this machine. A mirror that the operator gave as http:// is asked over http."""
    base_url = settings.ASSETS_BASE_URL or BASE_URL
    return AssetStore(settings.ASSETS_DIR, base_url=base_url, allow_http=base_url.startswith("http://"))


def may_fetch(user: "User | AnonymousUser") -> bool:
    """Whose click may make this machine download."""
    return user.is_staff and user.has_perm("models_app.add_assetfetch")


@dataclass(frozen=True)
class Digest:
    """The sha256 of one file, and whose word it is."""

    filename: str
    sha256: str
    known: "StrPromise"


@dataclass(frozen=True)
class AssetLine:
    """One asset with its digests, the addresses it is fetched from, and its last fetch."""

    status: AssetStatus
    digests: list[Digest]
    sources: list[str]
    bundled: bool
    fetch: AssetFetch | None

    @property
    def name(self) -> str:
        return self.status.name

    @property
    def under_way(self) -> bool:
        return self.fetch is not None and not self.fetch.is_final

    @property
    def failed(self) -> bool:
        """Whether the last fetch says something that is still true."""
        return (
            self.fetch is not None and bool(self.fetch.error_code) and (self.fetch.verify or not self.status.installed)
        )

    @property
    def wanted(self) -> bool:
        """Whether a click can bring it."""
        return self.status.fetchable and not self.status.installed and not self.under_way


def asset_lines() -> list[AssetLine]:
    fetches = AssetFetch.objects.by_name()
    return [_line(status, fetches.get(status.name)) for status in asset_store().status()]


def _line(status: AssetStatus, fetch: AssetFetch | None) -> AssetLine:
    asset = asset_store().asset(status.name)
    sources = [f"{settings.ASSETS_BASE_URL or BASE_URL}/{file.source}" for file in asset.copies[0] if file.source]
    return AssetLine(status, list(_digests(status)), sources, bool(asset.bundled), fetch)


def _digests(status: AssetStatus) -> Iterator[Digest]:
    """What the files here hash to; before they are here or hashed, what was published of them."""
    copies = asset_store().asset(status.name).copies
    published = {file.sha256 for copy in copies for file in copy}
    for filename, sha256 in status.digests.items():
        yield Digest(filename, sha256, PUBLISHED if sha256 in published else RECORDED)
    if not status.digests:
        yield from (Digest(file.name, file.sha256, PUBLISHED) for file in copies[0] if file.sha256)
