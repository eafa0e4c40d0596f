"""What every answer carries."""

import re

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/nothing/here/", "/api/voices/", "/admin/login/"])
def test_every_answer_has_the_policy(client, path):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["media-src"] == "'self' blob:"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=(self)" in headers["Permissions-Policy"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/nothing/here/", "/admin/login/"])
def test_pages_bring_no_inline_script_or_style(client, path):
    page = client.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.django_db
def test_every_request_has_a_number(client):
    first, second = client.get("/login/"), client.get("/login/")
    assert re.fullmatch(r"[0-9a-f]{32}", first["X-Request-ID"])
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.django_db
def test_a_number_from_outside_counts_behind_a_trusted_proxy_only(client, settings):
    given = {"X-Request-ID": "from-the-proxy-1"}
    assert client.get("/login/", headers=given)["X-Request-ID"] != "from-the-proxy-1"
    settings.TRUST_PROXY = True
    assert client.get("/login/", headers=given)["X-Request-ID"] == "from-the-proxy-1"
    assert client.get("/login/", headers={"X-Request-ID": "two words"})["X-Request-ID"] != "two words"


@pytest.mark.django_db
def test_the_pages_of_the_queue_do_not_exist(admin_client):
    for model in ("schedule", "success", "failure", "ormq"):
        assert admin_client.get(f"/admin/django_q/{model}/").status_code == 404
