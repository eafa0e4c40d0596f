"""OpenAI's own Python library, with nothing changed but its address and its key."""

import base64
import io
import json
import time
import wave
from concurrent.futures import ThreadPoolExecutor

import httpx
import httpx2
import openai
import pytest
import soundfile

pytestmark = pytest.mark.worker
HELLO = "Hello."
LONG = "The first sentence is here, and it is long enough to stand alone in its own passage of this text. " * 2


@pytest.fixture
def client(site):
    return openai.OpenAI(base_url=f"{site.address}/v1", api_key=site.known["alice"])


def seconds(data):
    return soundfile.info(io.BytesIO(data)).duration


def test_it_works(client, site):
    speech = client.audio.speech.create(model="gpt-4o-mini-tts", voice="Starter (Joe)", input=HELLO)
    assert speech.response.headers["content-type"] == "audio/mpeg"
    assert 0.3 < seconds(speech.content) < 3


@pytest.mark.parametrize("name", ["starter-joe", "alloy", "id", "object"])
def test_a_voice_by_any_of_its_names(client, site, name):
    key = site.known["voice"]
    voice = {"id": key, "object": {"id": key}}.get(name, name)
    speech = client.audio.speech.create(model="tts-1", voice=voice, input=HELLO, response_format="wav")
    with wave.open(io.BytesIO(speech.content)) as sound:  # whose header says how long it is
        assert 0.3 < sound.getnframes() / sound.getframerate() < 3


@pytest.mark.parametrize(
    ("kind", "media_type", "begins"),
    [
        ("opus", "audio/ogg", b"OggS"),
        ("aac", "audio/aac", b"\xff\xf1"),
        ("flac", "audio/flac", b"fLaC"),
        ("pcm", "audio/pcm", b""),
    ],
)
def test_formats(client, kind, media_type, begins):
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input=HELLO, response_format=kind)
    assert speech.response.headers["content-type"] == media_type
    assert speech.content.startswith(begins)
    if kind == "pcm":  # 24 kHz, 16 bit, no header
        assert 0.3 < len(speech.content) / 48000 < 3


def test_speed_and_the_options_of_rvc(client, site):
    more = {"pitch_shift": 3, "index_rate": 0, "f0_method": "swift-f0", "seed": 7, "engine_speaker": ""}

    def wish(speed):
        return {"model": "pyttsx3", "voice": "alloy", "input": HELLO, "speed": speed, "response_format": "pcm"}

    quick = client.audio.speech.create(**wish(2.0), extra_body=more).content
    slow = client.audio.speech.create(**wish(0.5), extra_body=more).content
    assert len(slow) > 2 * len(quick)
    made = site.ask("/api/conversions/")[1]["results"][0]
    assert {name: made[name] for name in ("pitch_shift", "index_rate", "seed")} == {
        "pitch_shift": 3, "index_rate": 0, "seed": 7,
    }  # fmt: skip


def test_the_first_sound_leaves_before_the_last_is_made(client, site):
    speech = client.audio.speech.with_streaming_response
    with speech.create(model="tts-1", voice="alloy", input=LONG, response_format="wav") as response:
        blocks = response.iter_bytes(4096)
        first = next(blocks)
        [newest, *_] = site.ask("/api/conversions/")[1]["results"]
        assert newest["state"] == "running"
        heard = first + b"".join(blocks)
    newest = site.ask(f"/api/conversions/{newest['id']}/")[1]
    assert newest["state"] == "done"
    assert len(heard) // 2 == pytest.approx(newest["result"]["seconds"] * newest["result"]["rate"], abs=200)


def test_what_ends_on_the_way_breaks_off(client, site):
    speech = client.audio.speech.with_streaming_response
    with speech.create(model="tts-1", voice="alloy", input=LONG * 3, response_format="pcm") as response:
        blocks = response.iter_bytes(4096)
        next(blocks)
        [newest, *_] = site.ask("/api/conversions/")[1]["results"]
        assert site.ask(f"/api/conversions/{newest['id']}/cancel/", {})[0] == 200
        with pytest.raises((openai.APIError, httpx.HTTPError, httpx2.HTTPError)):
            b"".join(blocks)
    site.wait(lambda: f"{newest['id']} breaks off: cancelled" in site.said())
    assert "Error handling request" not in site.said(), "gunicorn writes a traceback below that"


def test_events(client):
    speech = client.audio.speech.with_streaming_response
    wish = {"model": "tts-1", "voice": "alloy", "input": HELLO, "response_format": "pcm", "stream_format": "sse"}
    with speech.create(**wish) as response:
        assert response.headers["content-type"] == "text/event-stream"
        events = [json.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1]["type"] == "speech.audio.done"
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert 0.3 < len(sound) / 48000 < 3


