"""The operator's rule for addresses that voices are imported from, as the settings say it."""

from urllib.parse import urlsplit

from django.conf import settings

from rvc.assets import BASE_URL
from voiceproject.addresses import Address, AddressError, HostList, not_allowed
from voiceproject.fetching import Fetcher, Patience

HARMLESS = frozenset({"download", "download=true", "download=1", "dl=1", "raw=true", "raw=1"})
CUT = "?…"
"""What stands for the end of an address that may have been a key."""

OFF = "this server imports from no address; whoever runs it can allow it (IMPORT_FROM_ADDRESSES)"


def enabled() -> bool:
    return bool(settings.IMPORT_FROM_ADDRESSES and settings.IMPORT_HOSTS)


def host_list() -> HostList:
    hosts = tuple(host.strip().lower() for host in settings.IMPORT_HOSTS) if enabled() else ()
    return HostList(hosts, allow_http=settings.IMPORT_ALLOW_HTTP)


def check(url: str, *, field: str = "url") -> Address:
    """The address, read; AddressError `url_not_allowed` where a person may not send us. Opens no connection."""
    try:
        if not enabled():
            raise not_allowed(OFF)
        if CUT in url:
            raise not_allowed("its end is missing, which was not kept")
        return host_list().read(url)
    except AddressError as error:
        error.field = field
        raise


def fetcher() -> Fetcher:
    patience = Patience(
        connect=settings.IMPORT_CONNECT_SECONDS,
        silent=settings.IMPORT_SILENT_SECONDS,
        total=settings.IMPORT_SECONDS,
    )
    return Fetcher(host_list(), patience)


def hubs() -> set[str]:
    """The hosts that speak as the model hub does: itself, and the operator's mirror of it."""
    return {urlsplit(base).hostname or "" for base in (BASE_URL, settings.ASSETS_BASE_URL)} - {""}


def without_keys(url: str) -> str:
    """The address as it may be kept: what follows its path could open doors, unless it is one of the usual words."""
    place, _, query = url.partition("#")[0].partition("?")
    if not query:
        return place
    return f"{place}?{query}" if HARMLESS.issuperset(query.split("&")) else place + CUT
