"""Conversions for programs: submit, watch, fetch, stop."""

import pytest

from conversions.models import Conversion
from jobs.models import State
from tests import base

pytestmark = pytest.mark.django_db
CONVERSIONS = "/api/conversions/"


def error_of(answer):
    return answer.json()["error"]


@pytest.fixture
def alices(api, alice):
    return api(alice)


def wish(voice, sound=None, name="tone.wav", **options):
    recording = base.upload(base.tone() if sound is None else sound, name)
    return {"voice": str(voice.pk), "recording": recording, **options}


def test_it_submits(alices, alice, voice):
    answer = alices.post(CONVERSIONS, wish(voice, pitch_shift=-2, output_format="flac"))
    assert answer.status_code == 202, answer.content
    conversion = Conversion.objects.get()
    assert answer["Location"] == f"http://testserver{CONVERSIONS}{conversion.pk}/"
    assert (conversion.owner, conversion.pitch_shift, conversion.output_format) == (alice, -2, "flac")
    body = answer.json()
    assert (body["state"], body["progress"], body["position"], body["error"]) == ("queued", 0.0, 2, None), (
        "behind the check of the voice"
    )
    assert (body["pitch_shift"], body["seed"], body["result"]) == (-2.0, conversion.seed, None)
    assert body["source"]["seconds"] == 1.0
    assert alices.get(answer["Location"]).json() == body


def test_what_a_voice_recommends_is_used(alices, voice):
    voice.recommended = {"index_rate": 0.2}
    voice.save()
    assert alices.post(CONVERSIONS, wish(voice)).json()["index_rate"] == 0.2
    assert alices.post(CONVERSIONS, wish(voice, index_rate=0.5)).json()["index_rate"] == 0.5


WRONG_OPTIONS = [
    ("pitch_shift", "1e308"),
    ("pitch_shift", "NaN"),
    ("pitch_shift", "Infinity"),
    ("pitch_shift", "-1000000000"),
    ("pitch_shift", "high"),
    ("index_rate", "2"),
    ("index_rate", "-0.1"),
    ("protect", "0.6"),
    ("f0_method", "magic"),
    ("output_format", "exe"),
    ("output_rate", "44.5"),
    ("output_rate", "4000"),
    ("speaker", "1000"),
    ("seed", "-1"),
    ("owner", "1"),
    ("state", "done"),
    ("result", "x"),
    ("token", "x"),
    ("path", "/etc/hostname"),
    ("model_path", "x"),
    ("output", "x"),
]


@pytest.mark.parametrize(("name", "value"), WRONG_OPTIONS)
def test_wrong_options_are_named(alices, voice, name, value):
    answer = alices.post(CONVERSIONS, wish(voice, **{name: value}))
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["field"]) == (400, "bad_request", name)
    assert not Conversion.objects.exists()


RATE = "output_rate must be 0 (the voice's own) or between 8000 and 192000 Hz."
SEED = "seed must be 0 (chosen for you and shown with the result) or between 1 and 4294967295."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("output_rate", "4000", RATE),
        ("output_rate", "192001", RATE),
        ("seed", "4294967296", SEED),
        ("pitch_shift", "25", "pitch_shift must be between -24 and 24 semitones."),
        ("pitch_shift", "high", "pitch_shift must be a number."),
        ("unvoiced", "x", "unvoiced must be one of keep, fill."),
    ],
)
def test_a_refused_option_says_exactly_what_is_allowed(alices, voice, name, value, sentence):
    assert error_of(alices.post(CONVERSIONS, wish(voice, **{name: value})))["message"] == sentence


def test_a_method_that_cannot_be_used_is_refused_with_the_way_out(alices, voice):
    error = error_of(alices.post(CONVERSIONS, wish(voice, f0_method="crepe")))
    assert (error["code"], error["field"]) == ("bad_request", "f0_method")
    assert "`python3 run.py manage assets fetch crepe`" in error["message"]
    assert not Conversion.objects.exists()


def test_a_seed_is_kept_or_chosen(alices, voice):
    assert alices.post(CONVERSIONS, wish(voice, seed=7)).json()["seed"] == 7
    for chosen in ({"seed": 0}, {}):
        assert 1 <= alices.post(CONVERSIONS, wish(voice, **chosen)).json()["seed"] < 2**32


def test_the_schema_says_what_zero_is(api):
    schema = api().get("/api/schema/?format=json").json()["components"]["schemas"]["NewConversion"]["properties"]
    assert schema["output_rate"]["anyOf"] == [{"const": 0}, {"minimum": 8000, "maximum": 192000}]
    assert schema["seed"]["anyOf"] == [{"const": 0}, {"minimum": 1, "maximum": 4294967295}]
    assert schema["pitch_shift"]["minimum"] == -24


