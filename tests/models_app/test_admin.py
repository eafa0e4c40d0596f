"""Staff add, look at and remove voices; the upload goes through the same checks as on the pages."""

import pytest
from django.urls import reverse

from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db
ADD = "admin:models_app_voicemodel_add"
LIST = "admin:models_app_voicemodel_changelist"
CHANGE = "admin:models_app_voicemodel_change"
FORGED = {"sample_rate": "1", "facts": "{}"}


@pytest.fixture
def desk(client, staff):
    client.force_login(staff)
    return client


def sent(voice_file, **fields):
    blank = {
        "name": "Desk",
        "description": "",
        "owner": "",
        "licence": "CC0",
        "origin": "",
        "quality": "",
        "visibility": "private",
    }
    return blank | {"recommended": "{}", "checkpoint": base.upload(voice_file, "tiny.pth")} | fields


def test_it_adds_a_voice(desk, voice_file, index_file, alice):
    data = sent(voice_file, owner=alice.pk, index=base.upload(index_file), recommended='{"index_rate": 0.3}')
    answer = desk.post(reverse(ADD), data)
    assert answer.status_code == 302, answer.context["errors"]
    voice = VoiceModel.objects.get()
    assert (voice.name, voice.owner, voice.licence, voice.has_index) == ("Desk", alice, "CC0", True)
    assert voice.recommended == {"index_rate": 0.3}
    assert voice.sample_rate == 40000


def test_it_refuses_a_wrong_file_at_its_field(desk, voice_file):
    answer = desk.post(reverse(ADD), sent(voice_file, checkpoint=base.upload(b"a letter " * 99, "a.pth")))
    assert answer.status_code == 200
    assert "checkpoint" in answer.context["adminform"].form.errors
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_it_changes_words_and_not_facts(desk, voice):
    before = voice.facts
    data = {
        "name": "New",
        "description": "d",
        "owner": voice.owner_id,
        "licence": "",
        "origin": "",
        "quality": "",
        "visibility": "private",
    }
    answer = desk.post(reverse(CHANGE, args=[voice.pk]), data | FORGED)
    assert answer.status_code == 302
    voice.refresh_from_db()
    assert (voice.name, voice.sample_rate, voice.facts) == ("New", 40000, before)


def test_it_searches_and_filters(desk, make_voice, alice, bob):
    make_voice(alice, name="Alto")
    make_voice(bob, name="Bass", visibility="everyone")
    assert b"Alto" in desk.get(reverse(LIST)).content
    assert b"Alto" not in desk.get(reverse(LIST), {"q": "bass"}).content
    assert b"Alto" not in desk.get(reverse(LIST), {"shared__exact": "1"}).content


def test_a_name_is_shown_as_text(desk, make_voice, alice):
    voice = make_voice(alice, name="<img src=x onerror=alert(1)>")
    for page in (reverse(LIST), reverse(CHANGE, args=[voice.pk])):
        assert b"<img src=x" not in desk.get(page).content


def test_deleting_removes_the_files(desk, make_voice, alice, django_capture_on_commit_callbacks):
    voices = [make_voice(alice) for _ in range(2)]
    data = {"action": "delete_selected", "_selected_action": [voice.pk for voice in voices], "post": "yes"}
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(reverse(LIST), data)
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()
