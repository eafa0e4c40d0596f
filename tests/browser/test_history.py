"""The history and the look of the site, as people use them: at a desk, on a phone, in other languages."""

import pytest

from conversions.models import Conversion
from rvc.options import ConversionOptions
from tests import base
from tests.browser.axe import serious
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_access import PROBLEMS, keep_picture

pytestmark = pytest.mark.browser
SIZES = {"desktop": {"viewport": DESKTOP}, "phone": {"viewport": PHONE, "has_touch": True}}


@pytest.fixture
def rows(alice, voice, finish):
    """Three conversions: one waits, one runs, one is done."""
    names = ("A rather long name of a recording, as a phone gives it, 2026-11-23 17.04.31.wav", "b.wav", "c.wav")
    rows = [
        Conversion.objects.submit(alice, voice, base.upload(base.tone(), name), ConversionOptions()) for name in names
    ]
    Conversion.objects.claim(rows[1].pk).beat(stage="content", progress=0.5)
    finish(rows[2])
    return rows


@pytest.mark.parametrize("size", SIZES)
def test_things_are_found_watched_and_deleted(open_page, alice, rows, finish, size):
    page = open_page(alice, **SIZES[size])
    page.goto("/conversions/")
    keep_picture(page, f"history-{size}")
    assert page.evaluate(PROBLEMS) == []
    finish(rows[0])
    page.locator(f"#state-{rows[0].pk} .chip.done").wait_for()
    page.get_by_label("All on this page").check()
    assert page.get_by_label("Choose b.wav").is_checked()
    page.get_by_label("Choose b.wav").uncheck()
    keep_picture(page, f"history-chosen-{size}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.startswith("voiceproject ")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Delete 2 entries?").wait_for()
    assert page.evaluate(PROBLEMS) == []
    keep_picture(page, f"history-delete-{size}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("2 entries are deleted.").wait_for()
    page.get_by_label("Search").fill("zzz")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("heading", name="Nothing fits").wait_for()


@pytest.mark.parametrize("size", SIZES)
def test_language_and_colours_without_scripts(open_page, alice, rows, size):
    page = open_page(alice, java_script_enabled=False, color_scheme="light", **SIZES[size])
    page.goto("/account/")
    page.get_by_label("Dark", exact=True).check()
    page.get_by_role("button", name="Save the look of the site").click()
    page.locator("html[data-theme=dark]").wait_for()
    page.locator("footer select").select_option("de")
    page.locator("footer button").click()
    page.locator("html[lang=de]").wait_for()
    keep_picture(page, f"account-german-dark-{size}")
    page.goto("/conversions/")
    keep_picture(page, f"history-german-dark-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_from_right_to_left_nothing_breaks(open_page, alice, rows, settings, size):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    page = open_page(alice, **SIZES[size] | {"locale": "ar"})
    for name, address in {
        "history": "/conversions/",
        "studio": "/",
        "account": "/account/",
        "voices": "/voices/",
    }.items():
        page.goto(address)
        assert page.locator("html").get_attribute("dir") == "rtl"
        keep_picture(page, f"{name}-rtl-{size}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