@pytest.mark.parametrize("missing", ["voice", "recording"])
def test_what_is_needed_is_named(alices, voice, missing):
    data = wish(voice)
    del data[missing]
    answer = alices.post(CONVERSIONS, data)
    assert (answer.status_code, error_of(answer)["field"]) == (400, missing)
    assert error_of(answer)["message"] == f"{missing} is missing."


def test_wrong_recordings_get_their_code_and_leave_nothing(alices, voice, voice_file, subtests):
    before = base.files_left()
    tries = {
        "text": (b"a letter " * 90, "not_audio"),
        "page": (b"<html><script>alert(1)</script>", "not_audio"),
        "voice": (voice_file.read_bytes(), "not_audio"),
        "empty": (b"", "empty_file"),
        "10 ms": (base.tone(0.01), "audio_too_short"),
    }
    for name, (sound, code) in tries.items():
        with subtests.test(name):
            answer = alices.post(CONVERSIONS, wish(voice, sound))
            assert (answer.status_code, error_of(answer)["code"]) == (422, code)
            assert error_of(answer)["field"] == "recording"
    assert not Conversion.objects.exists()
    assert base.files_left() == before


@pytest.mark.parametrize("key", ["4eacdf91-67b6-41d3-aac8-78957d8f03c9", "hidden"])
def test_another_persons_voice_is_not_found(api, bob, voice, key):
    data = wish(voice) if key == "hidden" else wish(voice) | {"voice": key}
    answer = api(bob).post(CONVERSIONS, data)
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["field"]) == (422, "not_found", "voice")


def test_a_shared_voice_is_used_by_everyone(api, bob, make_voice, alice):
    shared = make_voice(alice, visibility="everyone")
    assert api(bob).post(CONVERSIONS, wish(shared)).status_code == 202


def test_a_done_conversion_shows_its_result(alices, done):
    result = alices.get(f"{CONVERSIONS}{done.pk}/").json()["result"]
    assert (result["seconds"], result["rate"], result["media_type"]) == (0.5, 16000, "audio/wav")
    answer = alices.get(result["url"], HTTP_RANGE="bytes=0-3", HTTP_ACCEPT="audio/*")
    assert (answer.status_code, b"".join(answer)) == (206, b"RIFF")
    assert answer["Content-Disposition"] == 'inline; filename="tone - Tiny.wav"'


def test_the_source_comes_back(alices, done):
    url = alices.get(f"{CONVERSIONS}{done.pk}/").json()["source"]["url"]
    assert b"".join(alices.get(url)) == base.tone()


def test_there_is_no_result_before_the_end(alices, conversion):
    answer = alices.get(f"{CONVERSIONS}{conversion.pk}/result/")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")


def test_a_failure_is_told(alices, conversion):
    told = {"state": "rejected", "error_code": "audio_damaged", "error_message": "Bad."}
    Conversion.objects.filter(pk=conversion.pk).update(**told)
    body = alices.get(f"{CONVERSIONS}{conversion.pk}/").json()
    assert (body["state"], body["error"]) == ("rejected", {"code": "audio_damaged", "message": "Bad."})


def test_it_cancels_once(alices, conversion):
    assert alices.post(f"{CONVERSIONS}{conversion.pk}/cancel/").json()["state"] == State.CANCELLED
    answer = alices.post(f"{CONVERSIONS}{conversion.pk}/cancel/")
    assert (answer.status_code, error_of(answer)["code"]) == (409, "already_done")


def test_it_tries_again(alices, conversion):
    conversion.cancel()
    assert alices.post(f"{CONVERSIONS}{conversion.pk}/retry/").json()["state"] == State.QUEUED
    assert alices.post(f"{CONVERSIONS}{conversion.pk}/retry/").status_code == 409


def test_it_deletes(alices, done, django_capture_on_commit_callbacks):
    names = {f"files/{done.source.name}", f"files/{done.result.name}"}
    assert names <= base.files_left()
    with django_capture_on_commit_callbacks(execute=True):
        assert alices.delete(f"{CONVERSIONS}{done.pk}/").status_code == 204
    assert not names & base.files_left()


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x", "a\0b.wav", "é" * 300, "x\u202egpj.wav", "<script>.wav"])
def test_strange_names_become_labels(alices, voice, name):
    answer = alices.post(CONVERSIONS, wish(voice, name=name))
    assert answer.status_code == 202
    label = answer.json()["source"]["name"]
    assert label.isprintable()
    assert not {"/", "\\"} & set(label)
    header = alices.get(answer.json()["source"]["url"])["Content-Disposition"]
    assert header.isascii()
    assert "\n" not in header


def test_lists_hold_only_ones_own(api, alices, bob, conversion):
    assert [entry["id"] for entry in alices.get(CONVERSIONS).json()["results"]] == [str(conversion.pk)]
    assert api(bob).get(CONVERSIONS).json()["results"] == []
