"""Requests and downloads over real connections to servers that misbehave."""

import gzip
import hashlib
import socket
import time
from types import SimpleNamespace

import pytest

from rvc.errors import RVCError
from tests import network as net
from voiceproject import downloads
from voiceproject.addresses import AddressError
from voiceproject.downloads import Download, check_sha256
from voiceproject.fetching import Patience

FILE = bytes(range(256)) * 2000  # half a megabyte
URL = "https://files.example/voice.pth"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(downloads, "PAUSE", 0.01)


@pytest.fixture
def fetch(network, tmp_path):
    """Download, and say what arrived; the error otherwise."""

    def run(url=URL, *, limit=1 << 20, report=lambda done, total: None, **rules):
        target = tmp_path / "file"
        Download(network.fetcher(**rules).visit(), url, target, limit, report).run()
        return target.read_bytes()

    return run


def code_of(fetch, url=URL, **rules):
    with pytest.raises(AddressError) as caught:
        fetch(url, **rules)
    return caught.value.code


def test_it_works(network, fetch):
    network["files"].routes["/voice.pth"] = net.serve(FILE)
    seen = []
    assert fetch(report=lambda done, total: seen.append((done, total))) == FILE
    assert seen[-1] == (len(FILE), len(FILE))
    assert network.connected == [(net.SITE, 443)]


