"""The pages of voices."""

import pytest
from django.urls import reverse

from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db

LIST = "/voices/"
ADD = "/voices/add/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def address(name, voice):
    return reverse(f"voices:{name}", args=[voice.pk])


def test_it_works(page, alice, voice_file, index_file):
    files = {"checkpoint": base.upload(voice_file, "Aunt May.pth"), "index": base.upload(index_file, "a.index")}
    answer = page.post(ADD, {"name": "", "description": "", **files})
    voice = VoiceModel.objects.get(owner=alice)
    assert (voice.name, voice.visibility) == ("Aunt May", "private")
    assert answer.url == voice.get_absolute_url()
    shown = page.get(answer.url).content.decode()
    for fact in ("RVC v2", "40 kHz", "64 pieces", "whisper-base", "Only you"):
        assert fact in shown
    assert "Aunt May" in page.get(LIST).content.decode()


def test_the_script_gets_the_address(page, voice_file):
    answer = page.post(ADD, {"checkpoint": base.upload(voice_file)}, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 201
    assert answer.json() == {"url": VoiceModel.objects.get().get_absolute_url()}


def test_a_wrong_file_is_named_at_its_field(page, voice_file):
    wrong = {"checkpoint": base.upload(b"this is a letter", "letter.pth")}
    answer = page.post(ADD, wrong, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["checkpoint"]
    assert b"<html" not in answer.content
    assert not VoiceModel.objects.exists()


def test_an_empty_list_teaches(page):
    assert "No voice yet" in page.get(LIST).content.decode()


def test_it_changes_what_is_said(page, voice):
    assert voice.name in page.get(address("edit", voice)).content.decode()
    page.post(address("edit", voice), {"name": "Other", "description": "Warm", "visibility": "private"})
    voice.refresh_from_db()
    assert (voice.name, voice.description) == ("Other", "Warm")


def test_it_shares_and_takes_back(page, voice):
    for visibility in ("everyone", "people", "private"):
        assert page.post(address("share", voice), {"visibility": visibility}).url == voice.get_absolute_url()
        voice.refresh_from_db()
        assert voice.visibility == visibility


def test_it_deletes_after_asking(page, voice):
    assert "go for good" in page.get(address("delete", voice)).content.decode()
    assert page.post(address("delete", voice)).url == LIST
    assert not VoiceModel.objects.exists()


def test_a_missing_encoder_is_said_with_its_command(page, voice):
    VoiceModel.objects.update(encoder="contentvec")
    shown = page.get(voice.get_absolute_url()).content.decode()
    assert "python3 run.py manage assets fetch contentvec" in shown
    assert "Convert with it" not in shown


def test_the_card_says_origin_licence_and_quality(page, make_voice):
    told = {"licence": "CC0", "origin": "Read in a kitchen", "quality": "2.9 % of the words wrong"}
    shown = page.get(
        make_voice(None, visibility="everyone", recommended={"index_rate": 0.2}, **told).get_absolute_url()
    )
    for words in (*told.values(), "Index strength", "0.2", "this server"):
        assert words in shown.content.decode()


def test_strangers_see_shared_voices_only_and_change_none(client, bob, voice):
    client.force_login(bob)
    assert client.get(voice.get_absolute_url()).status_code == 404
    VoiceModel.objects.update(visibility="everyone")
    assert client.get(voice.get_absolute_url()).status_code == 200
    for name in ("edit", "share", "delete"):
        assert client.post(address(name, voice)).status_code == 404
    assert "Edit" not in client.get(voice.get_absolute_url()).content.decode()


def test_visitors_are_asked_to_log_in(client):
    for place in (LIST, ADD):
        assert client.get(place).url == f"{reverse('login')}?next={place}"
