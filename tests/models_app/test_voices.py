"""The vocabulary of voices: who sees what, what is missing, which options follow."""

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from models_app.models import VoiceModel
from rvc.errors import OptionError

pytestmark = pytest.mark.django_db


def test_people_see_their_own_voices_and_shared_ones(make_voice, alice, bob):
    own, shared = make_voice(alice), make_voice(alice, visibility="everyone")
    assert set(VoiceModel.objects.visible_to(alice)) == {own, shared}
    assert set(VoiceModel.objects.visible_to(bob)) == {shared}


def test_a_stranger_sees_nothing(make_voice):
    make_voice(None, visibility="everyone")
    assert not VoiceModel.objects.visible_to(AnonymousUser()).exists()
    assert not VoiceModel.objects.editable_by(AnonymousUser()).exists()


def test_only_the_owner_edits(make_voice, alice, bob):
    shared = make_voice(alice, visibility="everyone")
    servers = make_voice(None, visibility="everyone")
    assert list(VoiceModel.objects.editable_by(alice)) == [shared]
    assert not VoiceModel.objects.editable_by(bob).exists()
    assert shared.editable_by(alice)
    assert not servers.editable_by(alice)


def test_it_says_which_encoder_is_missing(voice, settings, tmp_path):
    settings.ASSETS_DIR = tmp_path
    assert voice.missing_asset == "whisper-base"
    assert "python3 run.py manage assets" in voice.missing_asset_message
    assert not VoiceModel.objects.ready().exists()


def test_an_encoder_nobody_knows_is_missing(voice):
    voice.encoder = "somebody's own"
    assert voice.missing_asset == "somebody's own"
    assert "somebody's own" in voice.missing_asset_message


def test_it_is_ready_when_the_encoder_is_installed(voice, encoder):
    assert voice.missing_asset is None
    assert voice.missing_asset_message == ""
    assert list(VoiceModel.objects.ready()) == [voice]


def test_it_is_found_by_name_and_id(voice):
    assert VoiceModel.objects.find("tiny") == voice
    assert VoiceModel.objects.find(str(voice.pk)) == voice
    for words in ("nobody", "", "tiny\ud800", "tiny" * 30_000):
        with pytest.raises(VoiceModel.DoesNotExist):
            VoiceModel.objects.find(words)


def test_options_are_chosen_else_recommended_else_default(voice):
    voice.recommended = {"index_rate": 0.2, "protect": 0.1}
    options = voice.options(protect=0.4)
    assert (options.index_rate, options.protect, options.loudness_mix) == (0.2, 0.4, 0.25)


def test_it_refuses_a_speaker_it_does_not_have(voice):
    with pytest.raises(OptionError) as error:
        voice.options(speaker=voice.speakers)
    assert error.value.field == "speaker"


def test_stored_files_have_no_address():
    assert not hasattr(settings, "MEDIA_URL") or settings.MEDIA_URL in ("", "/")
