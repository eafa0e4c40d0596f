"""The way of a person through the site: log in, bring a voice, send a recording, watch it, hear the result."""

import pytest

from conversions.models import Conversion
from jobs.models import State
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.browser

PLAYERS = (
    "[...document.querySelectorAll('audio')].map(player => [player.readyState, player.paused, player.currentTime])"
)


def send(page, recording):
    page.locator("input[name=recording]").set_input_files(recording)
    page.get_by_role("button", name="Convert", exact=True).click()
    page.wait_for_url("**/conversions/*-*/")
    return Conversion.objects.latest("created_at")


def until(page, condition):
    """Wait for a condition of the page. Playwright's own waiting is an eval, which our content policy refuses."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never: {condition}")


def test_it_works(open_page, alice, voice, recording, finish):
    page = open_page()
    page.goto("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a long enough secret")
    page.get_by_role("button", name="Log in").click()
    page.locator("input[name=recording]").set_input_files(recording)
    page.get_by_text("0:02, 65 kB").wait_for()
    assert page.get_by_text("two seconds.wav").is_visible()
    page.get_by_role("spinbutton", name="Pitch semitones").fill("-3")
    conversion = send(page, recording)
    assert (conversion.pitch_shift, conversion.voice) == (-3, voice)

    page.get_by_text("Waiting, 1 before it").wait_for()
    job = Conversion.objects.claim(conversion.pk)
    job.beat(stage="content", progress=0.37)
    page.get_by_text("37").first.wait_for()
    assert page.get_by_role("progressbar", name="Progress").get_attribute("value") == "37"
    assert page.locator("[aria-current=step]").inner_text() == "Listening to the words"
    page.locator("#announce", has_text="Listening to the words").wait_for(state="attached")

    finish(job)
    page.get_by_role("button", name="Play").wait_for()
    page.locator("#announce", has_text="The result is ready").wait_for(state="attached")
    assert page.get_by_text("clipped in 3 places").is_visible()
    assert page.get_by_text("−3 semitones").is_visible()


def test_recording_and_result_are_compared(open_page, alice, voice, recording, finish):
    page = open_page(alice)
    conversion = finish(send(page, recording))
    page.goto(conversion.get_absolute_url())
    page.locator(".track.drawn").nth(1).wait_for()
    page.get_by_role("button", name="Play").click()
    until(page, "document.querySelectorAll('audio')[1].currentTime > 0.2")
    page.keyboard.press("x")
    until(page, "document.querySelectorAll('audio')[0].currentTime > 0.3")
    source, result = page.evaluate(PLAYERS)
    assert source[0] >= 2
    assert source[2] > 0.2, "switching keeps the place"
    assert result[1], "only one of them is heard"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "two seconds - Tiny.wav"


def test_a_voice_is_brought(open_page, alice, voice_file, index_file, tmp_path):
    letter = tmp_path / "letter.pth"
    letter.write_text("this is a letter, not a voice")
    page = open_page(alice)
    page.goto("/voices/add/")
    page.get_by_label("Name").fill("Aunt May")
    page.get_by_label("Voice file").set_input_files(letter)
    # The browser's own console names the 422 by which the server refuses the form.
    page.get_by_role("button", name="Check and add").click()
    page.locator(".errorlist").wait_for()
    open_page.complaints[:] = [words for words in open_page.complaints if "422" not in words]
    assert page.get_by_label("Name").input_value() == "Aunt May"
    page.get_by_label("Voice file").set_input_files(voice_file)
    page.get_by_label("Index file").set_input_files(index_file)
    page.get_by_role("button", name="Check and add").click()
    page.get_by_role("heading", name="Aunt May").wait_for()
    assert VoiceModel.objects.get().owner == alice
    page.get_by_role("link", name="Change who may use it").click()
    page.get_by_label("Everyone on this server").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Everyone with an account here may use this voice.").wait_for()
    assert VoiceModel.objects.get().visibility == "everyone"


def test_a_refused_form_keeps_the_file(open_page, alice, voice, recording):
    page = open_page(alice)
    page.get_by_text("Fine tuning").click()
    page.get_by_label("Protect").last.fill("0.9")
    page.locator("input[name=recording]").set_input_files(recording)
    page.get_by_role("button", name="Convert", exact=True).click()
    page.locator(".errorlist").wait_for()
    open_page.complaints[:] = [words for words in open_page.complaints if "422" not in words]
    assert page.get_by_text("two seconds.wav").is_visible()
    page.get_by_label("Protect").last.fill("0.2")
    page.get_by_role("button", name="Convert", exact=True).click()
    page.wait_for_url("**/conversions/*-*/")
    assert Conversion.objects.get().protect == 0.2


def test_the_voice_brings_what_it_recommends(open_page, alice, make_voice):
    make_voice(alice, name="Plain")
    make_voice(alice, name="Special", recommended={"index_rate": 0.2})
    page = open_page(alice)
    page.get_by_text("Fine tuning").click()
    strength = page.locator("#id_index_rate")
    page.get_by_text("Plain", exact=True).click()
    assert strength.input_value() == "0.75"
    page.get_by_text("Special").click()
    assert strength.input_value() == "0.2"
    assert page.locator("[data-from-voice]:visible").count() == 1
    strength.fill("0.5")
    page.get_by_text("Plain", exact=True).click()
    assert strength.input_value() == "0.5", "what a person set by hand stays"


def test_it_is_cancelled_converted_again_and_deleted(open_page, alice, voice, recording):
    page = open_page(alice)
    conversion = send(page, recording)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("This conversion was cancelled").wait_for()
    page.get_by_role("link", name="Convert again").click()
    page.get_by_text("Keeping “two seconds.wav”").wait_for()
    page.get_by_role("button", name="Convert", exact=True).click()
    page.get_by_text("Waiting, 1 before it").wait_for()
    again = Conversion.objects.exclude(pk=conversion.pk).get()
    assert again.source.read() == recording.read_bytes()
    page.goto(conversion.get_absolute_url())
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete both").click()
    page.get_by_text("is deleted").wait_for()
    assert list(Conversion.objects.all()) == [again]


def test_it_works_without_scripts(open_page, alice, voice, recording, finish):
    page = open_page(alice, java_script_enabled=False)
    conversion = send(page, recording)
    page.get_by_text("Waiting, 1 before it").wait_for()
    finish(conversion)
    page.wait_for_selector("audio[aria-label=Result]")  # the page has loaded itself again
    assert page.locator("audio").count() == 2
    assert page.get_by_role("link", name="Download").is_visible()


def test_it_works_with_the_keyboard_alone(open_page, alice, make_voice, recording):
    make_voice(alice, name="First")
    make_voice(alice, name="Second")
    page = open_page(alice)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    for field in ("find", "only", "voice"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == field
    assert page.evaluate("document.activeElement.closest('label').innerText").startswith("Second")
    page.keyboard.press("ArrowUp")
    page.locator("input[name=recording]").set_input_files(recording)
    page.locator("input[name=recording]").focus()
    for _ in range(40):
        if page.evaluate("document.activeElement.innerText.trim()") == "Convert":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversions/*-*/")
    assert Conversion.objects.get().voice.name == "First"


def test_a_failure_is_said_in_a_sentence(open_page, alice, voice, recording):
    page = open_page(alice)
    conversion = send(page, recording)
    Conversion.objects.claim(conversion.pk).fail("out_of_memory", "This machine has too little memory for it.")
    page.get_by_role("alert").get_by_text("too little memory").wait_for()
    assert Conversion.objects.get().state == State.FAILED


def test_an_mp3_that_is_no_sound_is_refused_at_once(open_page, alice, voice, tmp_path):
    fake = tmp_path / "song.mp3"
    fake.write_bytes(b"ID3" + base.tone(0.1)[:50])
    page = open_page(alice)
    page.locator("input[name=recording]").set_input_files(fake)
    page.get_by_role("button", name="Convert", exact=True).click()
    page.locator("#recording-errors .errorlist").wait_for()
    open_page.complaints.clear()
    assert not Conversion.objects.exists()
