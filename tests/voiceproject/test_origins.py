"""Pages of other sites may call the API where the operator lists them, with a token, and nothing else."""

import pytest
from django.test import Client

from accounts.models import AccessToken
from tests import base
from tests.voiceproject.test_checks import GOOD_KEY, ids, manage
from voiceproject import checks

pytestmark = pytest.mark.django_db
LISTED, OTHER = "https://app.example.org", "https://evil.example"
CALLS = ("/api/voices/", "/v1/voices", "/v2/voices", "/v1/models")
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def listed(settings):
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_URLS_REGEX = [LISTED], settings.CORS_PATHS


@pytest.fixture
def ask(alice):
    key = AccessToken.objects.issue(alice).key

    def ask(path, origin=LISTED, method="get", **headers):
        client = Client(headers={"Authorization": f"Bearer {key}", "Origin": origin, **headers})
        return getattr(client, method)(path)

    return ask


def preflight(path, origin=LISTED):
    wished = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,prefer"}
    return Client(headers={"Origin": origin, **wished}).options(path)


def told(answer):
    return {name for name in answer.headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("path", CALLS)
def test_it_is_off_by_default(ask, path):
    answer = ask(path)
    assert (answer.status_code, told(answer)) == (200, set())
    assert "origin" not in answer.get("Vary", "").lower()
    asked = preflight(path)
    assert told(asked) == set()
    assert asked.status_code != 200


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("path", CALLS)
def test_a_listed_page_reads_what_a_token_may(ask, path):
    answer = ask(path)
    assert (answer.status_code, answer[ALLOWED]) == (200, LISTED)
    assert "origin" in answer["Vary"].lower()
    shown = {name.strip().lower() for name in answer["Access-Control-Expose-Headers"].split(",")}
    assert shown >= {"location", "etag", "retry-after", "x-request-id", "content-range", "content-disposition"}
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("path", ["/api/conversions/", "/v1/audio/speech", "/v1/text-to-speech/x/stream"])
def test_a_browser_may_ask_first_without_a_key(path):
    answer = preflight(path)
    assert (answer.status_code, answer[ALLOWED], answer.content) == (200, LISTED, b"")
    allowed = {name.strip().lower() for name in answer["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= {
        "authorization", "xi-api-key", "idempotency-key", "prefer", "content-type", "range", "if-none-match",
        "x-stainless-lang", "x-fern-sdk-name",
    }  # fmt: skip
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer["Access-Control-Allow-Methods"].split(", "))
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("origin", [OTHER, "null", "http://app.example.org", f"{LISTED}.evil.example", f"{LISTED}:444"])
@pytest.mark.parametrize("path", CALLS)
def test_others_get_no_header(ask, path, origin):
    for answer in (ask(path, origin), preflight(path, origin)):
        assert told(answer) == set()
        assert "origin" in answer["Vary"].lower(), "a cache must not give one page the answer to another"


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("path", ["/", "/login/", "/voices/", "/healthz", "/static/css/site.css", "/admin/login/"])
def test_pages_are_not_for_other_sites(ask, path):
    assert told(ask(path)) == told(preflight(path)) == set()


@pytest.mark.usefixtures("listed")
def test_errors_can_be_read_too(ask):
    for answer, status in (
        (Client(headers={"Origin": LISTED}).get("/api/voices/"), 401),
        (ask("/api/nothing/"), 404),
        (ask("/v1/nothing"), 404),
        (ask("/api/voices/?page_size=x"), 400),
    ):
        assert (answer.status_code, answer[ALLOWED]) == (status, LISTED)
    unchanged = ask("/api/voices/", **{"If-None-Match": ask("/api/voices/")["ETag"]})
    assert (unchanged.status_code, unchanged[ALLOWED]) == (304, LISTED)


@pytest.mark.usefixtures("listed")
def test_a_session_does_not_count_from_there(alice, voice):
    """Not even from a page that is listed: its form comes with the cookie, and without our token."""
    client = Client(enforce_csrf_checks=True, headers={"Origin": LISTED})
    client.force_login(alice)
    answer = client.post("/api/conversions/", {"voice": str(voice.pk), "recording": base.upload(base.tone())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", [LISTED, "http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443"])
def test_an_origin(settings, origin):
    settings.CORS_ALLOWED_ORIGINS = [origin]
    assert checks.check_cors_origins() == []


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "app.example.org", f"{LISTED}/", f"{LISTED}/app", "https://*.example.org", "ftp://app.example.org",
     "https://App.example.org", "https://me@app.example.org", "https://", "https://a b", f"{LISTED}?x", "file://", ""],
)  # fmt: skip
def test_what_is_no_origin_is_named(settings, origin):
    settings.CORS_ALLOWED_ORIGINS = [LISTED, origin]
    [found] = checks.check_cors_origins()
    assert (ids([found]), repr(origin) in found.msg) == (["voiceproject.E013"], True)


def test_it_stops_the_start():
    result = manage("check", SECRET_KEY=GOOD_KEY, CORS_ORIGINS=f"{LISTED},*")
    assert result.returncode != 0
    assert "CORS_ORIGINS: '*' is no origin." in result.stderr
    good = manage("check", SECRET_KEY=GOOD_KEY, CORS_ORIGINS=f"{LISTED}, http://localhost:3000")
    assert good.returncode == 0, good.stderr
