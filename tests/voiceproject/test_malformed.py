"""What no client sends by mistake is refused in our words; none of it is a fault of the server."""

from base64 import b64encode

import pytest
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db
DEEP = "[" * 100_000
CHARSETS = ("rot13", "hex", "zlib", "idna", "punycode", "undefined", "uu", "base64", "utf-16", "no-such", "")


@pytest.fixture(autouse=True)
def _fresh_throttles():
    cache.clear()


@pytest.fixture
def browser(alice):
    """Alice's browser, which shows a fault as the 500 a person would get."""
    browser = Client(raise_request_exception=False)
    browser.force_login(alice)
    return browser


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("kind", ["voices", "conversions"])
@pytest.mark.parametrize(
    "position",
    [
        *("abc", "", "\0", "2026-02-31 00:00:00%2B00:00", "2026-01-01", "2026-01-01T00:00:00"),
        *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00%2B23:59"),
    ],
)
def test_a_cursor_that_is_no_moment_is_not_found(browser, kind, position):
    cursor = b64encode(f"p={position}".encode()).decode()
    assert error_of(browser.get(f"/api/{kind}/", {"cursor": cursor})) == (404, "not_found")


@pytest.mark.parametrize("cursor", ["", "cj0x", "bz05OTk5OTk5OTk5"])
def test_a_cursor_without_a_position_is_a_page(browser, cursor):
    assert browser.get("/api/voices/", {"cursor": cursor}).status_code == 200


@pytest.mark.parametrize("address", ["/api/token/", "/api/voices/", "/api/conversions/"])
@pytest.mark.parametrize("body", [DEEP, '{"a":' * 100_000, '{"username":' + DEEP + "]" * 100_000 + "}"])
def test_json_that_is_nested_without_end(browser, address, body):
    answer = browser.post(address, body, content_type="application/json")
    assert answer.status_code in (400, 415)
    if address == "/api/token/":
        assert error_of(answer) == (400, "bad_request")


@pytest.mark.parametrize("body", ["7104", "--x--", "--y\r\n\r\n--y--\r\n"])
def test_a_form_without_parts_is_no_empty_form(browser, body):
    answer = browser.patch("/api/me/", body, content_type="multipart/form-data; boundary=x")
    assert error_of(answer) == (400, "bad_request")


def test_a_field_without_a_name_is_refused_by_no_name(browser):
    answer = browser.post("/api/presets/", {"name": "Mine", "": "x"}, content_type="application/json")
    assert error_of(answer) == (400, "bad_request")
    assert answer.json()["error"]["field"] is None


def test_json_that_is_too_long(browser, settings):
    body = '{"username": "' + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + '"}'
    answer = browser.post("/api/token/", body, content_type="application/json")
    assert error_of(answer) == (413, "too_large")


def served(rf, method, address, content_type):
    """Status, headers and body as the web server gets them: Django's client makes its requests another way."""
    from voiceproject.wsgi import application

    told = {}
    request = rf.generic(method, address, b"a=%ff", headers={"Cookie": f"csrftoken={'x' * 32}"})
    environ = request.environ | {"CONTENT_TYPE": content_type}
    body = b"".join(application(environ, lambda status, headers: told.update({"status": status[:3], **dict(headers)})))
    return told, body.decode()


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_a_charset_that_nobody_needs(rf, charset, kind):
    for method, address in (("GET", "/api/voices/?a=%ff"), ("POST", "/login/?next=/"), ("POST", "/nonexist?a=1")):
        told, body = served(rf, method, address, f"{kind}; charset={charset}")
        assert told["status"] == "400"
        assert "X-Request-ID" in told
        assert ('"bad_request"' in body) == address.startswith("/api/")


@pytest.mark.parametrize(
    "odd", ["charset*=rot13''hex", "a*=nothing''b", "charset*=utf-8''hex", "charset=x; charset=hex"]
)
def test_a_charset_in_disguise(rf, odd):
    assert served(rf, "GET", "/login/?a=1", f"text/plain; {odd}")[0]["status"] == "400"


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii", "latin-1", "iso-8859-1"])
def test_charsets_that_clients_send(rf, charset):
    assert served(rf, "GET", "/login/?a=1", f"text/plain; charset={charset}")[0]["status"] == "200"


@pytest.mark.parametrize("address", ["/nonexist", "/login/", "/api/nonexist"])
def test_a_form_without_its_boundary(address):
    strict = Client(raise_request_exception=False, enforce_csrf_checks=True)
    strict.get("/login/")
    answer = strict.post(address, "x", content_type="multipart/form-data")
    assert answer.status_code == (400 if address == "/login/" else 404)


@pytest.mark.parametrize("method", ["options", "post", "put", "trace"])
def test_the_docs_are_for_reading(browser, method):
    assert getattr(browser, method)("/api/docs/").status_code == 405
    assert getattr(browser, method)("/api/schema/").status_code in (200, 405)


@pytest.mark.parametrize("value", ["%00", "%0d%0aX: 1", "%ff", "1.0", "%22", "\u2028", "x" * 9999, "../..", ""])
@pytest.mark.parametrize("name", ["version", "format", "lang"])
def test_odd_wishes_for_the_description(browser, name, value):
    for address in ("/api/schema/", "/api/docs/"):
        answer = browser.get(f"{address}?{name}={value}")
        assert answer.status_code in (200, 400, 404)
        assert all(sign.isprintable() for header in answer.headers.values() for sign in header)


def test_the_description_may_be_had_as_json(browser):
    assert browser.get("/api/schema/?format=json&lang=de").json()["info"]["version"] == "0.1.0"
