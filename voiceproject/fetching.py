"""One request to the other side of the internet, over a connection that goes where it was checked to go.

Each hop of a redirect passes the whole rule again. The host is resolved once, every answer has to be public, and the
connection is made to one of these answers, while TLS and the Host header keep the name: a resolver that changes its
mind afterwards changes nothing. Proxies of the environment, cookies and credentials play no part.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from voiceproject.addresses import Address, AddressError, HostList, OwnServer, is_public, not_allowed, resolve

GLANCE = 0.5
"""Seconds between two looks at the clock, and at whether anybody still wants the answer."""
AGENT = "Voiceproject"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which asking again may help."""

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[tuple[str, int], float], socket.socket]
Tick = Callable[[], None]


class BrokenOff(AddressError):  # noqa: N818 - what happened is no error until it has happened too often
    """The connection ended early, or the other side asks to come back: what has arrived can be continued."""

    def __init__(self, why: str) -> None:
        super().__init__("upstream", f"The other side failed: {why}. Try again later.", field="url")


def upstream(why: str) -> AddressError:
    return AddressError("upstream", f"The other side failed: {why}.", field="url")


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect; without a single byte; for everything together. And how many redirects are followed."""

    connect: float = 10.0
    silent: float = 30.0
    total: float = 900.0
    redirects: int = 3


@dataclass(frozen=True)
class Fetcher:
    """Asks addresses of the list. `resolve`, `connect` and `tls` are how it meets the network.

    private: also a server in a network of the operator's own, which is for addresses that people have no part in.
    """

    hosts: HostList | OwnServer
    patience: Patience = field(default_factory=Patience)
    resolve: Resolve = resolve
    connect: Connect = socket.create_connection
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    private: bool = False

    def visit(self, tick: Tick = lambda: None) -> "Visit":
        """The beginning of everything that is done for one wish; `tick` is called often, and may raise to stop it."""
        return Visit(self, time.monotonic() + self.patience.total, tick)


@dataclass(frozen=True)
class Visit:
    """One or several requests that share one time limit."""

    fetcher: Fetcher
    deadline: float
    tick: Tick

    def glance(self) -> None:
        self.tick()
        if time.monotonic() > self.deadline:
            raise upstream(f"it took longer than {self.fetcher.patience.total:g} seconds")

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator["Reply"]:
        """The answer at the end of the redirects, whatever its status; its body is read while the block lasts."""
        address = self.fetcher.hosts.read(url)
        for _ in range(self.fetcher.patience.redirects + 1):
            with self._ask(address, headers or {}) as reply:
                if reply.status not in REDIRECTS:
                    yield reply
                    return
                address = self._next(address, reply)
        raise not_allowed(f"it redirects more than {self.fetcher.patience.redirects} times")

    @contextmanager
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Iterator["Reply"]:
        """The answer to `body`, whatever its status. Nothing that is sent follows a redirect."""
        with self._ask(self.fetcher.hosts.read(url), headers, body) as reply:
            yield reply

    def _next(self, address: Address, reply: "Reply") -> Address:
        target = reply.header("Location")
        if not target:
            raise upstream("it redirects to nowhere")
        # http.client reads headers as Latin-1; what is meant by bytes outside ASCII is UTF-8
        try:
            joined = urljoin(str(address), target.encode("latin-1").decode("utf-8", "replace"))
        except ValueError:
            raise not_allowed("it redirects to an address that cannot be read") from None
        following = self.fetcher.hosts.read(joined)
        if address.scheme == "https" and following.scheme != "https":
            raise not_allowed("it redirects from https to http")
        return following

    @contextmanager
    def _ask(self, address: Address, headers: Mapping[str, str], body: bytes | None = None) -> Iterator["Reply"]:
        self.glance()
        with self._connected(address) as sock, _as_broken_off():
            line = Line(sock, self)
            connection = http.client.HTTPConnection(address.host, address.port)
            connection.sock = line
            method = "GET" if body is None else "POST"
            connection.putrequest(method, address.target, skip_host=True, skip_accept_encoding=True)
            fixed = {"Host": address.authority, "User-Agent": AGENT, "Accept-Encoding": "identity"}
            if body is not None:
                fixed["Content-Length"] = str(len(body))
            for name, value in {**headers, **fixed, "Connection": "close"}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            with connection.getresponse() as response:
                yield Reply(response)

    @contextmanager
    def _connected(self, address: Address) -> Iterator[socket.socket]:
        with self._reach(address) as raw:
            if address.scheme == "http":
                yield raw
                return
            with _as_broken_off(), self.fetcher.tls.wrap_socket(raw, server_hostname=address.host) as secure:
                yield secure

    def _reach(self, address: Address) -> socket.socket:
        """A connection to one of the answers of the resolver, none of which may be private."""
        answers = self.fetcher.resolve(address.host, address.port)
        if not answers or not (self.fetcher.private or all(is_public(answer) for answer in answers)):
            raise not_allowed("its host leads into a private network")
        until, why = time.monotonic() + self.fetcher.patience.connect, ""
        for answer in answers:
            self.glance()
            left = max(until - time.monotonic(), GLANCE)
            try:
                return self.fetcher.connect((answer, address.port), left)
            except OSError as error:
                why = str(error)
        raise BrokenOff(f"no connection to {address.host} ({why})")


class Line:
    """A connected socket as http.client needs it. Whoever connected it closes it."""

    def __init__(self, sock: socket.socket, visit: Visit) -> None:
        self._sock = sock
        self._visit = visit

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(Incoming(self._sock, self._visit), 1 << 16)

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._visit.fetcher.patience.silent)
        self._sock.sendall(data)

    def close(self) -> None:
        """http.client drops the socket of a last answer before that answer is read."""


class Incoming(io.RawIOBase):
    """The bytes of a socket, with a look at the clock while they do not come."""

    def __init__(self, sock: socket.socket, visit: Visit) -> None:
        super().__init__()
        self._sock = sock
        self._visit = visit
        sock.settimeout(GLANCE)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        silent = self._visit.fetcher.patience.silent
        until = time.monotonic() + silent
        while True:
            self._visit.glance()
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                if time.monotonic() > until:
                    raise upstream(f"it said nothing for {silent:g} seconds") from None


@dataclass(frozen=True)
class Reply:
    """An answer whose body is bytes as they are: any encoding of it is refused, since plain bytes were asked for."""

    response: http.client.HTTPResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def length(self) -> int | None:
        """Bytes that the body is said to have."""
        text = self.header("Content-Length")
        return int(text) if text.isdecimal() and len(text) < 19 else None

    def header(self, name: str) -> str:
        return str(self.response.headers.get(name, ""))

    def expect(self, *wanted: int) -> None:
        """Refuse any other status, and any encoding of the body."""
        if self.status in PASSING:
            raise BrokenOff(f"it answered {self.status}")
        if self.status not in wanted:
            raise upstream(f"it answered {self.status}{_reason(self.status)}")
        encoding = self.header("Content-Encoding").strip().lower()
        transfer = self.header("Transfer-Encoding").strip().lower()
        if encoding not in ("", "identity") or transfer not in ("", "identity", "chunked"):
            raise upstream("it sends the file in an encoding that was not asked for")

    def read(self, size: int) -> bytes:
        """At most `size` bytes as soon as some are there; b"" at the end."""
        with _as_broken_off():
            return self.response.read1(size)

    def read_all(self, limit: int) -> bytes:
        """A small body as a whole; `too_large` when it is longer than `limit`."""
        body = bytearray()
        while piece := self.read(1 << 16):
            body += piece
            if len(body) > limit:
                raise AddressError("too_large", "The answer is larger than it may be.", field="url")
        return bytes(body)


def _reason(status: int) -> str:
    return f" ({HTTPStatus(status).phrase})" if status in set(HTTPStatus) else ""


@contextmanager
def _as_broken_off() -> Iterator[None]:
    """What a connection can die of, as the one error of it. Certificates are no accident and are not tried again."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise upstream(f"its certificate is not good ({error.verify_message})") from error
    except (http.client.HTTPException, ssl.SSLError, ConnectionError, TimeoutError) as error:
        raise BrokenOff(f"the connection broke ({type(error).__name__})") from error
