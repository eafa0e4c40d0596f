"""A result leaves the server: as another kind of file, by a link for others, and as a comparison of settings."""

import pytest
from django.core.files.base import ContentFile

from conversions.models import Conversion
from conversions.sweeps.models import Sweep
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
    const sound = document.querySelector("audio");
    sound.pause();
    sound.currentTime = seconds;
}"""
HEARD = "() => document.querySelector('audio').currentTime > 0"


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


def work_on(sweep):
    """What a worker does with it, without the sound: the last cell fails."""
    job = Sweep.objects.claim(sweep.pk)
    *good, bad = job.cells.all()
    for cell in good:
        cell.result.save("cell", ContentFile(base.tone(3.0 + cell.position)))
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
    work_on(Sweep.objects.get())
    page.get_by_text("This voice has 1 speaker").wait_for()
    assert page.locator("#announce").inner_text() == "The comparison has ended"
    in_order(page, "compared")
    page.keyboard.press(" ")
    page.wait_for_function(HEARD)
    page.evaluate(STOP_AT, 1.5)
    for key, cell in (("3", 3), ("x", 1), ("ArrowRight", 2), ("ArrowDown", 4)):
        page.keyboard.press(key)
        page.wait_for_function(AT, arg=[cell, 1.5])


def test_it_works_without_scripts(open_page, result):
    page = open_page(result.owner, java_script_enabled=False)
    page.goto(f"{result.get_absolute_url()}compare/")
    page.get_by_role("button", name="Compare", exact=True).click()
    assert page.get_by_text("Waiting").first.is_visible()
    sweep = Sweep.objects.get()
    work_on(sweep)
    page.goto(sweep.get_absolute_url())
    assert page.locator("audio").count() == sweep.cells.count() - 1