def test_models(client):
    names = {model.id for model in client.models.list()}
    assert {"rvc", "pyttsx3"} <= names
    assert client.models.retrieve("rvc").owned_by == "voiceproject"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-nothing")


@pytest.mark.parametrize(
    ("changed", "error", "code", "param"),
    [
        ({"voice": "nobody"}, openai.NotFoundError, "voice_not_found", "voice"),
        ({"input": ""}, openai.BadRequestError, "text_says_nothing", "input"),
        ({"input": "a" * 100_001}, openai.BadRequestError, "text_too_long", "input"),
        ({"input": "<speak>Hello</speak>"}, openai.BadRequestError, "text_is_ssml", "input"),
        ({"speed": 4.0}, openai.BadRequestError, "bad_request", "speed"),
        ({"response_format": "midi"}, openai.BadRequestError, "bad_request", "response_format"),
        ({"extra_body": {"pitch_shift": 1e308}}, openai.BadRequestError, "bad_request", "pitch_shift"),
        ({"extra_body": {"index_rate": 2}}, openai.BadRequestError, "bad_request", "index_rate"),
        ({"extra_body": {"protect": [1]}}, openai.BadRequestError, "bad_request", "protect"),
        ({"extra_body": {"model_path": "/etc/passwd"}}, openai.BadRequestError, "bad_request", "model_path"),
        ({"extra_body": {"owner": 1}}, openai.BadRequestError, "bad_request", "owner"),
    ],
)
def test_mistakes(client, site, changed, error, code, param):
    before = site.jobs()
    with pytest.raises(error) as caught:
        client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": HELLO, **changed})
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.request_id
    assert site.jobs() == before


def test_who_may_come_in(client, site):
    for key in ("wrong", "vp_" + "a" * 43):
        with pytest.raises(openai.AuthenticationError) as caught:
            client.with_options(api_key=key).models.list()
        assert caught.value.code == "invalid_api_key"
    reader = client.with_options(api_key=site.known["reader"])
    assert reader.models.list().data
    with pytest.raises(openai.PermissionDeniedError):
        reader.audio.speech.create(model="tts-1", voice="alloy", input=HELLO)


def test_what_is_not_there(client):
    with pytest.raises(openai.NotFoundError):
        client.images.generate(prompt="a cat", model="dall-e-3")


def test_a_request_that_is_sent_again_starts_no_second_job(client, site):
    """The first try hears nothing in time and hangs up; the next ones of the same client wait for the same job."""
    before = site.jobs()
    text = f"{LONG} {time.time()}"
    patient = client.with_options(timeout=0.8, max_retries=20)
    speech = patient.audio.speech.create(model="tts-1", voice="alloy", input=text, response_format="wav")
    assert int(speech.response.request.headers["x-stainless-retry-count"]) > 0
    assert seconds(speech.content) > 3
    assert site.jobs() == before + 1
    again = client.audio.speech.create(model="tts-1", voice="alloy", input=text[-30:], response_format="wav")
    assert seconds(again.content)
    assert site.jobs() == before + 2


def test_the_same_at_the_same_moment_is_one_job_and_named_ones_are_two(client, site):
    before = site.jobs()

    def ask(key, text="The same."):
        headers = {"Idempotency-Key": key} if key else {}
        wish = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
        return client.audio.speech.create(**wish, extra_headers=headers).content

    with ThreadPoolExecutor() as several:
        first, second = several.map(ask, (None, None))
        assert first == second
        assert site.jobs() == before + 1
        list(several.map(ask, ("one", "two")))
    assert site.jobs() == before + 3
    ask("one")  # heard already, and named the same
    assert site.jobs() == before + 3
    with pytest.raises(openai.ConflictError) as caught:
        ask("one", "Else.")
    assert caught.value.code == "already_used"


def test_more_than_there_is_room_for_are_told_to_come_back(client, site):
    """Of ten at once eight wait."""

    def ask(number):
        wish = {"model": "tts-1", "voice": "alloy", "input": f"{number}.", "response_format": "pcm"}
        try:
            return client.with_options(max_retries=0).audio.speech.create(**wish).content
        except openai.RateLimitError as error:
            return error.response.headers["retry-after"]

    with ThreadPoolExecutor(10) as several:
        answers = list(several.map(ask, range(10)))
    assert 1 <= answers.count("5") <= 2
    assert all(len(answer) > 10_000 for answer in answers if answer != "5")
