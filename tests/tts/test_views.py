"""The pages of texts, as somebody without scripts sees them."""

import re

import pytest
from django.urls import reverse

from conversions.models import Conversion, Piece
from jobs.models import State
from tests import base
from tts.forms import who_choices
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
EARLY = re.compile(r'<section[^>]* id="early"[^>]*?( hidden)?>')
PAGE, SAMPLE = "/", "/speak/sample/"


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def send(browser, voice):
    def send(text="Good evening, all of you.", **fields):
        return browser.post(PAGE, {"way": "text", "voice": voice.pk, "text": text, **fields})

    return send


def test_it_works(send, browser):
    answer = send(who="pyttsx3|gmw/en-us", rate="1.5", pause="0.5", pitch_shift="-2", keep="7")
    speech = Speech.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/conversions/{speech.pk}/")
    wish = speech.wish
    assert (wish.engines, wish.engine_speaker, wish.rate, wish.pause) == (("pyttsx3",), "gmw/en-us", 1.5, 0.5)
    assert (speech.conversion.pitch_shift, speech.conversion.keep_days) == (-2, 7)
    page = browser.get(answer["Location"]).content.decode()
    assert "Good evening, all of you.</p>" in page
    assert "Spoken by pyttsx3 (eSpeak NG), gmw/en-us, en, pace 1.5, pauses of 0.5 s" in page
    assert "Speaking the text" in page


def test_the_form_shows_what_there_is(browser, voice, settings):
    page = browser.get(PAGE).content.decode()
    assert 'data-most="5000"' in page
    assert '<option value="pyttsx3|gmw/en-us">en-us: ' in page
    assert "pyttsx3 (eSpeak NG).\n" in page or "on this server: pyttsx3 (eSpeak NG)." in page
    assert "on this server" in page
    assert "gTTS" in page.partition("Why some are not available")[2]


def test_online_engines_say_so(settings):
    settings.GTTS = True
    labels = [label for label, _ in who_choices()]
    assert [label for label in labels if "third party" in label] == [
        "gTTS (Google), online: the text goes to a third party"
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "nothing in this text that can be said"),
        ({"text": "x" * 5001}, "5,001 characters"),
        ({"text": "<speak>x</speak>"}, "SSML"),
        ({"who": "nobody|x"}, "Select a valid choice"),
        ({"rate": "7"}, "less than or equal to 2"),
        ({"pause": "x"}, "Enter a number"),
        ({"pitch_shift": "99"}, "must be between"),
        ({"voice": ""}, "Choose a voice."),
    ],
)
def test_a_refusal_keeps_the_text(send, fields, words):
    answer = send(**{"text": "Kept <b>text</b>", **fields})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert fields.get("text", "Kept &lt;b&gt;text").replace("<", "&lt;").replace(">", "&gt;") in page
    assert not Conversion.objects.exists()


def test_a_text_is_never_markup(send, browser):
    send("<script>alert(1)</script> {{ 7 }}")
    for address in (PAGE, "/conversions/", f"/conversions/{Speech.objects.get().pk}/"):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_the_list_has_texts_and_recordings(send, browser, voice, alice):
    send("A text of mine.")
    Conversion.objects.submit(alice, voice, base.upload(base.tone(), "recording.wav"), voice.options())
    both = browser.get("/conversions/").content.decode()
    assert "recording.wav" in both
    assert ">A text of mine<" in both


def test_a_text_is_changed(send, browser):
    send("A text of mine.", who="pyttsx3|gmw/en-us", rate="0.75", pitch_shift="3")
    page = browser.get(PAGE, {"from": Speech.objects.get().pk}).content.decode()
    assert "A text of mine.</textarea>" in page
    assert '<option value="pyttsx3|gmw/en-us" selected>' in page
    assert 'value="0.75"' in page


def test_a_strangers_text_is_not_there(send, client, bob):
    send("A secret.")
    client.force_login(bob)
    speech = Speech.objects.get()
    assert "A secret" not in client.get(PAGE, {"from": speech.pk}).content.decode()
    assert client.get(f"/conversions/{speech.pk}/").status_code == 404


def test_the_beginning_can_be_heard(send, browser, tmp_path):
    send()
    job = Conversion.objects.claim(Conversion.objects.get().pk)
    address = reverse("conversions:stream", args=[job.pk])
    assert EARLY.search(browser.get(job.get_absolute_url()).content.decode())[1] == " hidden"
    path = tmp_path / "piece.wav"
    path.write_bytes(base.tone(0.5))
    Piece.objects.add(job, path, number=0, seconds=0.5, progress=0.4)
    page = browser.get(job.get_absolute_url()).content.decode()
    assert EARLY.search(page)[1] is None
    piece = reverse("conversions:piece", args=[job.pk, 0])
    assert f'src="{piece}"' in page
    assert b"".join(browser.get(piece)) == path.read_bytes()
    assert browser.get(reverse("conversions:piece", args=[job.pk, 1])).status_code == 404
    assert f'href="{address}"' in page
    status = browser.get(f"/conversions/{job.pk}/status/", headers={"HX-Request": "true"}).content.decode()
    assert 'data-ready="1"' in status


def test_what_failed_can_be_changed_and_has_no_recording(send, browser):
    send()
    Conversion.objects.claim(Conversion.objects.get().pk).fail("engine_failed", "It broke.")
    page = browser.get(Conversion.objects.get().get_absolute_url()).content.decode()
    assert "It broke." in page
    assert "Change the text" in page
    assert "<audio" not in page
    assert "Convert again" not in page


def test_a_sample_is_spoken_once(browser):
    from django.conf import settings

    first = browser.get(SAMPLE, {"who": "pyttsx3|gmw/en-us"})
    assert (first.status_code, first["Content-Type"], first.content[:4]) == (200, "audio/wav", b"RIFF")
    [kept] = (settings.VAR_DIR / "cache" / "samples").iterdir()
    kept.write_bytes(b"kept")
    assert browser.get(SAMPLE, {"who": "pyttsx3|gmw/en-us"}).content == b"kept"


@pytest.mark.parametrize(
    ("who", "status"), [("", 404), ("nobody|x", 404), ("pyttsx3|../../etc/passwd", 404), ("gtts|", 503)]
)
def test_a_sample_that_there_is_not(browser, who, status):
    assert browser.get(SAMPLE, {"who": who}).status_code == status


def test_too_many_are_told_when_to_come_back(send, settings):
    settings.PERSON_JOBS = 1
    send()
    answer = send()
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert "wait or run already" in answer.content.decode()
    assert Conversion.objects.get().state == State.QUEUED
