"""The pages of voices in a browser: found, opened, shared, blended, given a picture; wide and on a phone."""

import re

import pytest
from django.contrib.auth.models import Group

from models_app.models import VoiceImport, VoiceModel
from tests import base
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_access import keep_picture
from tests.models_app.pictures import picture

pytestmark = pytest.mark.browser


@pytest.fixture
def collection(make_voice, alice, bob):
    """Some voices as people keep them."""
    told = {"licence": "CC BY 4.0", "origin": "https://example.org/voices", "consent_statement": "It is my own voice."}
    alto = make_voice(alice, name="Studio alto", description="Bright and close, for songs.", language="en-GB", **told)
    alto.edit(alice, tags=["alto", "singing", "warm"], recommended={"pitch_shift": 4.0, "index_rate": 0.5})
    alto.preview.save("a.mp3", base.upload(base.tone(0.5)))
    make_voice(alice, name="Radio play narrator", description="Warm and unhurried.", visibility="everyone")
    night = make_voice(bob, name="Night shift", description="Low, a little tired.", visibility="people")
    night.people.add(alice)
    make_voice(bob, name="Märchenonkel", language="de", visibility="everyone").edit(bob, tags=["bass"])
    make_voice(None, name="House voice", visibility="everyone", encoder="contentvec").record("edited", None, "name")
    VoiceModel.objects.filter(name="House voice").update(encoder="contentvec")
    return alto


def test_a_voice_is_found_opened_and_shared(open_page, alice, bob, collection):
    bob.groups.add(Group.objects.create(name="choir"))
    alice.groups.add(Group.objects.get())
    page = open_page(alice, viewport=DESKTOP)
    page.goto("/voices/")
    keep_picture(page, "gallery")
    page.get_by_role("searchbox", name="Search").fill("singing")
    page.get_by_role("button", name="Find").click()
    page.get_by_text("1 voice found.").wait_for()
    keep_picture(page, "gallery-found")
    page.get_by_role("link", name="Studio alto").click()
    page.get_by_role("heading", name="Studio alto").wait_for()
    keep_picture(page, "voice")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("People and groups you name").check()
    page.get_by_label("People (optional)").fill("bob")
    page.get_by_label("choir").check()
    keep_picture(page, "share")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("You, and: bob, group choir.").wait_for()
    assert set(VoiceModel.objects.visible_to(bob)) >= {collection}


def test_a_voice_gets_its_picture_and_its_options(open_page, alice, collection, tmp_path):
    file = tmp_path / "cover.jpg"
    file.write_bytes(picture("JPEG"))
    page = open_page(alice)
    page.goto(f"/voices/{collection.pk}/edit/")
    keep_picture(page, "edit")
    page.locator("input[name=cover]").set_input_files(file)
    page.get_by_label(re.compile("^Pitch \\(")).fill("-3")
    page.get_by_role("button", name="Save").click()
    page.locator(".portrait img.mark").wait_for()
    page.wait_for_function("document.querySelector('.portrait img').naturalWidth == 512")
    keep_picture(page, "voice-with-cover")
    collection.refresh_from_db()
    assert collection.recommended["pitch_shift"] == -3
    page.goto("/voices/")
    page.wait_for_timeout(300)
    keep_picture(page, "gallery-with-cover")


def test_two_voices_are_blended(open_page, alice, collection):
    page = open_page(alice)
    page.goto("/voices/blend/")
    page.get_by_label("First voice").select_option("Studio alto")
    page.get_by_label("Second voice").select_option("Radio play narrator")
    page.get_by_label("Share of the first").fill("30")
    keep_picture(page, "blend")
    page.get_by_role("button", name="Blend and keep").click()
    page.get_by_role("heading", name="Studio alto + Radio play narrator").wait_for()
    keep_picture(page, "blended")


def test_a_phone_shows_all_of_it(open_page, alice, collection, client):
    page = open_page(alice, viewport=PHONE)
    for name, address in {"gallery": "/voices/", "voice": f"/voices/{collection.pk}/", "add": "/voices/add/"}.items():
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, address
        keep_picture(page, f"phone-{name}")


def test_a_phone_breaks_words_without_an_end(open_page, alice, make_voice):
    voice = make_voice(alice, name="W" * 120, description="d" * 300)
    voice.edit(alice, tags=["t" * 40, "u" * 40])
    VoiceModel.objects.update(encoder="e" * 60, state="unusable", state_message="m" * 200)
    path, url = f"{'p' * 300}.pth", "https://huggingface.co/a/b"
    found = [
        {"path": path, "bytes": 5, "url": url, "sha256": "", "index_path": "", "index_url": "", "index_sha256": ""}
    ]
    one = VoiceImport.objects.create(
        owner=alice, url=url, state="failed", error_code="upstream", error_message="e" * 300
    )
    other = VoiceImport.objects.create(owner=alice, url=url, state="done", found=found * 2)
    page = open_page(alice, viewport=PHONE)
    shown = (voice, one, other)
    for address in ("/voices/", "/conversions/", *(row.get_absolute_url() for row in shown)):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        words = ".voice-card .words, .card .words strong"
        assert page.evaluate(f"[...document.querySelectorAll('{words}')].every(e => e.scrollWidth <= e.clientWidth)")


def test_an_empty_gallery_teaches(open_page, alice):
    page = open_page(alice)
    page.goto("/voices/")
    assert page.get_by_role("heading", name="No voice yet").is_visible()
    keep_picture(page, "gallery-empty")


def test_staff_see_all_of_them(open_page, staff, collection):
    page = open_page(staff, viewport={"width": 1500, "height": 900})
    page.goto("/admin/models_app/voicemodel/")
    assert page.get_by_text("5 voices take").is_visible()
    assert page.locator("#result_list audio").count() == 1
    keep_picture(page, "admin-voices")
    page.goto(f"/admin/models_app/voicemodel/{collection.pk}/change/")
    keep_picture(page, "admin-voice")
    page.goto("/admin/models_app/voiceevent/")
    keep_picture(page, "admin-events")
    # The administration names no icon, so the browser asks for one that is not there.
    open_page.complaints[:] = [words for words in open_page.complaints if "404" not in words]


def test_a_speaker_is_picked_by_name(open_page, alice, make_voice):
    voice = make_voice(alice)
    VoiceModel.objects.filter(pk=voice.pk).update(
        speakers=3, speaker_names={"0": "Anna", "2": "Bert"}, recommended={"speaker": 2}
    )
    page = open_page(alice, viewport=DESKTOP)
    page.goto("/")
    page.get_by_text("Tiny").first.click()
    page.get_by_text("Fine tuning").click()
    picker = page.get_by_role("combobox", name="Speaker")
    assert picker.locator("option").all_text_contents() == ["0 – Anna", "1", "2 – Bert"]
    assert picker.input_value() == "2"
    picker.select_option("0 – Anna")
    assert page.locator("input[name=speaker]").input_value() == "0"
