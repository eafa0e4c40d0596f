"""Who did what to which voice: one line for each, whichever way it was done, and nobody changes them."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from models_app.models import VoiceEvent, VoiceModel
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


def lines():
    return [(event.actor_name, event.action, event.details) for event in VoiceEvent.objects.order_by("id")]


def test_it_works(api, alice, voice_file, index_file):
    alices = api(alice)
    made = alices.post(VOICES, {"checkpoint": base.upload(voice_file, "tiny.pth")}, format="multipart").json()
    one = f"{VOICES}{made['id']}/"
    alices.patch(one, {"name": "Aunt May", "tags": ["warm"]}, format="json")
    alices.patch(one, {"name": "Aunt May"}, format="json")  # nothing changes
    alices.patch(one, {"visibility": "everyone"}, format="json")
    b"".join(alices.get(f"{one}export/pth/"))
    alices.put(f"{one}index/", {"index": base.upload(index_file, "x.index")}, format="multipart")
    alices.delete(f"{one}index/")
    shown = alices.get(f"{one}events/").json()
    assert [line["action"] for line in shown] == ["indexed", "indexed", "exported", "shared", "edited", "added"]
    alices.delete(one)
    assert lines() == [
        ("alice", "added", ""),
        ("alice", "edited", "name, tags"),
        ("alice", "shared", "Only you → Everyone on this server"),
        ("alice", "exported", ".pth"),
        ("alice", "indexed", "x.index"),
        ("alice", "indexed", "removed"),
        ("alice", "deleted", ""),
    ]
    last = VoiceEvent.objects.first()
    assert (last.voice, str(last.voice_key), last.voice_name) == (None, made["id"], "Aunt May")


def test_the_pages_leave_them(client, alice, voice):
    client.force_login(alice)
    client.post(reverse("voices:edit", args=[voice.pk]), {"name": "Other"})
    client.post(reverse("voices:share", args=[voice.pk]), {"visibility": "everyone"})
    b"".join(client.get(reverse("voices:export-safetensors", args=[voice.pk])))
    assert "Only you → Everyone" in client.get(voice.get_absolute_url()).content.decode()
    client.post(reverse("voices:delete", args=[voice.pk]))
    assert [line[:2] for line in lines()[1:]] == [
        ("alice", "edited"),
        ("alice", "shared"),
        ("alice", "exported"),
        ("alice", "deleted"),
    ]


def test_the_command_line_leaves_them(voice_file, tmp_path):
    call_command("voices", "add", str(voice_file), "--name", "Desk")
    call_command("voices", "export", "Desk", "--out", str(tmp_path))
    call_command("voices", "remove", "Desk")
    exported = [("", "exported", f".{kind}") for kind in ("pth", "safetensors", "onnx")]
    assert lines() == [("", "added", ""), *exported, ("", "deleted", "")]


def test_an_account_that_goes_takes_its_voices_and_leaves_the_record(voice, alice):
    alice.delete()
    assert not VoiceModel.objects.exists()
    assert [event.action for event in VoiceEvent.objects.all()] == ["deleted", "added"]


def test_what_has_happened_is_not_changed(voice):
    event = VoiceEvent.objects.get()
    event.details = "nothing"
    with pytest.raises(TypeError):
        event.save()


def test_staff_read_them_and_write_none(client, staff, voice):
    client.force_login(staff)
    changelist = reverse("admin:models_app_voiceevent_changelist")
    event = VoiceEvent.objects.get()
    assert "Tiny" in client.get(changelist, {"action__exact": "added"}).content.decode()
    assert "Tiny" in client.get(changelist, {"voice_key": voice.pk}).content.decode()
    one = reverse("admin:models_app_voiceevent_change", args=[event.pk])
    assert client.get(one).status_code == 200
    assert client.post(one, {"details": "x"}).status_code == 403
    assert client.post(reverse("admin:models_app_voiceevent_delete", args=[event.pk])).status_code == 403
    client.post(changelist, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert VoiceEvent.objects.count() == 1
