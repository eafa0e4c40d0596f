"""A voice on its way in: what is kept of a good one, and that nothing is kept of a bad one."""

import hashlib
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from models_app.models import VoiceModel
from rvc.errors import VoiceFileError
from tests import base

pytestmark = pytest.mark.django_db


def test_it_works(alice, voice_file, index_file):
    voice = VoiceModel.objects.add(checkpoint=voice_file, index=index_file, owner=alice, name="Tiny")
    stored = VoiceModel.objects.get(pk=voice.pk)
    assert (stored.version, stored.f0, stored.sample_rate, stored.encoder) == ("v2", True, 40000, "whisper-base")
    assert stored.index_facts["width"] == base.WHISPER_WIDTH
    assert stored.index_facts["vectors"] == 64
    assert stored.checkpoint_sha256 == hashlib.sha256(voice_file.read_bytes()).hexdigest()
    assert stored.size_bytes == stored.file.size + stored.index_file.size
    assert stored.header.to_json() == stored.facts


def test_it_names_files_itself(alice, voice_file):
    upload = base.upload(voice_file, "../../etc/passwd.pth")
    voice = VoiceModel.objects.add(checkpoint=upload, owner=alice, name="../../x")
    assert base.files_left() == {f"files/voices/{voice.pk.hex}.safetensors"}


def test_it_works_without_an_index(alice, voice_file):
    voice = VoiceModel.objects.add(checkpoint=voice_file, owner=alice, name="Tiny")
    assert not voice.has_index
    assert voice.index_facts == {}


def test_it_takes_back_its_own_stored_form(voice, alice, tmp_path):
    path = tmp_path / "again.safetensors"
    path.write_bytes(voice.file.read())
    again = VoiceModel.objects.add(checkpoint=path, owner=alice, name="Again")
    assert again.facts == voice.facts


def wrong_files(folder):
    marker = folder / "marker"
    bomb, text, empty, cut = (folder / name for name in ("bomb.pth", "text.pth", "empty.pth", "cut.pth"))
    base.write_bomb(bomb, marker)
    text.write_text("this is a letter, not a voice\n" * 40)
    empty.touch()
    cut.write_bytes((base.GOLDEN / "tiny_v2_40k_f0.pth").read_bytes()[:5000])
    return {bomb: "forbidden_content", text: "not_a_checkpoint", empty: "empty_file", cut: "bad_container"}


def test_it_refuses_wrong_files_and_keeps_nothing(alice, tmp_path, subtests):
    for path, code in wrong_files(tmp_path).items():
        with subtests.test(path.name):
            with pytest.raises(VoiceFileError) as error:
                VoiceModel.objects.add(checkpoint=path, owner=alice, name="Wrong")
            assert (error.value.code, error.value.field) == (code, "checkpoint")
    assert not (tmp_path / "marker").exists(), "a pickle was executed"
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_it_refuses_an_index_of_another_width(alice, voice_file):
    with pytest.raises(VoiceFileError) as error:
        VoiceModel.objects.add(checkpoint=voice_file, index=base.GOLDEN / "tiny_256.index", owner=alice, name="Wrong")
    assert (error.value.code, error.value.field) == ("wrong_dimension", "index")
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_it_refuses_a_text_as_index(alice, voice_file, tmp_path):
    text = tmp_path / "notes.index"
    text.write_text("nothing to find here")
    with pytest.raises(VoiceFileError) as error:
        VoiceModel.objects.add(checkpoint=voice_file, index=text, owner=alice, name="Wrong")
    assert (error.value.code, error.value.field) == ("unsupported_index", "index")


def test_it_stops_reading_at_the_limit(alice, voice_file, settings):
    settings.MAX_VOICE_MB = 0
    with pytest.raises(VoiceFileError) as error:
        VoiceModel.objects.add(checkpoint=voice_file, owner=alice, name="Large")
    assert error.value.code == "too_large"
    assert base.files_left() == set()


def test_it_takes_the_files_back_when_the_row_fails(alice, voice, checked_voice):
    twin = VoiceModel(pk=voice.pk, owner=alice, name="Twin")
    before = base.files_left()
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.store(replace(base.copy_of(checked_voice), sha256="another"))
    assert base.files_left() == before


def test_files_go_with_the_row(voice, django_capture_on_commit_callbacks):
    assert len(base.files_left()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        voice.delete()
    assert base.files_left() == set()


def test_files_go_with_the_owner(voice, alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        alice.delete()
    assert base.files_left() == set()


@pytest.mark.django_db(transaction=True)
def test_files_stay_when_the_deletion_is_rolled_back(voice):
    with transaction.atomic():
        VoiceModel.objects.get(pk=voice.pk).delete()
        transaction.set_rollback(True)
    assert len(base.files_left()) == 2
