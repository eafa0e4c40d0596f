"""A result on its page: heard against the recording, looped, seen, read, and made again with a change."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.base import ContentFile

from conversions.models import Conversion, Piece
from tests import base
from tests.browser.axe import serious
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_access import PROBLEMS
from tests.browser.test_journey import until

pytestmark = pytest.mark.browser

BEFORE, AFTER = (f"document.querySelectorAll('[data-track] audio')[{number}]" for number in (0, 1))
BAND = "document.querySelector('.band')"


def speech(seconds=4.0, rate=16000):
    """Something with a melody and its overtones, as a WAV."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2.2 * time)) / rate
    wave = sum(np.sin(number * phase) / number for number in range(1, 25)) * (np.sin(5 * time) > -0.6)
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.2 * wave, rate, "PCM_16", format="WAV")
    return buffer.getvalue()


@pytest.fixture
def conversion(alice, voice):
    """Made by the real worker, so that all that is shown was measured."""
    from conversions.tasks import convert
    from rvc.options import ConversionOptions

    wished = ConversionOptions(pitch_shift=7, seed=1)
    conversion = Conversion.objects.submit(alice, voice, base.upload(speech(), "evening.wav"), wished)
    convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert conversion.state == "done", conversion.error_message
    return conversion


def ready(page):
    page.locator(".track.drawn").nth(1).wait_for()
    page.locator("[data-spectra].drawn").wait_for()


def test_it_works(open_page, alice, conversion):
    page = open_page(alice)
    page.goto(conversion.get_absolute_url())
    ready(page)
    page.get_by_role("button", name="Play").click()
    until(page, f"{AFTER}.currentTime > 0.2")
    page.keyboard.press("x")
    until(page, f"{BEFORE}.currentTime > 0.3 && {AFTER}.paused")
    loops_with_the_keyboard(page)
    loops_with_the_pointer(page)
    reads_the_numbers(page)
    sees_both(page)
    fits_everywhere(page)
    page.get_by_role("link", name="One octave lower").click()
    page.wait_for_url("**/?from=*")
    assert page.url.endswith(f"?from={conversion.pk}&pitch_mode=shift&pitch_shift=-5")
    assert page.locator("[name=pitch_shift]").first.input_value() == "-5"
    assert page.get_by_text("evening.wav").count()


def goes_to(page, seconds):
    """As slowly as a hand: a browser that is sent elsewhere before it has arrived may never play on."""
    page.evaluate(f"{BEFORE}.currentTime = {seconds}")
    arrives(page, seconds)


def arrives(page, seconds):
    until(page, f"{BEFORE}.currentTime === {seconds} && !{BEFORE}.seeking && {BEFORE}.readyState > 2")


def loops_with_the_keyboard(page):
    page.locator("[data-compare]").focus()
    page.keyboard.press(" ")
    until(page, f"{BEFORE}.paused")
    goes_to(page, 1)
    page.keyboard.press("i")
    goes_to(page, 1.4)
    page.keyboard.press("o")
    words = page.locator("[data-loop-words]")
    assert words.inner_text() == "0:01.0 to 0:01.4 is played again and again."
    arrives(page, 1)
    page.evaluate(f"window.jumps = 0; {BEFORE}.addEventListener('seeked', () => {{ window.jumps += 1; }})")
    page.keyboard.press(" ")
    until(page, "window.jumps > 1")
    assert page.evaluate(f"{BEFORE}.currentTime < 1.7 && !{BEFORE}.paused")
    page.keyboard.press(" ")
    page.keyboard.press("Escape")
    assert words.inner_text() == "The loop is over."
    assert page.evaluate(f"{BAND}.hidden")


def loops_with_the_pointer(page):
    box = page.locator(".track.b .surface").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    page.mouse.up()
    assert page.locator("[data-loop-words]").inner_text() == "0:01.0 to 0:02.0 is played again and again."
    page.get_by_role("button", name="End the loop").click()
    page.mouse.click(box["x"] + box["width"] / 2, middle)
    until(page, f"Math.abs({AFTER}.currentTime - 2) < 0.05")
    assert page.locator(".track.live.b").count() == 1, "a click on a wave makes it the live one"


