"""A page of another site, in a real browser: it may call the API with a token where it is listed, and only there."""

import http.server
import threading

import pytest

from accounts.models import AccessToken

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ASK = """async ([address, key]) => {
  const headers = { Authorization: `Bearer ${key}`, Prefer: "wait=1" };
  try {
    const answer = await fetch(address, { headers });
    return [answer.status, Boolean(answer.headers.get("ETag")), (await answer.json()).results.map((row) => row.name)];
  } catch (error) {
    return [error.name];
  }
}"""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another site</title>")

    def log_message(self, *said):
        """Nobody reads it."""


@pytest.fixture
def elsewhere():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_it_calls_where_it_is_listed(chromium, live_server, settings, elsewhere, alice, make_voice):
    make_voice(alice, name="Mary")
    key = AccessToken.objects.issue(alice).key
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(elsewhere)
        asking = (ASK, [f"{live_server.url}/api/voices/", key])
        assert page.evaluate(*asking) == ["TypeError"], "nobody is listed by default"
        settings.CORS_URLS_REGEX, settings.CORS_ALLOWED_ORIGINS = settings.CORS_PATHS, ["https://app.example.org"]
        assert page.evaluate(*asking) == ["TypeError"], "another is"
        settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org", elsewhere]
        assert page.evaluate(*asking) == [200, True, ["Mary"]]
    finally:
        context.close()
