"""A zip comes in, its page says what was taken, and a clean file goes out."""

import pytest

from tests import base
from tests.hostile.make_archives import write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_zip_comes_in_and_a_voice_goes_out(open_page, alice, voice_file, index_file, tmp_path):
    names = {"Aunt May/may_e300_s4200.pth": voice_file, "Aunt May/added_IVF2.index": index_file}
    wrong = ("Aunt May/old.index", (base.GOLDEN / "tiny_256.index").read_bytes())
    files = [(name, path.read_bytes()) for name, path in names.items()]
    bundle = write(tmp_path / "Aunt May.zip", *files, wrong, ("cover.png", b"\x89PNG"))
    page = open_page(alice)
    page.goto("/voices/add/")
    page.get_by_label("Voice file").set_input_files(bundle)
    page.get_by_role("button", name="Check and add").click()
    page.get_by_role("heading", name="From your zip we took").wait_for()
    assert page.get_by_text("may_e300_s4200.pth, because it is the only voice.").is_visible()
    page.get_by_text("What else it held").click()
    assert page.get_by_text("cover.png: It is a picture.").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=".pth").click()
    assert download.value.suggested_filename == "Aunt May.pth"
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    page.goto("/voices/add/")
    page.get_by_label("Voice file").set_input_files(bundle)
    page.get_by_role("button", name="Check and add").click()
    page.get_by_text("This file is there already: as “Aunt May”").wait_for()
    open_page.complaints[:] = [words for words in open_page.complaints if "422" not in words]
