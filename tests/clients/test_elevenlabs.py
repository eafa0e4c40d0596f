"""ElevenLabs' own Python library, with nothing changed but its address and its key."""

import base64
import io
import wave

import elevenlabs
import httpx
import numpy as np
import pytest
import soundfile
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError

from tests import base

pytestmark = pytest.mark.worker
HELLO = "Hello."


@pytest.fixture
def client_of(site):
    def client_of(who="alice"):
        return elevenlabs.ElevenLabs(base_url=site.address, api_key=site.known.get(who, who))

    return client_of


@pytest.fixture
def client(client_of):
    return client_of()


@pytest.fixture
def voice(site):
    return site.known["voice"]


def said(error):
    return error.status_code, error.body["detail"]["status"]


def seconds(data):
    return soundfile.info(io.BytesIO(data)).duration


def test_it_works(client, voice):
    sound = b"".join(client.text_to_speech.convert(voice, text=HELLO))
    assert soundfile.info(io.BytesIO(sound)).samplerate == 44100
    assert 0.3 < seconds(sound) < 3


@pytest.mark.parametrize(
    ("form", "bytes_a_second"),
    [("pcm_16000", 32000), ("ulaw_8000", 8000), ("alaw_8000", 8000), ("mp3_22050_32", 4000), ("opus_48000_32", None)],
)
def test_streamed_and_forms(client, site, voice, form, bytes_a_second):
    sound = b"".join(client.text_to_speech.stream(voice, text=HELLO, output_format=form))
    made = site.ask("/api/conversions/")[1]["results"][0]["result"]["seconds"]
    if bytes_a_second:
        assert len(sound) / bytes_a_second == pytest.approx(made, abs=0.15)
    else:
        assert sound.startswith(b"OggS")


TWO = "Hello there.\n\nAnd again, hello!"


def spoken(alignment, text):
    """Begin and end of these words of TWO."""
    at = TWO.index(text)
    ends = alignment.character_end_times_seconds[at + len(text) - 1]
    return alignment.character_start_times_seconds[at], ends


def assert_measured(alignment, sound):
    """Both sentences are where they are heard: sound within them, silence between."""
    assert "".join(alignment.characters) == TWO
    samples = np.frombuffer(sound, "<i2").astype(float) / 32768
    [(begin, middle), (again, end)] = [spoken(alignment, text) for text in ("Hello there.", "And again, hello!")]
    assert (begin, again - middle) == (0, pytest.approx(0.7, abs=0.002)), "twice the pause, after a paragraph"
    assert end == pytest.approx(len(samples) / 16000, abs=0.01)
    gap = samples[round((middle + 0.02) * 16000) : round((again - 0.02) * 16000)]
    assert np.abs(gap).max() < 0.001
    for heard in (samples[: round(middle * 16000)], samples[round(again * 16000) :]):
        assert np.abs(heard).max() > 0.05


def test_timestamps(client, voice):
    whole = client.text_to_speech.convert_with_timestamps(voice, text=f" {TWO}\n", output_format="pcm_16000")
    assert isinstance(whole, elevenlabs.AudioWithTimestampsResponse)
    assert whole.normalized_alignment == whole.alignment
    assert_measured(whole.alignment, base64.b64decode(whole.audio_base_64))


def test_timestamps_streamed(client, voice):
    parts = list(client.text_to_speech.stream_with_timestamps(voice, text=TWO, output_format="pcm_16000"))
    assert {type(part) for part in parts} == {elevenlabs.StreamingAudioChunkWithTimestampsResponse}
    told = [part.alignment for part in parts if part.alignment is not None]
    names = type(told[0]).model_fields
    alignment = type(told[0])(**{name: [one for some in told for one in getattr(some, name)] for name in names})
    assert_measured(alignment, b"".join(base64.b64decode(part.audio_base_64) for part in parts))


MEDIA = {"mp3": "MP3", "opus": "OGG", "wav": "WAV", "pcm": None, "ulaw": None, "alaw": None}
RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
EVERY = [
    *("mp3_22050_32", "mp3_24000_48", *(f"mp3_44100_{kbps}" for kbps in (32, 64, 96, 128, 192))),
    *(f"opus_48000_{kbps}" for kbps in (32, 64, 96, 128, 192)),
    *(f"{kind}_{rate}" for kind in ("pcm", "wav") for rate in RATES),
    *("ulaw_8000", "alaw_8000"),
]


