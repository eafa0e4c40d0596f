"""A small internet on loopback: names and public addresses that lead to real servers here, which may misbehave.

Nothing is faked but geography: the rule sees public addresses, and the last step of connecting is redirected to a
local port. A connection that should never have been made ends at the canary and is counted.
"""

import socket
import ssl
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

from voiceproject.addresses import HostList
from voiceproject.fetching import Fetcher, Patience

SITE, CDN, OTHER, PLAIN, HUB = "93.184.216.34", "93.184.216.35", "93.184.216.36", "93.184.216.37", "93.184.216.38"
NAMES = {
    "files.example": SITE,
    "cdn.example": CDN,
    "other.example": OTHER,
    "plain.example": PLAIN,
    "hub.example": HUB,
}
QUICK = Patience(connect=2.0, silent=0.6, total=10.0)


class Handler(BaseHTTPRequestHandler):
    """Answers with whatever the test has put at the path."""

    protocol_version = "HTTP/1.1"
    server: "Site"

    def do_GET(self):
        self.close_connection = True
        self.server.seen.append((self.path, dict(self.headers)))
        answer = self.server.routes.get(self.path.partition("?")[0])
        if answer is None:
            self.answer(404, b"nothing here")
        else:
            with suppress(BrokenPipeError, ConnectionError, ssl.SSLError):
                answer(self)

    def do_POST(self):
        """What is sent stands beside what is seen."""
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def answer(self, status=200, body=b"", **headers):
        self.head(status, **{"Content_Length": str(len(body)), **headers})
        self.wfile.write(body)

    def head(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def log_message(self, *words):
        """Quietly."""


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes, self.seen, self.received = {}, [], []
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that hang up are part of every test here."""


class Canary:
    """Listens where nobody may go."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.visits = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            visitor, _ = self.socket.accept()
            self.visits += 1
            visitor.close()


class Network:
    def __init__(self):
        self.ca = trustme.CA()
        self.trust = ssl.create_default_context()
        self.ca.configure_trust(self.trust)
        self.canary = Canary()
        self.sites = {
            name: Site(self.ca.issue_cert(name)) for name in NAMES if name not in ("plain.example", "other.example")
        }
        self.sites["other.example"] = Site(self.ca.issue_cert("files.example"))  # a certificate for another name
        self.sites["plain.example"] = Site()
        self.ports = {
            (NAMES[name], 80 if name == "plain.example" else 443): site.server_port for name, site in self.sites.items()
        }
        self.reset()

    def reset(self):
        for site in self.sites.values():
            site.routes, site.seen, site.received = {}, [], []
        self.answers = {name: [address] for name, address in NAMES.items()}
        self.asked, self.connected = [], []
        self.canary.visits = 0

    def __getitem__(self, name):
        return self.sites[f"{name}.example"]

    def resolve(self, host, port):
        self.asked.append(host)
        answer = self.answers[host]
        return answer(len(self.asked)) if callable(answer) else answer

    def connect(self, address, timeout):
        self.connected.append(address)
        if address in self.ports:
            return socket.create_connection(("127.0.0.1", self.ports[address]), timeout)
        if address[0].startswith("93."):
            raise ConnectionRefusedError(111, "refused")
        return socket.create_connection(self.canary.socket.getsockname(), timeout)

    def fetcher(self, hosts=("*.example",), *, allow_http=False, patience=QUICK):
        return Fetcher(HostList(tuple(hosts), allow_http), patience, self.resolve, self.connect, self.trust)


def serve(body, **headers):
    """A route that sends a file as servers do, ranges included."""
    etag = headers.pop("ETag", '"one"')

    def route(handler):
        start = 0
        asked = handler.headers.get("Range", "")
        if asked and handler.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").split("-")[0])
            place = f"bytes {start}-{len(body) - 1}/{len(body)}"
            handler.answer(206, body[start:], ETag=etag, Content_Range=place, **headers)
        else:
            handler.answer(200, body, ETag=etag, **headers)

    return route


def redirect(location, status=302):
    return lambda handler: handler.answer(status, b"", Location=location)


def broken_after(count, body, etag='"one"'):
    """A route that sends the first `count` bytes of what is asked for and hangs up; the validator stays."""

    def route(handler):
        asked = handler.headers.get("Range")
        start = (
            int(asked.removeprefix("bytes=").split("-")[0]) if asked and handler.headers.get("If-Range") == etag else 0
        )
        place = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        handler.head(206 if start else 200, Content_Length=str(len(body) - start), ETag=etag, **place)
        handler.wfile.write(body[start : start + count])

    return route


def endless(handler):
    handler.head(200, Transfer_Encoding="chunked")
    while True:
        handler.chunk(bytes(1 << 16))


def dripping(seconds):
    def route(handler):
        handler.head(200, Content_Length="1000000")
        while True:
            handler.wfile.write(b"x")
            time.sleep(seconds)

    return route


def in_turn(*routes):
    """A route that answers each request as the next of these."""
    left = iter(routes)

    def route(handler):
        next(left)(handler)

    return route
