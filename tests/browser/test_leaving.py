"""A result leaves the server: as another kind of file, by a link for others, and as a comparison of settings."""

import pytest
from django.core.files.base import ContentFile

from conversions.models import Conversion
from conversions.sweeps.models import Sweep
from jobs.models import WorkerBeat
from rvc.options import ConversionOptions
from tests import base
from tests.browser.axe import LOOKS, serious
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_access import PROBLEMS, keep_picture

pytestmark = pytest.mark.browser
SIZES = {
    "desktop": {"viewport": DESKTOP},
    "phone-dark": {"viewport": PHONE, "has_touch": True, "color_scheme": "dark"},
}
AT = """([cell, seconds]) => {
    const there = document.querySelector(`[data-cell='${cell}']`);
    return there.classList.contains("live") && there.querySelector("audio").currentTime === seconds;
}"""
STOP_AT = """seconds => {
    const sound = document.querySelector(".live audio");
    sound.pause();
    sound.currentTime = seconds;
}"""
HEARD = "() => document.querySelector('audio').currentTime > 0"
PLAYS = """() => {
    const { currentTime, paused } = document.querySelector(".live audio");
    return currentTime > 0 && !paused;
}"""
SHIFTS = """() => {
    window.shift = 0;
    const ours = (entry) => entry.sources.some(({ node }) => node); // a player sets itself up: its inside has no node
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (ours(entry)) window.shift += entry.value;
    }).observe({ type: "layout-shift" });
}"""


@pytest.fixture
def result(alice, voice, finish):
    conversion = Conversion.objects.submit(
        alice, voice, base.upload(base.tone(3.0), "Rehearsal.wav"), ConversionOptions()
    )
    return finish(conversion)


@pytest.fixture
def in_order(request):
    size = request.node.callspec.params["size"]

    def look(page, name):
        keep_picture(page, f"{name}-{size}")
        assert page.evaluate(PROBLEMS) == []
        assert serious(page, () if size == "desktop" else LOOKS) == []

    return look


def begin(sweep):
    """What a worker does with it, without the sound: the first cell is there."""
    job = Sweep.objects.claim(sweep.pk)
    put(job, job.cells.first())
    return job


def put(job, cell):
    cell.result.save("cell", ContentFile(base.tone(3.0 + cell.position)))
    job.beat(stage="synthesis", progress=(cell.position + 1) / job.cells.count())


def end(job):
    """The last cell fails."""
    *good, bad = job.cells.filter(result="")
    for cell in good:
        put(job, cell)
    bad.error_code, bad.error_message = "bad_option", "This voice has 1 speaker, counted from 0."
    bad.save()
    assert job.finish()


@pytest.mark.parametrize("size", SIZES)
def test_it_works(open_page, result, size, in_order):
    page = open_page(result.owner, **SIZES[size])
    page.goto(result.get_absolute_url())
    page.wait_for_load_state("networkidle")
    in_order(page, "leaving")
    for name, ending in (("FLAC", "flac"), ("M4A", "m4a")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        assert download.value.suggested_filename == f"Rehearsal - Tiny.{ending}"
    share(open_page, page, size, in_order)
    compare(page, result, in_order)


def share(open_page, page, size, in_order):
    page.get_by_role("link", name="Share a link").click()
    page.get_by_label("Title").fill("A song for Bob")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_role("textbox", name="The link").input_value()
    assert page.get_by_role("button", name="Copy").is_visible()
    in_order(page, "share")
    other = open_page(**SIZES[size])
    other.goto(address)
    assert other.get_by_role("heading", name="A song for Bob").is_visible()
    other.evaluate("() => document.querySelector('audio').play()")
    other.wait_for_function(HEARD)
    in_order(other, "shared")
    page.goto(page.url)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("The link is withdrawn").wait_for()
    assert other.request.get(address).status == 404


def compare(page, result, in_order):
    page.goto(result.get_absolute_url())
    page.get_by_role("link", name="Compare settings").click()
    page.get_by_label("Second option", exact=False).first.select_option("speaker")
    page.get_by_label("Values of the second option").fill("0 1")
    in_order(page, "compare-form")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url("**/sweeps/*-*/")
    in_order(page, "compare-waiting")
    WorkerBeat.objects.create(host="here", pid=1, workers=1)
    page.get_by_text("Nothing is working on the queue").wait_for(state="detached")
    page.keyboard.press(" ")
    page.wait_for_function(PLAYS)
    assert page.locator(".live").get_attribute("data-cell") == "0", "the recording can be heard at once"
    page.evaluate(SHIFTS)
    job = begin(Sweep.objects.get())
    page.get_by_text("1 of 6 is ready").first.wait_for()
    page.locator("#announce", has_text="1 of 6 is ready").wait_for(state="attached")
    page.keyboard.press("1")
    page.wait_for_function(PLAYS)
    page.locator("[data-cell='1']").evaluate("cell => { window.first = cell; }")
    in_order(page, "comparing")
    end(job)
    page.get_by_text("This voice has 1 speaker").wait_for()
    page.locator("#announce", has_text="The comparison has ended").wait_for(state="attached")
    assert page.locator(".made").get_by_text("5 of 6 are ready").is_visible()
    assert page.locator("[data-cell='1']").evaluate("cell => cell === window.first"), "what is heard is left alone"
    assert page.evaluate("window.shift") == 0, "nothing jumps while cells appear"
    in_order(page, "compared")
    page.evaluate(STOP_AT, 1.5)
    for key, cell in (("3", 3), ("x", 1), ("0", 0), ("ArrowDown", 1), ("ArrowRight", 2), ("ArrowDown", 4)):
        page.keyboard.press(key)
        page.wait_for_function(AT, arg=[cell, 1.5])


def test_it_works_without_scripts(open_page, result):
    page = open_page(result.owner, java_script_enabled=False)
    page.goto(f"{result.get_absolute_url()}compare/")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("Waiting").first.wait_for()
    sweep = Sweep.objects.get()
    job = begin(sweep)
    page.goto(sweep.get_absolute_url())
    assert page.locator("audio").count() == 2, "the recording and the first cell"
    assert page.get_by_text("Being made").is_visible()
    end(job)
    page.get_by_role("link", name="Load this page now").click()
    page.locator("audio").nth(sweep.cells.count() - 1).wait_for()
    assert page.locator("audio").count() == sweep.cells.count()
