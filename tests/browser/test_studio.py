"""The studio: a voice is found and starred, sound given in three ways, settings kept, with scripts and without."""

import json

import pytest

from conversions.models import Conversion
from conversions.presets import Preset
from conversions.tasks import convert as convert_now
from models_app.models import FavouriteVoice
from tests import base
from tests.browser.conftest import PHONE
from tests.browser.test_access import PROBLEMS, keep_picture
from tests.browser.test_journey import until

pytestmark = pytest.mark.browser
SIZES = {"desktop": {}, "phone": {"viewport": PHONE, "has_touch": True}}
DROP = """([zone, name, bytes]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, { type: "audio/wav" }));
  const input = document.querySelector(zone);
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def convert(page):
    page.get_by_role("button", name="Convert", exact=True).click()
    page.wait_for_url("**/conversions/*-*/")
    return Conversion.objects.latest("created_at")


def way(page, name):
    page.get_by_role("radio", name=name).check()


@pytest.mark.parametrize("size", SIZES)
def test_it_works(open_page, alice, make_voice, size):
    """Find a voice, give it a star, drop a recording, keep the settings, convert."""
    for name in ("Ada", "Ben", "Cleo"):
        make_voice(alice, name=name).edit(alice, tags=["warm"] if name == "Cleo" else [])
    page = open_page(alice, **SIZES[size])
    page.get_by_role("searchbox", name="Find a voice").fill("cl")
    page.get_by_role("radio", name="Ada").wait_for(state="detached")
    page.get_by_role("radio", name="Cleo").check()
    page.get_by_role("button", name="Favourite: Cleo").click()
    page.locator(".star[aria-pressed=true]").wait_for()
    assert FavouriteVoice.objects.get().voice.name == "Cleo"
    page.get_by_role("searchbox", name="Find a voice").fill("")
    page.get_by_role("radio", name="Ada").wait_for()
    assert page.get_by_role("radio", name="Cleo").is_checked()
    page.get_by_role("combobox", name="Tag").select_option("warm")
    page.get_by_role("radio", name="Ada").wait_for(state="detached")
    page.evaluate(DROP, ["#id_recording", "dropped.wav", list(base.tone(1.0))])
    page.get_by_text("0:01, 33 kB").wait_for()
    page.get_by_role("spinbutton", name="Strength of the voice").fill("0.4")
    page.get_by_text("Keep these settings as a preset").click()
    page.get_by_role("textbox", name="Name of the preset").fill("Soft")
    page.get_by_role("textbox", name="Name of the preset").press("Enter")
    page.get_by_text("Kept as the preset “Soft”.").wait_for()
    assert Preset.objects.get().options["index_rate"] == 0.4
    assert page.get_by_text("dropped.wav").is_visible(), "what was chosen stays"
    assert page.evaluate(PROBLEMS) == []
    keep_picture(page, f"studio-{size}")
    conversion = convert(page)
    assert (conversion.voice.name, conversion.index_rate) == ("Cleo", 0.4)
    assert conversion.source.read() == base.tone(1.0)


def test_a_preset_is_used_and_left(open_page, alice, voice):
    Preset.objects.keep(alice, "Soft", {"index_rate": 0.4, "protect": 0.1})
    page = open_page(alice)
    strength = page.get_by_role("spinbutton", name="Strength of the voice")
    page.get_by_role("combobox", name="Preset").select_option("Soft")
    assert (strength.input_value(), page.locator("#id_protect").input_value()) == ("0.4", "0.1")
    page.get_by_role("combobox", name="Preset").select_option("As the voice recommends")
    assert strength.input_value() == "0.75"
    page.get_by_role("combobox", name="Preset").select_option("Soft")
    page.get_by_role("button", name="Delete preset").click()
    page.get_by_text("The preset “Soft” is deleted.").wait_for()
    assert not Preset.objects.exists()


def test_the_microphone_records_and_is_trimmed(open_page, alice, voice):
    page = open_page(alice, permissions=["microphone"])
    way(page, "Microphone")
    page.get_by_role("button", name="Record", exact=True).click()
    until(page, "document.querySelector('[data-level]').value > 0.05")
    page.get_by_text("Recording, 0:01").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Record again").wait_for()
    page.get_by_text("All of it is sent").wait_for()
    keep_picture(page, "microphone-taken")
    assert page.evaluate("document.querySelector('#id_microphone').files[0].name") == "microphone.webm"
    start = page.get_by_role("slider", name="Cut off before")
    start.focus()
    start.evaluate("slider => { slider.value = 0.5; }")
    start.press("ArrowRight")
    page.get_by_text("0:00.5 to").wait_for()
    page.evaluate("void document.querySelector('[data-taken] audio').play()")
    until(page, "document.querySelector('[data-taken] audio').currentTime > 0.5")
    conversion = convert(page)
    assert (conversion.source_name, conversion.source_type) == ("microphone.wav", "audio/wav")
    assert 0.4 < conversion.source_seconds < 30


def test_a_whole_recording_is_sent_as_it_was_taken(open_page, alice, voice):
    page = open_page(alice, permissions=["microphone"], viewport=PHONE)
    way(page, "Microphone")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("Recording, 0:01").wait_for()
    keep_picture(page, "microphone-phone")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("All of it is sent").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    assert convert(page).source_type == "audio/webm"


def test_a_microphone_that_is_denied_is_said(open_page, alice, voice):
    refusals = {"NotAllowedError": "may not use the microphone", "NotFoundError": "No microphone was found"}
    page = open_page(alice)
    way(page, "Microphone")
    for name, words in refusals.items():
        refuse = f"Promise.reject(new DOMException('', {json.dumps(name)}))"
        page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = () => {refuse}; }}")
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_text(words).wait_for()
        assert page.get_by_role("button", name="Record", exact=True).is_enabled()


def test_all_of_it_works_without_scripts(open_page, alice, make_voice, recording):
    for name in ("Ada", "Ben"):
        make_voice(alice, name=name)
    Preset.objects.keep(alice, "Soft", {"index_rate": 0.4})
    page = open_page(alice, java_script_enabled=False)
    way(page, "Text")
    page.get_by_role("textbox", name="Text", exact=True).fill("Kept.")
    page.get_by_role("spinbutton", name="Pitch semitones").fill("-3")
    page.get_by_role("radio", name="Ben").check()
    page.get_by_role("button", name="Favourite: Ada").click()
    page.locator(".star[aria-pressed=true]").wait_for()
    assert page.get_by_role("radio", name="Ben").is_checked()
    page.get_by_role("searchbox", name="Find a voice").fill("ada")
    page.get_by_role("button", name="Find", exact=True).click()
    assert page.get_by_role("searchbox", name="Find a voice").input_value() == "ada"
    page.get_by_role("radio", name="Ada").check()
    page.get_by_role("spinbutton", name="Pitch semitones").press("Enter")
    page.get_by_text("Keep these settings as a preset").click()
    page.get_by_role("textbox", name="Name of the preset").fill("Low")
    page.get_by_role("textbox", name="Name of the preset").press("Enter")
    page.get_by_text("Kept as the preset “Low”.").wait_for()
    assert not Conversion.objects.exists(), "Enter submits no job"
    assert page.get_by_role("textbox", name="Text", exact=True).input_value() == "Kept."
    assert page.get_by_role("spinbutton", name="Pitch semitones").input_value() == "-3"
    page.get_by_role("combobox", name="Preset").select_option("Soft")
    page.get_by_role("button", name="Use it").click()
    page.get_by_text("The settings are those of “Soft” now.").wait_for()
    assert page.get_by_role("textbox", name="Text", exact=True).input_value() == "Kept."
    way(page, "Microphone")
    page.locator("input[name=microphone]").set_input_files(recording)
    conversion = convert(page)
    assert (conversion.voice.name, conversion.index_rate, conversion.pitch_shift) == ("Ada", 0.4, -3)
    assert conversion.source_name == "two seconds.wav"


LOUDEST = """(async (address) => {
  const sound = await (await fetch(address)).arrayBuffer();
  const heard = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(sound);
  const loudest = heard.getChannelData(0).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return [heard.duration, loudest];
})(document.querySelectorAll('[data-track] audio')[%d].src)"""


def test_ten_seconds_are_heard_before_the_whole(open_page, alice, voice, tmp_path):
    """The real worker makes them; what is compared are the very seconds of the recording."""
    long = tmp_path / "long.wav"
    long.write_bytes(base.tone(16.0))
    page = open_page(alice)
    page.locator("#id_recording").set_input_files(long)
    page.get_by_role("spinbutton", name="from second").fill("4")
    page.get_by_role("spinbutton", name="Pitch semitones").fill("2")
    page.get_by_role("button", name="Try 10 seconds first").click()
    page.wait_for_url("**/conversions/*-*/")
    preview = Conversion.objects.get()
    assert (preview.clip_start, preview.clip_seconds, preview.keep_days) == (4.0, 10.0, 1)
    assert convert_now(str(preview.pk))
    preview.refresh_from_db()
    assert preview.state == "done", preview.error_message
    page.locator(".track.drawn").nth(1).wait_for()
    assert page.get_by_text("This is a preview: 10.0 s from second 4 on.").is_visible()
    for track in (0, 1):
        seconds, loudest = page.evaluate(LOUDEST % track)
        assert seconds == pytest.approx(10.0, abs=0.05)
        assert loudest > 0.01, "it can be heard"
    page.get_by_role("button", name="Play").click()
    until(page, "document.querySelectorAll('[data-track] audio')[1].currentTime > 0.2")
    page.get_by_role("link", name="Convert all of it").click()
    page.get_by_text("Keeping “long.wav”").wait_for()
    assert page.get_by_role("spinbutton", name="Pitch semitones").input_value() == "2"
    whole = convert(page)
    assert (whole.clip_seconds, whole.pitch_shift, whole.seed) == (None, 2, Conversion.objects.get(pk=preview.pk).seed)
    assert whole.source.read() == long.read_bytes()
