"""Engines that ask a service elsewhere, against servers on this machine that speak its wire format, or do not."""

import base64
import json
import time
from urllib.parse import parse_qs
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.cache import cache

from rvc.codec.writing import write
from tests.base import tone
from tests.network import Site, dripping, endless
from tts.engines import azure, gtts, service
from tts.engines.base import SpeechError, Utterance
from tts.engines.registry import engine, speak_with

KEY = "sk-very-secret-0123456789"
ONLINE = ("openai", "azure", "gtts")
SPEECH = {
    "openai": "/v1/audio/speech",
    "azure": "/cognitiveservices/v1",
    "gtts": "/_/TranslateWebserverUi/data/batchexecute",
}
VOICES = [
    {"ShortName": "en-US-AvaMultilingualNeural", "DisplayName": "Ava", "Locale": "en-US", "Gender": "Female"},
    {"ShortName": "de-DE-KatjaNeural", "DisplayName": "Katja", "Locale": "de-DE", "Gender": "Female"},
    {"ShortName": '"><script>', "DisplayName": "x", "Locale": "en-US", "Gender": "Male"},
]
HELLO = Utterance("Hello there.")


@pytest.fixture(scope="session")
def mp3(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "tone.mp3"
    write((0.3 * np.sin(np.arange(24000) / 8)).astype(np.float32), 24000, path, "mp3")
    return path.read_bytes()


@pytest.fixture
def site(settings, tmp_path, monkeypatch):
    """A server that is OpenAI, Azure and Google at once."""
    site = Site()
    base = f"http://127.0.0.1:{site.server_port}"
    settings.VAR_DIR = tmp_path / "var"
    settings.TTS_PRIVATE_SERVERS = True
    settings.GTTS = True
    settings.OPENAI_SPEECH_KEY = settings.AZURE_SPEECH_KEY = KEY
    settings.OPENAI_SPEECH_URL, settings.AZURE_SPEECH_URL = f"{base}/v1", base
    monkeypatch.setattr(gtts.GTTS, "place", base)
    site.routes["/cognitiveservices/voices/list"] = lambda handler: handler.answer(
        200, json.dumps(VOICES).encode(), Content_Type="application/json; charset=utf-8"
    )
    yield site
    site.shutdown()
    site.server_close()


@pytest.fixture
def answers(site, mp3):
    """Every service answers with these bytes, in its own wrapping."""

    def set_answer(sound=None, **headers):
        wav = tone() if sound is None else sound
        rows = [["wrb.fr", "jQ1olc", json.dumps([base64.b64encode(mp3 if sound is None else sound).decode()])]]
        wrapped = b")]}'\n\n123\n" + json.dumps(rows).encode() + b'\n25\n[["e",4,null,null,131]]\n'
        kinds = {"Content_Type": "audio/wav", **headers}
        for name in ("openai", "azure"):
            site.routes[SPEECH[name]] = lambda handler: handler.answer(200, wav, **kinds)
        site.routes[SPEECH["gtts"]] = lambda handler: handler.answer(
            200, wrapped, **{"Content_Type": "application/json; charset=utf-8", **headers}
        )
        return site

    return set_answer


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def refused(name, folder, utterance=HELLO, timeout=20.0):
    """The error of an engine, which leaves nothing behind and never says the key."""
    with pytest.raises(SpeechError) as caught:
        engine(name).speak(utterance, folder, timeout)
    assert list(folder.iterdir()) == []
    assert KEY not in f"{caught.value.message} {caught.value!r} {caught.value.__cause__!r}"
    return caught.value.code


def texts_for_google(site):
    """What was sent to be spoken, from the requests."""
    found = []
    for body in site.received:
        rows = json.loads(parse_qs(body.decode())["f.req"][0])
        assert rows[0][0][0] == "jQ1olc"
        found.append(json.loads(rows[0][0][1]))
    return found


@pytest.mark.parametrize("name", ONLINE)
class TestEach:
    def test_it_works(self, answers, folder, name):
        answers()
        assert engine(name).online
        assert engine(name).trouble() is None
        spoken = engine(name).speak(HELLO, folder)
        assert spoken.seconds == pytest.approx(1.0, abs=0.1)
        assert spoken.sample_rate == 16000
        assert spoken.facts["engine"] == name
        assert list(folder.iterdir()) == [spoken.path]

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (429, "upstream_busy"),
            (500, "upstream"),
            (503, "upstream"),
            (400, "upstream_refused"),
            (401, "upstream_refused"),
            (403, "upstream_refused"),
            (302, "upstream"),
            (204, "upstream"),
        ],
    )
    def test_what_it_answers(self, site, folder, name, status, code):
        body = f'{{"error": "the key {KEY} is wrong"}}'.encode() if status != 204 else b""
        site.routes[SPEECH[name]] = lambda handler: handler.answer(status, body, Location="http://127.0.0.1:1/")
        assert refused(name, folder) == code

    def test_nobody_there(self, site, folder, name):
        engine(name).speakers()
        site.shutdown()
        site.server_close()
        assert refused(name, folder) == "upstream"

    def test_silence(self, site, folder, name):
        engine(name).speakers()
        site.routes[SPEECH[name]] = lambda handler: time.sleep(4)
        began = time.monotonic()
        assert refused(name, folder, timeout=1.0) == "upstream"
        assert time.monotonic() - began < 4

    def test_drops(self, site, folder, name):
        engine(name).speakers()
        site.routes[SPEECH[name]] = dripping(0.1)
        began = time.monotonic()
        assert refused(name, folder, timeout=1.0) == "upstream"
        assert time.monotonic() - began < 4

    def test_an_answer_without_end(self, site, folder, name, monkeypatch):
        monkeypatch.setattr(gtts, "MOST_ANSWER", 1 << 20)
        site.routes[SPEECH[name]] = endless
        assert refused(name, folder) == "upstream"

    def test_a_connection_that_breaks(self, site, folder, name):
        def half(handler):
            kind = "application/json" if name == "gtts" else "audio/wav"
            handler.head(200, Content_Length="100000", Content_Type=kind)
            handler.wfile.write(tone()[:2000])

        site.routes[SPEECH[name]] = half
        assert refused(name, folder) == "upstream"

    def test_another_kind_of_answer(self, answers, folder, name):
        answers(b"<html>Sign in</html>", Content_Type="text/html")
        assert refused(name, folder) == "upstream"

    @pytest.mark.parametrize("body", [b"<html>", b"\x7fELF" * 100, b"no sound at all" * 9, b"RIFF\x10\0\0\0WAVEfmt "])
    def test_something_that_is_no_sound(self, answers, folder, name, body):
        answers(body)
        assert refused(name, folder) == "upstream"

    @pytest.mark.parametrize("body", [b"", tone(1.0, level=0), tone(0.01)])
    def test_nothing_to_hear(self, answers, folder, name, body):
        answers(body)
        assert refused(name, folder) == "speech_empty"

    @pytest.mark.parametrize(
        ("text", "code"),
        [("...", "text_says_nothing"), ("\u200b", "text_says_nothing"), ("a" * 100_001, "text_too_long")],
    )
    def test_texts_that_are_not_sent(self, answers, folder, name, text, code):
        site = answers()
        assert refused(name, folder, Utterance(text)) == code
        assert site.received == []

    def test_control_characters_stay_here(self, answers, folder, name):
        site = answers()
        engine(name).speak(Utterance("one\x00two\x1b\ud800 three"), folder)
        assert not set(b"".join(site.received)) & {0, 0x1B}
        assert b"%00" not in b"".join(site.received)

    def test_speakers_nobody_knows(self, answers, folder, name):
        site = answers()
        assert refused(name, folder, Utterance("Hello", speaker="nobody\r\nX: y")) == "unknown_speaker"
        assert site.received == []

    def test_it_is_off_until_it_is_allowed(self, answers, folder, name, settings):
        site = answers()
        settings.GTTS, settings.OPENAI_SPEECH_KEY, settings.AZURE_SPEECH_KEY = False, "", ""
        trouble = engine(name).trouble()
        assert trouble.code == "engine_off"
        assert {"gtts": "Google", "openai": "OpenAI", "azure": "Microsoft"}[name] in trouble.sentence
        assert engine(name).speakers() == ()
        assert refused(name, folder) == "engine_off"
        assert site.seen == []

    def test_private_servers_are_not_asked_unasked(self, answers, folder, name, settings):
        site = answers()
        engine(name).speakers()
        before = len(site.seen)
        settings.TTS_PRIVATE_SERVERS = False
        assert refused(name, folder) == "engine_unavailable"
        assert len(site.seen) == before

    def test_the_next_engine_speaks(self, site, folder, name):
        site.routes[SPEECH[name]] = lambda handler: handler.answer(500, b"")
        spoken, [attempt] = speak_with((name, "pyttsx3"), HELLO, folder)
        assert spoken.facts["engine"] == "pyttsx3"
        assert (attempt.engine, attempt.code) == (name, "upstream")
        assert attempt.to_json()["sentence"]


