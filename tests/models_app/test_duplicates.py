"""The same bytes from the same owner are recognised before they are read again."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from models_app.models import VoiceModel
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


def test_the_command_tells_it_of_the_servers_voices(voice, voice_file):
    call_command("voices", "add", str(voice_file), "--name", "Ours")
    with pytest.raises(CommandError, match=r"as “Ours”.*\(already_there\)"):
        call_command("voices", "add", str(voice_file))
