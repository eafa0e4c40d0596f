"""Which addresses of the internet this server may be sent to by a person. It knows no app and opens no connection.

An address passes when it is written plainly, its host is on the operator's list, and everything that its name
resolves to is public: a server that fetches what strangers name must not become their hand in its own network.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from rvc.errors import RVCError
from voiceproject.sentences import reason

LONGEST = 2000
PORTS = {"https": 443, "http": 80}
ANY_HOST = "*"
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
NETLOC = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:@%\[\]]+))(?::(\d*))?")
PLAIN = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without the backslash, which readers of addresses take for different things."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
EMBEDDING = tuple(ipaddress.IPv6Network(text) for text in ("::/96", "64:ff9b::/96"))
"""Ranges whose last 32 bits are an IPv4 address that is reached in the end: compatible, NAT64."""
TUNNELS = tuple(ipaddress.IPv6Network(text) for text in ("2001::/32", "2002::/16"))
"""Teredo and 6to4: they carry an IPv4 address as well, and nobody has used them for anything good in years."""


class AddressError(RVCError):
    """`url_not_allowed`: we do not go there. `upstream`: the other side failed. `too_large`: it does not end."""


def not_allowed(why: str) -> AddressError:
    return AddressError(
        "url_not_allowed", _("This address cannot be used: {why}.").format(why=reason(why)), field="url"
    )


@dataclass(frozen=True)
class Address:
    """An address that was found to be written plainly and to name a host of the list."""

    scheme: str
    host: str
    target: str
    own_port: int | None = None

    @property
    def port(self) -> int:
        return self.own_port or PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """The host as it stands in an address and in a Host header, with its port where that is not the scheme's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.own_port is None else f"{host}:{self.own_port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


@dataclass(frozen=True)
class HostList:
    """The operator's list: names, `*.example.org` for everything below a name, `*` for every public host."""

    hosts: tuple[str, ...]
    allow_http: bool = False

    def read(self, url: str) -> Address:
        """The address in `url`, or AddressError `url_not_allowed`. Nothing is looked up; numbers are judged at once."""
        parts = _split(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and self.allow_http):
            raise not_allowed("it has to begin with https://")
        host = _host(parts.netloc, PORTS[parts.scheme])
        numeric = _as_number(host)
        if numeric is None and "." not in host:
            raise not_allowed("its host is no full name")
        if not self._lists(host):
            raise not_allowed(f"this server does not import from {host[:80]}")
        if numeric is not None and not is_public(numeric):
            raise not_allowed("it leads into a private network")
        return Address(parts.scheme, host, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")

    def _lists(self, host: str) -> bool:
        return any(
            pattern in (ANY_HOST, host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
            for pattern in self.hosts
        )


@dataclass(frozen=True)
class OwnServer:
    """The one server that an operator's setting names, on any port: what people write has no part in its address."""

    base: str
    allow_http: bool = False

    def read(self, url: str) -> Address:
        """The address in `url`, which has to be below `base`; AddressError `url_not_allowed`. Nothing is looked up."""
        if not url.startswith(f"{self.base}/"):
            raise not_allowed("it is not on the server that the operator named")
        parts = _split(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and self.allow_http):
            raise not_allowed("it has to begin with https://")
        match = NETLOC.fullmatch(parts.netloc.lower())
        if match is None or not (match[1] or NAME.fullmatch(match[2])):
            raise not_allowed("its host cannot be read")
        port = int(match[3]) if match[3] else None
        if port is not None and not 0 < port < 1 << 16:
            raise not_allowed("its port cannot be")
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        return Address(parts.scheme, match[1] or match[2], target, port)


@dataclass(frozen=True)
class _Parts:
    scheme: str
    netloc: str
    path: str
    query: str


def _split(url: str) -> _Parts:
    plain = "".join(sign if sign.isascii() else quote(sign, errors="replace") for sign in url[: LONGEST + 1])
    if len(plain) > LONGEST:
        raise not_allowed(f"it is longer than {LONGEST} characters")
    if not PLAIN.fullmatch(plain):
        raise not_allowed("spaces, backslashes and control characters have no place in it")
    if "#" in plain:
        raise not_allowed("leave out the # and what follows it")
    try:
        parts = urlsplit(plain)
    except ValueError:
        raise not_allowed("its host cannot be read") from None
    return _Parts(parts.scheme, parts.netloc, parts.path, parts.query)


def _host(netloc: str, port: int) -> str:
    """The host alone, in one spelling."""
    match = NETLOC.fullmatch(netloc.lower())
    if match is None:
        raise not_allowed("a user name, or signs outside ASCII, stand in its host" if netloc else "it has no host")
    number, name, given = match.groups()
    if given not in (None, "", str(port)):
        raise not_allowed(f"only port {port} is used")
    host = str(number or name.removesuffix("."))
    if not (_as_number(host) if number else NAME.fullmatch(host)):
        raise not_allowed("its host cannot be read")
    return host


def _as_number(host: str) -> str | None:
    """The IP address that the resolver would read out of these digits (127.1, 0x7f000001, …); None for a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0])


def resolve(host: str, port: int) -> Sequence[str]:
    """Every IP address of a host, in the order in which they should be tried."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError("upstream", _("The host {host} was not found.").format(host=host), field="url") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def is_public(text: str) -> bool:
    """Whether an IP address, and each one that is hidden inside it, belongs to the public internet."""
    try:
        return all(_is_public(address) for address in _unwrapped(ipaddress.ip_address(text)))
    except ValueError:
        return False


def _is_public(address: IPAddress) -> bool:
    if address.version == 6 and (address not in PUBLIC_IPV6 or any(address in tunnel for tunnel in TUNNELS)):
        return False  # fec0::/10 and its like are not private in Python's tables, and lead nowhere else
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _unwrapped(address: IPAddress) -> Iterator[IPAddress]:
    """The IPv4 addresses that a packet to an IPv6 address goes to in the end; else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    elif any(address in network for network in EMBEDDING):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address
