"""Voices from the command line."""

import json
import re

import pytest
from django.core.management import CommandError, call_command

from models_app.bundled import STARTER_ID
from models_app.checking import SAMPLE
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def voices(capsys):
    def run(*words):
        call_command("voices", *words)
        return capsys.readouterr().out

    return run


def test_it_adds(voices, voice_file, index_file, alice):
    voices("add", str(voice_file), "--index", str(index_file), "--name", "Desk", "--owner", "alice", "--everyone")
    voice = VoiceModel.objects.get()
    assert (voice.name, voice.owner, voice.visibility, voice.has_index) == ("Desk", alice, "everyone", True)


def test_it_names_a_voice_after_its_file(voices, voice_file):
    voices("add", str(voice_file))
    assert (VoiceModel.objects.get().name, VoiceModel.objects.get().owner) == ("tiny", None)


def test_it_lists_and_shows(voices, voice):
    assert "Tiny" in voices("list")
    listed = json.loads(voices("list", "--json"))
    shown = json.loads(voices("show", "tiny", "--json"))
    assert listed == [shown]
    assert (shown["id"], shown["owner"], shown["sample_rate"]) == (str(voice.pk), "alice", 40000)
    assert "whisper-base" in voices("show", str(voice.pk))


def test_it_removes(voices, voice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        voices("remove", str(voice.pk))
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_mistakes_are_one_sentence(voices, make_voice, alice, tmp_path):
    make_voice(alice), make_voice(alice)
    text = tmp_path / "a.pth"
    text.write_text("a letter")
    mistakes = {
        ("show", "nobody"): "There is no voice 'nobody'",
        ("show", "tiny"): "Several voices are called 'tiny'",
        ("add", "missing.pth"): "There is no file missing.pth",
        ("add", str(text)): "(not_a_checkpoint)",
        ("add", str(text), "--owner", "nobody"): "There is no user 'nobody'",
    }
    for words, sentence in mistakes.items():
        with pytest.raises(CommandError, match=re.escape(sentence)):
            voices(*words)


def test_it_installs_the_starter_once(voices, settings, tmp_path):
    settings.ASSETS_DIR = tmp_path / "assets"
    assert "installed" in voices("install-starter")
    assert "there already" in voices("install-starter")
    voice = VoiceModel.objects.get()
    assert (voice.pk, voice.name, voice.owner, voice.visibility) == (STARTER_ID, "Starter (Joe)", None, "everyone")
    assert (voice.sample_rate, voice.encoder, voice.missing_asset) == (25600, "whisper-base", None)
    assert voice.index_facts["vectors"] == 2000
    assert voice.options().index_rate == 0.2
    assert all((voice.licence, voice.origin, voice.quality))


def test_the_usual_pitch_is_said_or_measured(voices, voice, tmp_path):
    assert "is 182.5 Hz now" in voices("usual-pitch", "tiny", "182.5")
    voices("usual-pitch", "tiny", str(SAMPLE))
    voice.refresh_from_db()
    assert 90 < voice.usual_f0 < 250, "somebody reads aloud"
    assert "is not known now" in voices("usual-pitch", "tiny", "none")
    (tmp_path / "silence.wav").write_bytes(base.tone(level=0))
    for words, sentence in (
        ("20", "greater than or equal to 50"),
        ("nan", "neither a number nor a recording"),
        ("high", "neither a number nor a recording"),
        (str(tmp_path / "silence.wav"), "Hardly anything is voiced"),
    ):
        with pytest.raises(CommandError, match=sentence):
            voices("usual-pitch", "tiny", words)
    voice.refresh_from_db()
    assert voice.usual_f0 is None