@pytest.mark.long  # one of each kind is above
@pytest.mark.parametrize("form", EVERY)
def test_every_form_that_is_listed(client, voice, form):
    """A recording of half a second in each, at the rate that its name says."""
    sound = b"".join(client.speech_to_speech.convert(voice, audio=base.tone(0.5), output_format=form, seed=1))
    kind, rate, *_ = form.split("_")
    if MEDIA[kind] is None:  # samples without a header: of two bytes, or of one
        assert len(sound) / (2 if kind == "pcm" else 1) == pytest.approx(int(rate) / 2, abs=2)
        return
    found = soundfile.info(io.BytesIO(sound))
    assert (found.format, found.samplerate) == (MEDIA[kind], int(rate))
    assert found.duration == pytest.approx(0.5, abs=0.1)


def test_settings_become_options(client, site, voice):
    settings = elevenlabs.VoiceSettings(stability=0.9, similarity_boost=0.1, style=0.4, speed=1.5)
    b"".join(client.text_to_speech.convert("starter-joe", text=HELLO, voice_settings=settings, seed=9, model_id="x"))
    made = site.ask("/api/conversions/")[1]["results"][0]
    assert (made["index_rate"], made["loudness_mix"], made["seed"]) == (0.1, 0.9, 9)
    assert site.ask(f"/api/speeches/{made['id']}/")[1]["rate"] == 1.5
    known = client.voices.settings.get(voice)
    assert (known.similarity_boost, known.stability) == (0.2, 0.25)  # as the voice recommends, and as usual
    assert client.voices.settings.get_default().similarity_boost == 0.75


@pytest.mark.parametrize("streamed", [False, True])
def test_a_recording_in_another_voice(client, site, voice, streamed):
    change = client.speech_to_speech.stream if streamed else client.speech_to_speech.convert
    settings = '{"similarity_boost": 0, "stability": 1}'
    wish = {"audio": base.tone(1.0), "voice_settings": settings, "output_format": "wav_16000", "seed": 3}
    sound = b"".join(change(voice, **wish))
    if not streamed:
        with wave.open(io.BytesIO(sound)) as heard:
            assert (heard.getframerate(), heard.getnframes()) == (16000, 16000)
    made = site.ask("/api/conversions/")[1]["results"][0]
    assert (made["kind"], made["index_rate"], made["loudness_mix"], made["seed"]) == ("recording", 0, 1, 3)


def test_who_hung_up_and_asks_again_gets_the_same_job(client, client_of, site, voice):
    before = site.jobs()
    hasty = elevenlabs.ElevenLabs(base_url=site.address, api_key=site.token, timeout=0.3)
    wish = {"audio": base.tone(1.5), "output_format": "pcm_16000"}
    with pytest.raises(httpx.TimeoutException):
        b"".join(hasty.speech_to_speech.convert(voice, **wish))
    assert len(b"".join(client.speech_to_speech.convert(voice, **wish))) == 48000
    assert site.jobs() == before + 1
    b"".join(client.speech_to_speech.convert(voice, **wish))  # heard already: it is wanted anew
    assert site.jobs() == before + 2


