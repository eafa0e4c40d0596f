"""A real Chromium against the live server: Debian's `chromium`, driven by Playwright. Without it these tests skip."""

import os
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from tests import base

BUNDLED_SAMPLE = Path(__file__).parents[2] / "models_app" / "starter" / "sample.wav"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={BUNDLED_SAMPLE}",
    "--autoplay-policy=no-user-gesture-required",
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _site(own_folder, encoder, transactional_db):
    """Every test here has a folder of its own and the encoder that comes with the code."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    # Playwright runs an event loop in this thread, which Django takes for a reason to refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium, live_server, client):
    """Open a page as somebody, or as a visitor. Whatever the browser complains about fails the test at its end."""
    contexts, complaints = [], []

    def open_as(user=None, **options):
        context = chromium.new_context(base_url=live_server.url, **{"viewport": DESKTOP, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if user is not None:
            client.force_login(user)
            context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
            )
            page.goto("/")
        return page

    open_as.complaints = complaints
    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def recording(tmp_path) -> Path:
    path = tmp_path / "two seconds.wav"
    path.write_bytes(base.tone(2.0))
    return path


@pytest.fixture
def finish():
    """Do what a worker does with a queued conversion, without the sound."""
    from conversions.models import Conversion

    def finish_one(conversion):
        job = Conversion.objects.claim(conversion.pk) if conversion.state == "queued" else conversion
        with wave.open(conversion.source.open()) as source:
            seconds = source.getnframes() / source.getframerate()
        job.result.save("result.wav", ContentFile(base.tone(seconds, rate=40000)), save=False)
        facts = {
            "timings": {"decode": 0.3, "load": 0.4, "f0": 0.5, "content": 0.7, "synthesis": 1.9, "encode": 0.1},
            "warnings": ["The recording is clipped in 3 places; the result may crackle there."],
            "device": "cpu (2 threads)",
            "f0_method": "swift-f0",
        }
        assert job.finish(
            result=job.result.name, result_seconds=seconds, result_rate=40000, used_index=True, facts=facts
        )
        return job

    return finish_one
