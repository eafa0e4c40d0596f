"""A model hub that lies on a loopback port and misbehaves on request."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """`files`: path to bytes. The switches say how the next answers go wrong; `requests`: (path, Range header)."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    cut_after: int | None = None
    redirect: str = ""
    endless: bool = False
    ignores_range: bool = False
    failures: int = 0


class _Server(ThreadingHTTPServer):
    hub: Hub


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        hub = self.server.hub
        hub.requests.append((self.path, self.headers.get("Range", "")))
        if hub.redirect:
            target, hub.redirect = hub.redirect, ""
            self._head(302, Location=target)
        elif hub.failures:
            hub.failures -= 1
            self._head(503)
        elif hub.endless:
            self._endless()
        elif self.path not in hub.files:
            self._head(404)
        else:
            self._file(hub, hub.files[self.path])

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _file(self, hub: Hub, body: bytes) -> None:
        asked = "" if hub.ignores_range else self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(body):
            self._head(416)
            return
        rest = body[start:]
        span = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self._head(206 if start else 200, Content_Length=str(len(rest)), **span)
        cut, hub.cut_after = hub.cut_after, None
        self.wfile.write(rest if cut is None else rest[:cut])

    def _endless(self) -> None:
        self._head(200)
        with suppress(ConnectionError):
            while True:
                self.wfile.write(b"\0" * 65536)


@contextmanager
def serve_hub() -> Iterator[Hub]:
    hub = Hub()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = hub
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
