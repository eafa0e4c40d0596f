"""Which addresses pass as they are written, and which of the internet's are public."""

import socket

import pytest

from voiceproject.addresses import AddressError, HostList, OwnServer, is_public

ANYWHERE = HostList(("*",))

SCHEMES = [
    "file:///etc/hostname",
    "ftp://files.example/a",
    "gopher://files.example/",
    "data:text/plain,a",
    "//files.example/a",
]
LOOPBACK = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    "[::127.0.0.1]", "localhost", "localhost.", "0.0.0.0", "0", "[::]",
]  # fmt: skip
PRIVATE = [
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.255", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "[fc00::1]", "[fd12::1]",
    "[fe80::1]", "[fec0::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]",
    "[2002:7f00:1::]", "[2002:c0a8:1::1]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[::ffff:10.0.0.1]", "[100::1]",
    "[5f00::1]", "[2002:808:808::1]", "[2001:0:808:808::f7f7:f7f7]", "[2001:0:5db8:d822:0:0:80ff:fffe]",
]  # fmt: skip
WRITING = {
    "user": "https://ana@files.example/a.pth",
    "password": "https://ana:secret@files.example/a.pth",
    "fragment": "https://files.example#@127.0.0.1/",
    "backslash": "https://files.example\\@127.0.0.1/",
    "port": "https://files.example:22/a.pth",
    "port of http": "https://files.example:80/a.pth",
    "port that is none": "https://files.example:x/",
    "line end": "https://files.example/a\r\nHost: 127.0.0.1",
    "tab": "https://files.ex\tample/a",
    "zero": "https://files.example/\0",
    "space": "https://files.example/a b.pth",
    "space before": " https://files.example/a.pth",
    "length": "https://files.example/" + "a" * 5000,
    "percent": "https://127%2e0.0.1/",
    "letters": "https://ⓛⓞⓒⓐⓛ.example/",
    "open bracket": "https://[::1/",
    "nothing": "",
    "no host": "https:///a.pth",
    "only a port": "https://:443/",
    "empty label": "https://files..example/",
    "zone": "https://[fe80::1%25eth0]/",
}


def refusal(url, hosts=ANYWHERE):
    with pytest.raises(AddressError) as caught:
        hosts.read(url)
    assert caught.value.code == "url_not_allowed"
    return caught.value.message


def test_it_reads_an_address():
    address = ANYWHERE.read("https://Files.Example.:443/voices/a.pth?download=true")
    assert (address.host, address.port, address.target) == ("files.example", 443, "/voices/a.pth?download=true")
    assert str(address) == "https://files.example/voices/a.pth?download=true"
    assert str(ANYWHERE.read("https://files.example")) == "https://files.example/"


def test_signs_outside_ascii_are_quoted_in_the_path():
    assert ANYWHERE.read("https://files.example/Ж.pth").target == "/%D0%96.pth"


def test_its_length_is_that_of_the_quoted_address():
    address = ANYWHERE.read("https://files.example/" + 300 * "Ж")
    assert len(str(address)) < 2000
    refusal("https://files.example/" + 400 * "Ж")


@pytest.mark.parametrize("url", SCHEMES)
def test_other_schemes_are_refused(url):
    refusal(url)


@pytest.mark.parametrize("host", LOOPBACK + PRIVATE)
def test_numbers_of_private_networks_are_refused_without_a_look_up(host, monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda *words: asked.append(words))
    refusal(f"https://{host}/a.pth")
    refusal(f"http://{host}/a.pth", HostList(("*",), allow_http=True))
    assert asked == []


@pytest.mark.parametrize("name", WRITING)
def test_what_is_written_oddly_is_refused(name):
    refusal(WRITING[name])


def test_http_passes_only_where_it_is_allowed():
    refusal("http://files.example/a.pth")
    assert HostList(("*",), allow_http=True).read("http://files.example/a.pth").port == 80


def test_the_list_decides():
    hosts = HostList(("files.example", "*.hub.example"))
    for url in ("https://files.example/", "https://cdn.hub.example/", "https://eu.cdn.hub.example/"):
        hosts.read(url)
    for url in (
        "https://hub.example/",
        "https://evilfiles.example/",
        "https://files.example.evil.com/",
        "https://8.8.8.8/",
    ):
        assert "does not import from" in refusal(url, hosts)
    refusal("https://files.example/", HostList(()))


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(text):
    assert is_public(text)


@pytest.mark.parametrize("text", ["fec0::1", "fe80::1%eth0", "64:ff9b::10.0.0.1", "2002:a00:1::", "x", "", "127.0.0.1"])
def test_others_are_not(text):
    assert not is_public(text)


class TestOwnServer:
    """An address that an operator's setting gives: any port, and nothing but what is below it."""

    @pytest.mark.parametrize("base", ["http://localhost:8880/v1", "http://10.0.0.7:5000", "http://[::1]:80"])
    def test_it_works(self, base):
        address = OwnServer(base, allow_http=True).read(f"{base}/speech?x=1")
        assert str(address) == f"{base}/speech?x=1"
        assert address.port == int(base.rpartition(":")[2].partition("/")[0])

    def test_the_usual_port(self):
        address = OwnServer("https://api.example/v1").read("https://api.example/v1/speech")
        assert (address.port, address.authority) == (443, "api.example")

    @pytest.mark.parametrize(
        ("base", "url"),
        [
            ("https://api.example", "https://api.example.evil/x"),
            ("https://api.example", "https://other.example/x"),
            ("https://api.example", "https://api.example@evil/x"),
            ("http://api.example", "http://api.example/x"),
            ("ftp://api.example", "ftp://api.example/x"),
            ("https://me:secret@api.example", "https://me:secret@api.example/x"),
            ("https://api.example:0", "https://api.example:0/x"),
            ("https://api.example:70000", "https://api.example:70000/x"),
            ("https://", "https:///x"),
            ("https://api.example", "https://api.example/a b"),
        ],
    )
    def test_others_are_refused(self, base, url):
        with pytest.raises(AddressError) as refused:
            OwnServer(base).read(url)
        assert refused.value.code == "url_not_allowed"
