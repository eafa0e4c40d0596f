"""The same bytes from the same owner are recognised before they are read again."""

import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from models_app import ingest
from models_app.models import VoiceModel
from models_app.models.voice import VoiceQuerySet
from rvc.errors import VoiceFileError
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


def test_it_names_the_voice_that_is_there(api, alice, voice, voice_file):
    answer = api(alice).post(VOICES, {"checkpoint": base.upload(voice_file, "Other name.pth")})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (409, "already_there", "checkpoint")
    assert "“Tiny”" in error["message"]
    assert VoiceModel.objects.get() == voice
    assert len(base.files_left()) == 2


def test_the_page_says_it_at_the_field(client, alice, voice, voice_file):
    client.force_login(alice)
    answer = client.post(reverse("voices:add"), {"checkpoint": base.upload(voice_file)})
    assert answer.status_code == 422
    assert "“Tiny”" in answer.context["form"].errors["checkpoint"][0]


def test_another_owner_may_have_it_too(api, bob, voice, voice_file):
    assert api(bob).post(VOICES, {"checkpoint": base.upload(voice_file)}).status_code == 201


def test_another_index_makes_another_voice(api, alice, voice, voice_file, index_file, tmp_path):
    client = api(alice)
    same = {"checkpoint": base.upload(voice_file), "index": base.upload(index_file)}
    assert client.post(VOICES, same).status_code == 409
    base.write_index(tmp_path / "b.index", width=base.WHISPER_WIDTH, count=90)
    other = {"checkpoint": base.upload(voice_file), "index": base.upload(tmp_path / "b.index")}
    assert client.post(VOICES, other).status_code == 201


def test_a_deleted_voice_may_come_again(api, alice, voice, voice_file):
    voice.delete()
    assert api(alice).post(VOICES, {"checkpoint": base.upload(voice_file)}).status_code == 201


def test_staff_are_told_for_the_owner_they_choose(client, staff, alice, voice, voice_file):
    client.force_login(staff)
    fields = {"name": "x", "description": "", "licence": "", "origin": "", "quality": "", "recommended": "{}"}
    add = reverse("admin:models_app_voicemodel_add")
    answer = client.post(add, {**fields, "owner": alice.pk, "checkpoint": base.upload(voice_file)})
    assert "“Tiny”" in answer.context["adminform"].form.errors["checkpoint"][0]
    assert client.post(add, {**fields, "checkpoint": base.upload(voice_file)}).status_code == 302


def test_staff_who_send_it_twice_at_once_are_told(client, staff, alice, voice, voice_file, monkeypatch):
    monkeypatch.setattr(VoiceQuerySet, "examine", lambda rows, owner=None, **files: ingest.check(**files))  # too early
    client.force_login(staff)
    fields = {"name": "x", "recommended": "{}", "owner": alice.pk, "checkpoint": base.upload(voice_file)}
    answer = client.post(reverse("admin:models_app_voicemodel_add"), fields, follow=True)
    assert "“Tiny”" in answer.content.decode()
    assert VoiceModel.objects.get() == voice
    assert len(base.files_left()) == 2


def test_the_command_tells_it_of_the_servers_voices(voice, voice_file):
    call_command("voices", "add", str(voice_file), "--name", "Ours")
    with pytest.raises(CommandError, match=r"as “Ours”.*\(already_there\)"):
        call_command("voices", "add", str(voice_file))


@pytest.fixture
def both_pass_the_check(monkeypatch):
    """Two uploads are checked at the same time: neither finds the other."""
    examine, together = VoiceQuerySet.examine, threading.Barrier(2)

    def waiting(*args, **kwargs):
        checked = examine(*args, **kwargs)
        together.wait(60)
        return checked

    monkeypatch.setattr(VoiceQuerySet, "examine", waiting)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("owned", [True, False])
def test_of_two_at_once_one_is_kept(both_pass_the_check, own_folder, alice, voice_file, owned):
    answers = []

    def add():
        try:
            answers.append(VoiceModel.objects.add(checkpoint=voice_file, name="Twin", owner=alice if owned else None))
        except VoiceFileError as error:
            answers.append((error.code, error.field))
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ("already_there", "checkpoint") in answers
    assert VoiceModel.objects.get() in answers
    kept = [file for file in base.files_left() if file.startswith("files/")]
    assert len(kept) == 1 + bool(VoiceModel.objects.get().upload)
    assert not [file for file in base.files_left() if file.startswith("quarantine/")]


def test_the_page_says_it_of_two_at_once(client, alice, make_voice, voice_file, monkeypatch):
    """The other one is kept while this one is checked."""
    examine = VoiceQuerySet.examine

    def overtaken(*args, **kwargs):
        checked = examine(*args, **kwargs)
        make_voice(alice)
        return checked

    monkeypatch.setattr(VoiceQuerySet, "examine", overtaken)
    client.force_login(alice)
    answer = client.post(reverse("voices:add"), {"checkpoint": base.upload(voice_file)})
    assert answer.status_code == 422
    assert "“Tiny”" in answer.context["form"].errors["checkpoint"][0]
