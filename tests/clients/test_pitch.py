"""Clients that know no pitch: the way of the voice holds for what they send."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from clients.elevenlabs.wishes import recording_wish, speak, speech_wish
from models_app.models import VoiceModel
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
RECOMMENDED = {"pitch_mode": "auto", "pitch_shift": -2.0, "index_rate": 0.2}


@pytest.fixture
def known(voice):
    VoiceModel.objects.filter(pk=voice.pk).update(usual_f0=120.0, recommended=RECOMMENDED)
    voice.refresh_from_db()
    return voice


def asked(user, form, **said):
    made = APIRequestFactory().post("/v1/", said, format=form)
    request = Request(made, parsers=[JSONParser(), MultiPartParser()])
    request.user = user
    return request


def of_text(user, voice, **said):
    return speak(speech_wish(asked(user, "json", text="Hello there.", **said), str(voice.pk)), user)


def of_recording(user, voice, **said):
    request = asked(user, "multipart", audio=SimpleUploadedFile("a.wav", base.tone(1.0)), **said)
    conversion = recording_wish(request, str(voice.pk)).submit(user)
    request.FILES["audio"].close()  # as the end of a request does
    return conversion


def pitch(conversion):
    return conversion.options.pitch_mode, conversion.options.pitch_shift


@pytest.mark.parametrize("wished", [of_text, of_recording])
def test_what_the_voice_recommends_holds(known, alice, wished):
    conversion = wished(alice, known)
    assert pitch(conversion) == ("auto", -2.0)
    assert conversion.options.index_rate == 0.2


def test_their_settings_leave_the_pitch_alone(known, alice):
    conversion = of_text(alice, known, voice_settings={"similarity_boost": 0.6, "stability": 1})
    assert (conversion.options.index_rate, conversion.options.loudness_mix) == (0.6, 1.0)
    assert pitch(conversion) == ("auto", -2.0)


def test_texts_go_to_the_usual_pitch_and_recordings_stay(known, alice):
    VoiceModel.objects.update(recommended={})
    assert pitch(of_text(alice, known)) == ("auto", 0.0)
    assert pitch(of_recording(alice, known)) == ("shift", 0.0)


def test_without_a_usual_pitch_nothing_is_moved(known, alice):
    VoiceModel.objects.update(usual_f0=None)
    assert pitch(of_text(alice, known)) == ("shift", 0.0)