class TestOpenAI:
    def test_the_request(self, answers, folder):
        site = answers()
        engine("openai").speak(Utterance('<audio src="x"/> $(touch x)', speaker="nova", rate=1.5), folder)
        assert json.loads(site.received[0]) == {
            "model": "gpt-4o-mini-tts",
            "voice": "nova",
            "input": '<audio src="x"/> $(touch x)',
            "response_format": "wav",
            "speed": 1.5,
        }
        [(path, headers)] = site.seen
        assert path == "/v1/audio/speech"
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert headers["Host"] == f"127.0.0.1:{site.server_port}"

    def test_a_stream_that_does_not_know_its_length(self, answers, folder):
        """As the service sends it: the sizes in the header are the largest there are."""
        wav = bytearray(tone())
        wav[4:8] = wav[40:44] = b"\xff\xff\xff\xff"
        answers(bytes(wav))
        assert engine("openai").speak(HELLO, folder).seconds == pytest.approx(1.0, abs=0.05)

    def test_other_voices(self, site, settings):
        settings.OPENAI_SPEECH_VOICES = ["af_bella", "am_adam"]
        assert [speaker.id for speaker in engine("openai").speakers()] == ["af_bella", "am_adam"]

    @pytest.mark.parametrize(
        "url",
        ["ftp://example.com", "https://me:secret@example.com", "nonsense", "https://example.com:99999", "http://"],
    )
    def test_addresses_that_cannot_be_used(self, site, settings, url):
        settings.OPENAI_SPEECH_URL = url
        assert engine("openai").trouble().code == "engine_unavailable"

    def test_plain_http_only_where_private_servers_are_allowed(self, site, settings):
        settings.TTS_PRIVATE_SERVERS = False
        assert "https" in engine("openai").trouble().sentence

    @pytest.mark.parametrize("key", ["a key", "key\r\nX-Evil: 1", "schlüssel"])
    def test_keys_that_cannot_be_keys(self, site, settings, key):
        settings.OPENAI_SPEECH_KEY = key
        trouble = engine("openai").trouble()
        assert trouble.code == "engine_unavailable"
        assert key not in trouble.sentence