def test_it_says_who_asks_and_nothing_else(network, fetch, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    network["files"].routes["/voice.pth"] = lambda handler: handler.answer(200, FILE, Set_Cookie="a=b")
    fetch()
    fetch()
    for _, headers in network["files"].seen:
        assert headers == {
            "Host": "files.example",
            "User-Agent": "Voiceproject",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }


def test_http_where_it_is_allowed(network, fetch):
    network["plain"].routes["/voice.pth"] = net.serve(FILE)
    assert fetch("http://plain.example/voice.pth", allow_http=True) == FILE
    assert network.connected == [(net.PLAIN, 80)]


class TestRule:
    def test_a_name_that_leads_inside(self, network, fetch):
        for answers in (["10.0.0.1"], ["127.0.0.1"], [net.SITE, "192.168.0.1"], ["::1"], []):
            network.answers["files.example"] = answers
            assert code_of(fetch) == "url_not_allowed"
        assert (network.connected, network.canary.visits) == ([], 0)

    def test_a_name_that_changes_its_mind(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.serve(FILE)
        network.answers["files.example"] = lambda count: [net.SITE] if count == 1 else ["127.0.0.1"]
        assert fetch() == FILE
        assert network.connected == [(net.SITE, 443)]
        assert code_of(fetch) == "url_not_allowed"
        assert (len(network.connected), network.canary.visits) == (1, 0)

    def test_a_name_that_changes_its_mind_while_the_file_is_resumed(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.broken_after(200_000, FILE)
        network.answers["files.example"] = lambda count: [net.SITE] if count == 1 else ["127.0.0.1"]
        assert code_of(fetch) == "url_not_allowed"
        assert network.canary.visits == 0

    def test_redirects_pass_the_rule_again(self, network, fetch):
        network["cdn"].routes["/a"] = net.serve(FILE)
        for status in (301, 302, 303, 307, 308):
            network["files"].routes["/voice.pth"] = net.redirect("https://cdn.example/a", status)
            assert fetch() == FILE
        for target in (
            "https://127.0.0.1/a", "https://localhost/a", "http://cdn.example/a", "file:///etc/hostname",
            "https://elsewhere.com/a", "https://cdn.example:8443/a", "https://ana@cdn.example/a", "https://[::1", "//[",
        ):  # fmt: skip
            network["files"].routes["/voice.pth"] = net.redirect(target)
            assert code_of(fetch) == "url_not_allowed", target
        assert network.canary.visits == 0

    def test_from_https_to_http_never(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.redirect("http://plain.example/voice.pth")
        network["plain"].routes["/voice.pth"] = net.serve(FILE)
        assert code_of(fetch, allow_http=True) == "url_not_allowed"
        assert network["plain"].seen == []

    def test_three_redirects_and_no_more(self, network, fetch):
        routes = network["files"].routes
        routes |= {f"/{step}": net.redirect(f"/{step - 1}") for step in range(1, 5)}
        routes["/0"] = net.serve(FILE)
        assert fetch("https://files.example/3") == FILE
        assert code_of(fetch, "https://files.example/4") == "url_not_allowed"
        routes["/loop"] = net.redirect("/loop")
        assert code_of(fetch, "https://files.example/loop") == "url_not_allowed"
        routes["/nowhere"] = lambda handler: handler.answer(302)
        assert code_of(fetch, "https://files.example/nowhere") == "upstream"

    def test_nothing_is_sent_on_to_another_host(self, network, fetch):
        network["files"].routes["/voice.pth"] = lambda handler: handler.answer(
            302, b"", Location="https://cdn.example/a", Set_Cookie="secret=1"
        )
        network["cdn"].routes["/a"] = net.serve(FILE)
        fetch()
        [(_, headers)] = network["cdn"].seen
        assert headers["Host"] == "cdn.example"
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)


class TestOtherSide:
    def test_a_certificate_for_another_name(self, network, fetch):
        network["other"].routes["/voice.pth"] = net.serve(FILE)
        assert code_of(fetch, "https://other.example/voice.pth") == "upstream"
        assert network["other"].seen == []
        assert len(network.connected) == 1, "a bad certificate is not asked for again"

    def test_no_tls_at_all(self, network, fetch):
        network.ports[(net.SITE, 443)], kept = network["plain"].server_port, network.ports[(net.SITE, 443)]
        try:
            assert code_of(fetch) == "upstream"
        finally:
            network.ports[(net.SITE, 443)] = kept

    def test_a_handshake_that_never_ends(self, network, fetch):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            network.ports[(net.SITE, 443)], kept = silent.getsockname()[1], network.ports[(net.SITE, 443)]
            try:
                started = time.monotonic()
                assert code_of(fetch, patience=Patience(connect=0.3, silent=5, total=5)) == "upstream"
                assert time.monotonic() - started < 2
            finally:
                network.ports[(net.SITE, 443)] = kept

    @pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 500, 503])
    def test_answers_that_are_no_file(self, network, fetch, status):
        network["files"].routes["/voice.pth"] = lambda handler: handler.answer(status, b"no")
        assert code_of(fetch) == "upstream"
        assert len(network["files"].seen) == (3 if status >= 500 else 1)

    def test_nobody_listens(self, network, fetch):
        network.answers["files.example"] = ["93.184.216.99"]
        assert code_of(fetch) == "upstream"
        assert len(network.connected) == 3

    def test_the_second_address_is_tried(self, network, fetch):
        network.answers["files.example"] = ["93.184.216.99", net.SITE]
        network["files"].routes["/voice.pth"] = net.serve(FILE)
        assert fetch() == FILE

    def test_an_encoding_that_was_not_asked_for(self, network, fetch):
        bomb = gzip.compress(bytes(1 << 24))
        for headers in (
            {"Content_Encoding": "gzip"},
            {"Content_Encoding": "br"},
            {"Transfer_Encoding": "gzip, chunked"},
        ):
            network["files"].routes["/voice.pth"] = lambda handler, headers=headers: handler.answer(
                200, bomb, **headers
            )
            assert code_of(fetch) == "upstream"

    def test_a_body_without_end(self, network, fetch, tmp_path):
        network["files"].routes["/voice.pth"] = net.endless
        assert code_of(fetch) == "too_large"
        assert (tmp_path / "file").stat().st_size <= 1 << 20

    def test_a_body_that_says_it_is_too_long(self, network, fetch, tmp_path):
        network["files"].routes["/voice.pth"] = lambda handler: handler.head(200, Content_Length=str(2 << 20))
        assert code_of(fetch) == "too_large"
        assert (tmp_path / "file").stat().st_size == 0

    def test_a_length_that_is_too_short_cuts_the_body(self, network, fetch):
        network["files"].routes["/voice.pth"] = lambda handler: handler.answer(200, FILE, Content_Length="1000")
        assert fetch() == FILE[:1000]

    def test_a_length_that_is_a_lie(self, network, fetch):
        network["files"].routes["/voice.pth"] = lambda handler: handler.answer(200, b"few", Content_Length="900000")
        assert code_of(fetch) == "upstream"
        for lie in ("-5", "x", "9" * 40):
            network["files"].routes["/voice.pth"] = lambda handler, lie=lie: handler.answer(
                200, FILE, Content_Length=lie
            )
            assert fetch() == FILE  # read to the end of the connection

    def test_silence(self, network, fetch):
        for route in (lambda handler: time.sleep(3), net.dripping(3)):
            network["files"].routes["/voice.pth"] = route
            started = time.monotonic()
            assert code_of(fetch) == "upstream"
            assert time.monotonic() - started < 2.5

    def test_a_drip_that_never_falls_silent(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.dripping(0.1)
        started = time.monotonic()
        assert code_of(fetch, patience=Patience(connect=1, silent=1, total=1.0)) == "upstream"
        assert time.monotonic() - started < 2.5

    def test_headers_without_end(self, network, fetch):
        def route(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000)

        network["files"].routes["/voice.pth"] = route
        assert code_of(fetch) == "upstream"

    def test_it_is_no_http(self, network, fetch):
        network["files"].routes["/voice.pth"] = lambda handler: handler.wfile.write(b"SSH-2.0-x\r\n\r\n")
        assert code_of(fetch) == "upstream"


class TestResume:
    def test_a_broken_connection_is_continued(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.broken_after(200_000, FILE)
        assert fetch() == FILE
        asked = [headers.get("Range") for _, headers in network["files"].seen]
        assert asked == [None, "bytes=200000-", "bytes=400000-"]
        assert network["files"].seen[1][1]["If-Range"] == '"one"'

    def test_a_file_that_changed_meanwhile_is_begun_again(self, network, fetch):
        new = FILE[::-1]
        network["files"].routes["/voice.pth"] = net.in_turn(
            net.broken_after(200_000, FILE), net.serve(new, ETag='"two"')
        )
        assert fetch() == new

    def test_without_a_validator_nothing_is_continued(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.in_turn(
            net.broken_after(200_000, FILE, etag='W/"weak"'), net.serve(FILE)
        )
        assert fetch() == FILE
        assert [headers.get("Range") for _, headers in network["files"].seen] == [None, None]

    def test_a_server_that_continues_at_the_wrong_place(self, network, fetch):
        def wrong(handler):
            handler.answer(206, FILE[5:], Content_Range=f"bytes 5-{len(FILE) - 1}/{len(FILE)}", ETag='"one"')

        network["files"].routes["/voice.pth"] = net.in_turn(net.broken_after(200_000, FILE), wrong, net.serve(FILE))
        assert fetch() == FILE

    def test_a_server_that_cannot_continue(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.in_turn(
            net.broken_after(200_000, FILE), lambda handler: handler.answer(416), net.serve(FILE)
        )
        assert fetch() == FILE

    def test_one_that_brings_nothing_is_given_up(self, network, fetch):
        network["files"].routes["/voice.pth"] = net.broken_after(10, FILE)
        assert code_of(fetch) == "upstream"
        assert len(network["files"].seen) == 3


def test_the_wish_can_be_dropped_while_nothing_comes(network, tmp_path):
    class Dropped(Exception):
        pass

    def tick():
        if time.monotonic() > until:
            raise Dropped

    network["files"].routes["/voice.pth"] = lambda handler: time.sleep(20)
    until = time.monotonic() + 0.3
    visit = network.fetcher(patience=Patience()).visit(tick)
    with pytest.raises(Dropped):
        Download(visit, URL, tmp_path / "file", 1 << 20, lambda done, total: None).run()
    assert time.monotonic() - until < 1.5


def test_no_room(network, fetch, monkeypatch):
    network["files"].routes["/voice.pth"] = net.serve(FILE)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(RVCError) as caught:
        fetch()
    assert caught.value.code == "storage_full"


def test_checksums(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(FILE)
    check_sha256(path, "")
    check_sha256(path, hashlib.sha256(FILE).hexdigest().upper())
    with pytest.raises(AddressError) as caught:
        check_sha256(path, "0" * 64)
    assert caught.value.code == "wrong_checksum"