def reads_the_numbers(page):
    numbers = page.get_by_role("region", name="In numbers")
    assert "semitone" in numbers.locator(".pitch").inner_text() or "stayed" in numbers.locator(".pitch").inner_text()
    assert numbers.get_by_role("row", name="Length").inner_text().split("\t") == ["Length", "4.00 s", "4.00 s"]
    assert "Hz (" in numbers.get_by_role("row", name="Pitch range").inner_text()
    assert page.get_by_text("tiny.index: 64 vectors, at a strength of 0.75").is_visible()


def sees_both(page):
    """Something is drawn in both, the pitch in its colour."""
    for side in "ab":
        colours = page.evaluate(
            f"""(() => {{
              const canvas = document.querySelector('canvas[data-spectrum={side}]');
              const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
              const seen = new Set();
              for (let i = 0; i < data.length; i += 4) seen.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]);
              return [...seen];
            }})()"""
        )
        assert len(colours) > 20
        assert "47,109,181" in colours, "the pitch of the recording"
    page.get_by_text("Spectra and pitch").click()
    assert not page.locator("canvas").first.is_visible()


def fits_everywhere(page):
    page.get_by_text("Spectra and pitch").click()
    page.locator(".track.b .surface").click(position={"x": 100, "y": 30})
    page.keyboard.press("i")
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colours in between
            assert page.evaluate(PROBLEMS) == []
            assert serious(page, ()) == []
            if folder := os.environ.get("PICTURES"):
                page.wait_for_timeout(500)
                page.screenshot(path=Path(folder) / f"result-{viewport['width']}-{scheme}.png", full_page=True)


def test_nothing_jumps_while_it_is_watched(open_page, alice, voice):
    from rvc.options import ConversionOptions

    waiting = Conversion.objects.submit(alice, voice, base.upload(base.tone(2.0)), ConversionOptions())
    job = Conversion.objects.claim(waiting.pk)
    job.beat(stage="prepare", progress=0.01)
    page = open_page(alice)
    page.goto(waiting.get_absolute_url())
    page.locator("#cancel").focus()
    page.evaluate(
        """window.shift = 0;
        new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
          .observe({ type: "layout-shift" })"""
    )
    for stage, progress, words in (("content", 0.37, "Listening to the words"), ("synthesis", 1.0, "Speaking with")):
        job.beat(stage=stage, progress=progress)
        page.locator("[aria-current=step]", has_text=words).wait_for()
        until(page, f"document.getElementById('announce').textContent.startsWith('{words}')")
    assert page.evaluate("window.shift") == 0
    assert page.evaluate("document.activeElement.id") == "cancel", "the focus stays"


EARLY = "document.querySelector('#early audio')"
LISTEN = """() => {
  window.together = 0;
  const playing = () => [...document.querySelectorAll("audio")].filter((audio) => !audio.paused).length;
  document.addEventListener("playing", () => { window.together = Math.max(window.together, playing()); }, true);
  document.addEventListener("play", (event) => {
    if (event.target.closest("[data-track]")) window.begun = event.target.currentTime;
  }, true);
}"""


def test_what_is_heard_early_goes_on_in_the_result(open_page, alice, voice, tmp_path):
    """At the same place, and never both at once."""
    from rvc.options import ConversionOptions

    waiting = Conversion.objects.submit(alice, voice, base.upload(base.tone(40.0)), ConversionOptions())
    job = Conversion.objects.claim(waiting.pk)
    page = open_page(alice)
    page.goto(waiting.get_absolute_url())
    piece = tmp_path / "piece.wav"
    piece.write_bytes(base.tone(30.0, rate=40000))
    Piece.objects.add(job, piece, number=0, seconds=30.0, progress=0.7)
    early = page.get_by_role("region", name="Listen while it is made")
    early.get_by_role("button", name="Play").click()
    until(page, f"{EARLY}.currentTime > 0.5")
    page.evaluate(LISTEN)
    job.result.save("result.wav", ContentFile(base.tone(40.0, rate=40000)), save=False)
    assert job.finish(result=job.result.name, result_seconds=40.0, result_rate=40000)
    until(page, f"document.querySelectorAll('[data-track]').length === 2 && !{AFTER}.paused")
    early.wait_for(state="hidden")
    until(page, "window.begun !== undefined")
    stopped = page.evaluate(f"{EARLY}.currentTime")
    assert page.evaluate(f"{EARLY}.paused")
    assert stopped > 0.5
    assert page.evaluate("window.begun") == pytest.approx(stopped, abs=0.3)
    until(page, f"{AFTER}.currentTime > {stopped + 0.2}")
    assert page.evaluate("window.together") == 1
