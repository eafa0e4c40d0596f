"""Many recordings at once, as a person sends and watches them, at a desk and on a phone."""

import pytest

from conversions.batches.models import Batch
from tests import base
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_access import PROBLEMS, keep_picture
from tests.conversions.batches import unpack_all
from tests.hostile.make_archives import write

pytestmark = pytest.mark.browser
SIZES = {"desktop": {"viewport": DESKTOP}, "phone": {"viewport": PHONE, "has_touch": True}}
LONG_NAME = "A rather long name of a recording, as a phone gives it, 2026-11-23 17.04.31.wav"


@pytest.fixture
def songs(tmp_path):
    paths = [tmp_path / name for name in ("first.wav", "second.wav", LONG_NAME, "notes.txt")]
    for number, path in enumerate(paths):
        path.write_bytes(base.tone(1.0 + number))
    paths[3].write_text("these are no sounds")
    return paths


@pytest.mark.parametrize("size", SIZES)
def test_it_works(open_page, alice, voice, songs, finish, size):
    page = open_page(alice, **SIZES[size])
    page.locator("input[name=recording]").set_input_files(songs)
    page.get_by_text("4 files", exact=True).wait_for()
    keep_picture(page, f"batch-chosen-{size}")
    page.get_by_role("button", name="Convert", exact=True).click()
    page.wait_for_url("**/conversions/batches/*-*/")
    page.get_by_text("4 being taken in").wait_for()
    unpack_all()
    batch = Batch.objects.get()
    first, second, third = batch.conversions.order_by("batch_position")
    finish(first)
    type(second).objects.claim(second.pk).beat(stage="content", progress=0.5)
    page.get_by_text("2 of 4 files have ended").wait_for()
    assert page.get_by_role("progressbar", name="Progress", exact=True).get_attribute("value") == "33"
    assert page.get_by_text("notes.txt").is_visible()
    assert page.evaluate(PROBLEMS) == []
    keep_picture(page, f"batch-working-{size}")
    second.refresh_from_db()
    second.fail("out_of_memory", "This machine has too little memory for it. Try a shorter recording.")
    finish(third)
    page.get_by_role("button", name="Try 1 again").wait_for()
    page.locator("#announce", has_text="All files have ended").wait_for(state="attached")
    assert page.evaluate(PROBLEMS) == []
    keep_picture(page, f"batch-ended-{size}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == "4 recordings - Tiny.zip"
    page.goto("/conversions/")
    assert page.get_by_role("link", name="4 recordings").is_visible()
    assert page.evaluate(PROBLEMS) == []
    keep_picture(page, f"batch-listed-{size}")


def test_it_works_without_scripts(open_page, alice, voice, tmp_path):
    bundle = write(tmp_path / "Songs.zip", ("a.wav", base.tone(0.3)), ("b.wav", base.tone(0.3)))
    page = open_page(alice, java_script_enabled=False)
    page.locator("input[name=recording]").set_input_files(bundle)
    page.get_by_role("button", name="Convert", exact=True).click()
    page.wait_for_url("**/conversions/batches/*-*/")
    page.get_by_text("2 being taken in").wait_for()
    unpack_all()
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_text("2 cancelled").wait_for()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete all of it").click()
    page.get_by_text("is deleted").wait_for()
    assert not Batch.objects.exists()