def test_older_clients_and_samples_without_a_header(client, site, voice):
    """At the older address, as clients before 2.75 and the documents have it."""
    raw = base.tone(0.5)[44:]
    form = {"files": {"audio": ("upload", raw, "application/octet-stream")}, "data": {"file_format": "pcm_s16le_16"}}
    answer = client._client_wrapper.httpx_client.httpx_client.post(
        f"{site.address}/v1/speech-to-speech/{voice}?output_format=pcm_8000",
        headers={"xi-api-key": site.token}, **form,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == 8000


def test_voices(client, client_of, site, voice, voice_file, index_file):
    [starter] = client.voices.get_all().voices
    assert (starter.voice_id, starter.name, starter.is_owner) == (voice, "Starter (Joe)", False)
    assert client.voices.get(voice).name == "Starter (Joe)"
    files = [("tiny.pth", voice_file.read_bytes()), ("tiny.index", index_file.read_bytes())]
    added = client.voices.ivc.create(name="Mine", files=files)
    try:
        page = client.voices.search(page_size=1)
        assert (page.voices[0].name, page.has_more, page.total_count) == ("Mine", True, 2)
        rest = client.voices.search(page_size=1, next_page_token=page.next_page_token)
        assert (rest.voices[0].voice_id, rest.has_more) == (voice, False)
        assert [found.name for found in client.voices.search(search="mine").voices] == ["Mine"]
        bob = client_of("bob")
        for ask in (bob.voices.get, bob.voices.delete, bob.voices.settings.get):
            with pytest.raises(ApiError) as caught:
                ask(added.voice_id)
            assert said(caught.value) == (404, "voice_not_found")
    finally:
        assert client.voices.delete(added.voice_id).status == "ok"
    with pytest.raises(ApiError) as caught:
        client.voices.delete(voice)  # the server's
    assert said(caught.value) == (404, "voice_not_found")


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("sample.wav", base.tone(1.0))], "not_supported"),
        ([("voice.pth", b"nothing of a voice")], None),
        ([("a.pth", b"1"), ("b.pth", b"2")], "not_supported"),
    ],
)
def test_voices_are_not_made_of_recordings(client, files, status):
    with pytest.raises(ApiError) as caught:
        client.voices.ivc.create(name="Mine", files=files)
    code, found = said(caught.value)
    assert code == 400
    assert found == (status or found)


def test_models_and_who_asks(client):
    names = {model.model_id: model for model in client.models.list()}
    assert names["rvc"].can_do_voice_conversion
    assert names["pyttsx3"].can_do_text_to_speech
    user = client.user.get()
    assert user.first_name == "alice"
    assert client.user.subscription.get().status == "active"
    assert user.subscription.character_count <= user.subscription.character_limit


def test_history(client, client_of, voice):
    b"".join(client.text_to_speech.convert(voice, text="To be remembered."))
    found = client.history.list(page_size=1)
    [last] = found.history
    assert (last.text, last.voice_id, last.source) == ("To be remembered.", voice, "TTS")
    older = client.history.list(page_size=1, start_after_history_item_id=found.last_history_item_id)
    assert found.last_history_item_id not in {item.history_item_id for item in older.history}
    assert client.history.get(last.history_item_id).date_unix == last.date_unix
    assert seconds(b"".join(client.history.get_audio(last.history_item_id))) > 0.3
    with pytest.raises(ApiError) as caught:
        client_of("bob").history.get(last.history_item_id)
    assert caught.value.status_code == 404
    client.history.delete(last.history_item_id)
    with pytest.raises(ApiError):
        client.history.get(last.history_item_id)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"output_format": "mp3_1_1"}, "output_format"),
        ({"voice_settings": elevenlabs.VoiceSettings(similarity_boost=2)}, "similarity_boost"),
        ({"voice_settings": elevenlabs.VoiceSettings(stability=float("1e308"))}, "stability"),
        ({"seed": -1}, "seed"),
        ({"request_options": {"additional_body_parameters": {"model_path": "/etc/passwd"}}}, "model_path"),
        ({"request_options": {"additional_body_parameters": {"text": ["a"]}}}, "text"),
    ],
)
def test_mistakes_by_field(client, site, voice, changed, field):
    before = site.jobs()
    with pytest.raises(UnprocessableEntityError) as caught:
        b"".join(client.text_to_speech.convert(**{"voice_id": voice, "text": HELLO, **changed}))
    assert caught.value.body["detail"][0]["loc"] == ["body", field]
    assert site.jobs() == before


def test_mistakes(client, client_of, site, voice):
    before = site.jobs()
    for ask, wanted in (
        (lambda: client.text_to_speech.convert("nobody", text=HELLO), (404, "voice_not_found")),
        (lambda: client.text_to_speech.convert(voice, text="a" * 100_001), (400, "max_character_limit_exceeded")),
        (lambda: client.speech_to_speech.convert(voice, audio=b"no sound at all"), (400, "not_audio")),
        (lambda: client.speech_to_speech.convert(voice, audio=base.tone(), remove_background_noise=True),
         (400, "not_supported")),
        (lambda: client_of("wrong").text_to_speech.convert(voice, text=HELLO), (401, "invalid_api_key")),
        (lambda: client_of("reader").text_to_speech.convert(voice, text=HELLO), (403, "missing_permissions")),
    ):  # fmt: skip
        with pytest.raises(ApiError) as caught:
            b"".join(ask())
        assert said(caught.value) == wanted
    assert site.jobs() == before
