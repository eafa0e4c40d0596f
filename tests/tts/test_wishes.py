"""What is refused before anything is kept, with which code; and what is made of what was not said."""

import pytest

from conversions.models import Conversion
from jobs.quotas import usage
from rvc.errors import RVCError
from tts.wishes import Wish, chain_of, named

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]

REFUSED = [
    ({"text": "a" * 5001}, "text_too_long", "text"),
    ({"text": "a" * 100_001}, "text_too_long", "text"),
    ({"text": ""}, "text_says_nothing", "text"),
    ({"text": " \n\x00\u200b"}, "text_says_nothing", "text"),
    ({"text": "... --- …!?"}, "text_says_nothing", "text"),
    ({"text": "<speak>Hello</speak>"}, "text_is_ssml", "text"),
    ({"text": '\ufeff <Speak version="1.0">Hello'}, "text_is_ssml", "text"),
    ({"text": '<?xml version="1.0"?><speak>Hello'}, "text_is_ssml", "text"),
    ({"engines": ("nobody",)}, "unknown_engine", "engines"),
    ({"engines": ("pyttsx3", "nobody")}, "unknown_engine", "engines"),
    ({"engine_speaker": "gmw/en; rm -rf"}, "unknown_speaker", "engine_speaker"),
    ({"engine_speaker": "../../etc/passwd", "engines": ("pyttsx3", "gtts")}, "unknown_speaker", "engine_speaker"),
    ({"language": "tlh-KX"}, "unknown_language", "language"),
    ({"rate": 0.1}, "bad_option", "rate"),
    ({"rate": float("nan")}, "bad_option", "rate"),
    ({"volume": 2.0}, "bad_option", "volume"),
    ({"pause": -1.0}, "bad_option", "pause"),
    ({"pause": 6.0}, "bad_option", "pause"),
    ({"engines": ("gtts",)}, "engine_off", None),
]


@pytest.mark.parametrize(("wish", "code", "field"), REFUSED)
def test_what_cannot_be_spoken_is_refused_at_once(submit, wish, code, field):
    with pytest.raises(RVCError) as caught:
        submit(**wish)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(
    "text",
    ["$(touch x)", "`reboot`", "-w /x", '<audio src="/etc/hostname"/>', "[[x]]", "{{7*7}}", "say <speak>", "%", "5"],
)
def test_marks_are_words_like_others(submit, text):
    assert submit(text).text == text


def test_control_signs_and_halves_of_characters_are_left_out():
    text = "He\x00llo\x07 wor\u202eld\ud83d.\n\nNe\u200bxt\tone."
    assert Wish(text).checked().text == "Hello world.\n\nNext\tone."


def test_what_was_not_said_is_found_out(settings):
    settings.GTTS = True
    settings.TTS_ENGINES = ["gtts", "pyttsx3"]
    wish = Wish("Guten Tag, das ist nicht schwer.").checked()
    assert wish.language == "de"
    assert wish.engines == ("pyttsx3",), "no text leaves the machine unless somebody says so"
    assert Wish("Hello", engines=("gtts", "pyttsx3")).checked().engines == ("gtts", "pyttsx3")


def test_an_engine_that_is_not_first_may_be_out_of_order(settings):
    settings.TTS_ENGINES = ["pyttsx3", "gtts"]
    assert Wish("Hello", engines=("gtts", "pyttsx3")).checked().engines == ("gtts", "pyttsx3")


def test_a_day_has_its_limit_before_a_word_is_spoken(submit, alice, settings):
    settings.PERSON_MINUTES_A_DAY = 1
    speech = submit("word " * 80)
    assert 20 < speech.conversion.source_seconds < 40
    assert usage(alice).minutes * 60 == pytest.approx(speech.conversion.source_seconds)
    submit("word " * 80)
    with pytest.raises(RVCError) as caught:
        submit("word " * 80)
    assert caught.value.code == "slow_down"


def test_a_person_has_a_share_of_the_queue(submit, settings):
    settings.PERSON_JOBS = 1
    submit()
    with pytest.raises(RVCError, match="let one of them end first"):
        submit()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello there.", "Hello there."),
        ("../../etc/passwd and: C:\\x", ".. .. etc passwd and C x"),
        ("word " * 30, "word " * 11 + "word …"),
        ("x" * 90, "x" * 60),
    ],
)
def test_a_speech_is_called_by_its_first_words(text, name):
    assert named(text) == name


def test_a_chain_is_written_with_commas():
    assert chain_of(" piper, pyttsx3 ,") == chain_of(["piper", "pyttsx3"]) == ("piper", "pyttsx3")