class TestAzure:
    def test_the_request(self, answers, folder):
        site = answers()
        text = 'A <break time="9s"/> & "B" ]]> $(touch x)'
        engine("azure").speak(Utterance(text, speaker="de-DE-KatjaNeural", rate=0.8), folder)
        root = ElementTree.fromstring(site.received[0].decode())
        space = {"s": "http://www.w3.org/2001/10/synthesis"}
        prosody = root.find("s:voice/s:prosody", space)
        assert root.find("s:voice", space).get("name") == "de-DE-KatjaNeural"
        assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de-DE"
        assert (prosody.text, prosody.get("rate"), len(prosody)) == (text, "-20%", 0)
        headers = site.seen[-1][1]
        assert headers["X-Microsoft-OutputFormat"] == "riff-24khz-16bit-mono-pcm"
        assert headers["Content-Type"] == "application/ssml+xml"
        assert headers["Ocp-Apim-Subscription-Key"] == KEY

    def test_the_list_of_voices(self, site):
        first = engine("azure").speakers()
        assert [speaker.id for speaker in first] == ["en-US-AvaMultilingualNeural", "de-DE-KatjaNeural"]
        assert (first[1].language, first[1].gender) == ("de-DE", "female")
        assert engine("azure").speakers() == first
        assert len(site.seen) == 1

    def test_an_old_list_is_better_than_none(self, site, monkeypatch):
        first = engine("azure").speakers()
        cache.clear()
        monkeypatch.setattr(azure, "LIST_AGE", -1.0)
        site.routes.clear()
        assert engine("azure").speakers() == first
        assert engine("azure").speakers() == first
        assert len(site.seen) == 2, "after a failure it is left alone for a while"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[1]", b"[" * 100_000, b'[{"ShortName": "x"}]', b"null"])
    def test_lists_that_cannot_be_read(self, site, folder, body):
        site.routes["/cognitiveservices/voices/list"] = lambda handler: handler.answer(
            200, body, Content_Type="application/json"
        )
        assert refused("azure", folder) == "upstream"

    @pytest.mark.parametrize("region", ["", "west europe", "evil.example/", "WEST"])
    def test_regions_that_are_none(self, site, settings, region):
        settings.AZURE_SPEECH_URL, settings.AZURE_SPEECH_REGION = "", region
        assert engine("azure").trouble().code == "engine_unavailable"

    def test_a_region_is_an_address(self, site, settings):
        settings.AZURE_SPEECH_URL, settings.AZURE_SPEECH_REGION = "", "westeurope"
        assert engine("azure").trouble() is None
        assert azure.Azure()._service().base == "https://westeurope.tts.speech.microsoft.com"


class TestGTTS:
    def test_the_requests(self, answers, folder):
        site = answers()
        text = "Hello <audio src='x'/> $(touch x). " + "And a long sentence that goes on and on, as they do. " * 5
        spoken = engine("gtts").speak(Utterance(text, language="de"), folder)
        sent = texts_for_google(site)
        assert all(len(words) <= 100 and language == "de" for words, language, *_ in sent)
        assert spoken.seconds == pytest.approx(len(sent), rel=0.1)
        assert "<audio" in sent[0][0]

    def test_accents_are_other_sites(self, site):
        assert gtts.PLACE.format(domain=gtts.ACCENTS["en-GB"][0]) == "https://translate.google.co.uk"
        assert engine("gtts").check(Utterance("Hello", language="en-gb")).speaker == "en-GB"
        assert engine("gtts").check(Utterance("Hello", language="en")).speaker == "en"
        assert engine("gtts").check(Utterance("Hello", language="zh")).speaker in {"zh", "zh-CN"}

    def test_the_rate_is_ours(self, answers, folder):
        answers()
        lengths = [engine("gtts").speak(Utterance("Hello", rate=rate), folder).seconds for rate in (0.5, 1.0, 2.0)]
        assert lengths == pytest.approx([2.1, 1.05, 0.52], rel=0.1)

    @pytest.mark.parametrize(
        "line",
        [b'[["wrb.fr","jQ1olc","[5]"]]', b'[["wrb.fr","jQ1olc","["]]', b'"jQ1olc"', b'[["w","jQ1olc","[\\"*\\"]"]]'],
    )
    def test_answers_that_cannot_be_read(self, site, folder, line):
        site.routes[SPEECH["gtts"]] = lambda handler: handler.answer(200, line, Content_Type="application/json")
        assert refused("gtts", folder) == "upstream"

    def test_an_answer_without_sound(self, site, folder):
        site.routes[SPEECH["gtts"]] = lambda handler: handler.answer(
            200, b'[["wrb.fr","jQ1olc",null]]', Content_Type="application/json"
        )
        assert refused("gtts", folder) == "speech_empty"

    def test_the_package_is_missing(self, site, monkeypatch):
        monkeypatch.setattr(gtts, "find_spec", lambda name: None)
        assert engine("gtts").trouble().code == "engine_unavailable"


def test_limits_are_sane():
    assert service.MOST_BYTES <= 20 << 20
    assert service.CONNECT <= 5
    assert service.SILENT <= 20
