"""Texts through the API: what is answered, how long somebody may wait, and what is refused with which code."""

import json
import threading
import time

import pytest
from django.db import connection
from django.utils.module_loading import import_string

from conversions.models import Conversion
from jobs.models import State
from tests import base
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
OLD, NEW = "/api/text-to-speech", "/api/speeches/"


@pytest.fixture
def post(api, alice, voice):
    def post(body=None, address=OLD, user=alice, **headers):
        wish = {"text": "Good morning.", "voice": "tiny"} | (body or {})
        return api(user).post(address, json.dumps(wish), content_type="application/json", **headers)

    return post


@pytest.fixture
def worker():
    """Does what a worker does, a moment after it is asked for."""
    threads = []

    def end(**changes):
        until = time.monotonic() + 20
        while not (waiting := Conversion.objects.waiting().first()) and time.monotonic() < until:
            time.sleep(0.05)
        job = Conversion.objects.claim(waiting.pk)
        if "code" in changes:
            job.fail(changes["code"], "It broke.")
        else:
            job.result.save("result", base.upload(base.tone(0.2)), save=False)
            job.finish(result=job.result.name)
        connection.close()

    def start(**changes):
        threads.append(threading.Thread(target=end, kwargs=changes))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def test_it_works(post, api, alice, voice):
    answer = post({"rate": 1.5, "pitch_shift": 2, "engines": ["pyttsx3"]})
    body = answer.json()
    speech = Speech.objects.get()
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"{NEW}{speech.pk}/")
    assert (speech.text, speech.rate, speech.engines, speech.conversion.voice) == (
        "Good morning.",
        1.5,
        ["pyttsx3"],
        voice,
    )
    assert speech.conversion.pitch_shift == 2
    assert body["id"] == body["conversion"]["id"] == str(speech.pk)
    assert (body["language"], body["engine"], body["attempts"]) == ("en", "", [])
    conversion = body["conversion"]
    assert (conversion["kind"], conversion["state"], conversion["source"]) == ("speech", "queued", None)
    assert api(alice).get(answer["Location"]).json()["text"] == "Good morning."


def test_both_addresses_make_the_same_job(post, voice):
    first, second = (post({"voice": str(voice.pk), "seed": 5}, address).json() for address in (OLD, NEW))
    assert Conversion.objects.count() == 2
    changing = {"id", "created_at", "position", "stream", "estimate_seconds"}
    alike = [
        {key: value for key, value in body["conversion"].items() if key not in changing} for body in (first, second)
    ]
    assert alike[0] == alike[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("asked", [{"body": {"wait": 30}}, {"HTTP_PREFER": "respond-async, wait=30"}])
def test_who_waits_gets_the_sound(post, worker, asked):
    worker()
    answer = post(**asked)
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert b"".join(answer) == base.tone(0.2)
    assert Speech.objects.get().conversion.state == State.DONE


def test_nobody_waits_longer_than_the_server_lets_them(post, settings):
    settings.SPEECH_WAIT_SECONDS = 0
    assert post({"wait": 30}).status_code == 202


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("code", "status", "told"), [("engine_failed", 422, "engine_failed"), ("job_crashed", 500, "internal")]
)
def test_who_waits_is_told_what_went_wrong(post, worker, code, status, told):
    worker(code=code)
    answer = post({"wait": 30})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, told)
    assert answer.json()["error"]["message"] == "It broke."


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"text": "a" * 100_001}, 422, "text_too_long", "text"),
        ({"text": ""}, 422, "text_says_nothing", "text"),
        ({"text": "…"}, 422, "text_says_nothing", "text"),
        ({"text": "<speak>Hi</speak>"}, 422, "text_is_ssml", "text"),
        ({"text": None}, 400, "bad_request", "text"),
        ({"text": ["Hi"]}, 400, "bad_request", "text"),
        ({"voice": "nobody's"}, 422, "not_found", "voice"),
        ({"voice": "/var/voices/tiny.pth"}, 422, "not_found", "voice"),
        ({"voice": "../../etc/passwd"}, 422, "not_found", "voice"),
        ({"voice": 7}, 422, "not_found", "voice"),
        ({"engines": ["nobody"]}, 422, "unknown_engine", "engines"),
        ({"engines": ["gtts"]}, 422, "engine_off", None),
        ({"engine_speaker": "x"}, 422, "unknown_speaker", "engine_speaker"),
        ({"language": "tlh"}, 422, "unknown_language", "language"),
        ({"rate": 9}, 400, "bad_request", "rate"),
        ({"rate": "quick"}, 400, "bad_request", "rate"),
        ({"pause": -1}, 400, "bad_request", "pause"),
        ({"pitch_shift": 1e308}, 400, "bad_request", "pitch_shift"),
        ({"output": "/tmp/x.wav"}, 400, "bad_request", "output"),
        ({"model_path": "/tmp/x.pth"}, 400, "bad_request", "model_path"),
        ({"owner": 1}, 400, "bad_request", "owner"),
        ({"wait": -1}, 400, "bad_request", "wait"),
    ],
)
def test_what_is_refused(post, body, status, code, field):
    answer = post(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (status, code, field)
    assert not Conversion.objects.exists()


def test_a_strangers_voice_is_not_there(post, bob):
    answer = post(user=bob)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_found")


def test_a_name_of_two_voices_is_asked_about(post, make_voice, alice):
    make_voice(alice, name="Tiny")
    answer = post()
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "voice")
    assert "by its id" in answer.json()["error"]["message"]


@pytest.mark.parametrize("text", ["$(touch x)", '<audio src="/etc/hostname"/> hi', "a\x00b", "half \ud83d", "{{7*7}}"])
def test_marks_and_odd_signs_are_text(post, text):
    assert post({"text": text}).status_code == 202


def test_a_list_of_texts(post, api, alice, bob):
    for _ in range(3):
        post()
    client = api(alice)
    first = client.get(NEW, {"page_size": 2}).json()
    rest = client.get(first["next"]).json()
    ids = [body["id"] for body in (*first["results"], *rest["results"])]
    assert ids == [str(pk) for pk in Speech.objects.values_list("pk", flat=True)]
    assert api(bob).get(NEW).json()["results"] == []


def test_deleting_a_text_deletes_everything(post, api, alice):
    body = post().json()
    assert api(alice).delete(f"{NEW}{body['id']}/").status_code == 204
    assert (Speech.objects.count(), Conversion.objects.count()) == (0, 0)


def test_engines_say_what_they_can(api, alice):
    engines = {engine["name"]: engine for engine in api(alice).get("/api/engines/").json()}
    assert (engines["pyttsx3"]["usable"], engines["pyttsx3"]["online"]) == (True, False)
    assert any(speaker["id"] == "gmw/en-us" for speaker in engines["pyttsx3"]["speakers"])
    assert (engines["gtts"]["usable"], engines["gtts"]["online"], engines["gtts"]["speakers"]) == (False, True, [])
    assert "GTTS" in engines["gtts"]["trouble"]


@pytest.mark.usefixtures("encoder")
def test_it_is_spoken(post, api, alice):
    body = post({"output_format": "flac"}).json()
    import_string(Conversion.objects.get().task)(body["id"])
    done = api(alice).get(f"{NEW}{body['id']}/").json()
    assert (done["engine"], done["conversion"]["state"]) == ("pyttsx3", "done")
    assert done["conversion"]["source"]["name"] == "Good morning.wav"
    assert done["conversion"]["ready_seconds"] == done["conversion"]["result"]["seconds"]
    assert b"".join(api(alice).get(done["conversion"]["result"]["url"]))[:4] == b"fLaC"
