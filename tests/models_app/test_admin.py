"""Staff add, look at and remove voices; the upload goes through the same checks as on the pages."""

import pytest
from django import forms
from django.contrib.auth.models import Group, Permission
from django.urls import reverse, reverse_lazy

from models_app.models import VoiceCheck, VoiceEvent, VoiceModel
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


def test_staff_who_may_only_look_change_nothing(client, django_user_model, voice):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_voicemodel"))
    client.force_login(looker)
    page = reverse(CHANGE, args=[voice.pk])
    shown = client.get(page).content.decode()
    assert voice.checkpoint_sha256 in shown
    assert 'name="_save"' not in shown
    assert client.post(page, {"name": "Other"}).status_code == 403
    client.post(reverse(LIST), {"action": "for_everyone", "_selected_action": [voice.pk]})
    voice.refresh_from_db()
    assert (voice.name, voice.visibility) == ("Tiny", "private")


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


LISTED = reverse_lazy(LIST)


def act(desk, action, *voices):
    return desk.post(LISTED, {"action": action, "_selected_action": [voice.pk for voice in voices]}, follow=True)


def test_the_list_says_how_much_room_is_taken(desk, make_voice, alice, bob):
    for owner, size in ((alice, 3 << 20), (alice, 2 << 20), (bob, 1 << 20), (None, 0)):
        VoiceModel.objects.filter(pk=make_voice(owner).pk).update(size_bytes=size)
    shown = " ".join(desk.get(LISTED).content.decode().replace("\xa0", " ").split())
    assert "4 voices take 6.0 MB: alice 5.0 MB (2), bob 1.0 MB (1), this server 0 bytes (1)" in shown


def test_it_filters(desk, make_voice, alice, encoder):
    make_voice(alice, name="Here", visibility="everyone")
    missing = make_voice(alice, name="Gone", language="de")
    VoiceModel.objects.filter(pk=missing.pk).update(encoder="contentvec", state="unusable")
    missing.edit(alice, tags=["warm"])
    queries = {"installed=no": "Gone", "installed=yes": "Here", "visibility__exact=everyone": "Here", "q=warm": "Gone"}
    queries |= {"state__exact=unusable": "Gone", "language__exact=de": "Gone", "encoder=contentvec": "Gone"}
    for query, name in queries.items():
        found = desk.get(f"{LISTED}?{query}").context["cl"].queryset
        assert [voice.name for voice in found] == [name], query


def test_its_preview_can_be_heard(desk, voice):
    assert "<audio" not in desk.get(LISTED).content.decode()
    voice.preview.save("a.mp3", base.upload(base.tone(0.1)))
    assert f'src="/voices/{voice.pk}/preview/"' in desk.get(LISTED).content.decode()


def test_the_actions_go_through_the_verbs(desk, make_voice, alice, bob):
    one, two = make_voice(alice), make_voice(bob)
    VoiceCheck.objects.all().delete()
    act(desk, "check_again", one, two)
    assert VoiceCheck.objects.count() == 2
    act(desk, "for_everyone", one, two)
    assert VoiceModel.objects.visible_to(bob).count() == 2
    act(desk, "for_owner", one, two)
    assert VoiceModel.objects.visible_to(bob).count() == 1
    assert "2 voices have lost their index" in act(desk, "remove_the_index", one, two).content.decode()
    assert not VoiceModel.objects.exclude(index_file="").exists()
    act(desk, "delete_selected", one)
    desk.post(LISTED, {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"})
    done = VoiceEvent.objects.filter(voice_key=one.pk, actor_name="staff").order_by("id")
    assert [event.action for event in done] == ["checked", "shared", "shared", "indexed", "deleted"]


def test_it_changes_owner_sharing_and_words(desk, voice, alice, bob):
    group = Group.objects.create(name="choir")
    said = {"name": "New", "tags": "Warm, low", "owner": bob.pk, "visibility": "people", "option_pitch_shift": "2"}
    answer = desk.post(reverse(CHANGE, args=[voice.pk]), said | {"people": [alice.pk], "groups": [group.pk]})
    assert answer.status_code == 302, answer.context["errors"]
    voice.refresh_from_db()
    assert (voice.owner, voice.tag_words, voice.recommended) == (bob, ["low", "warm"], {"pitch_shift": 2.0})
    assert voice.shared_words == "alice, group choir"
    done = VoiceEvent.objects.filter(actor_name="staff").order_by("id")
    assert [event.action for event in done] == ["edited", "given", "shared"]


def test_a_voice_is_not_given_to_who_has_it(desk, make_voice, alice, bob):
    voice, _ = make_voice(alice), make_voice(bob)
    answer = desk.post(reverse(CHANGE, args=[voice.pk]), {"name": "T", "owner": bob.pk, "visibility": "private"})
    assert "owner" in answer.context["adminform"].form.errors


def test_no_file_field_goes_round_the_checks(desk, voice):
    form = desk.get(reverse(CHANGE, args=[voice.pk])).context["adminform"].form
    files = {name for name, field in form.fields.items() if isinstance(field, forms.FileField)}
    assert files == {"index", "cover"}
    assert form.Meta.model._meta.get_field("file").editable is False


def test_the_queue_has_no_pages(desk):
    shown = desk.get(reverse("admin:index")).content.decode()
    assert "django_q" not in shown


class TestForged:
    """What no page of ours sends, and staff with a console may."""

    @pytest.mark.parametrize("key", ["nonsense", "\0", "9" * 40, "-1", "[1]", "1e3"])
    def test_a_key_that_cannot_be_is_no_choice(self, desk, voice, voice_file, key):
        change = reverse(CHANGE, args=[voice.pk])
        said = {"name": "New", "owner": voice.owner_id, "visibility": "private"}
        for page, field, data in (
            (reverse(ADD), "owner", sent(voice_file)),
            (change, "owner", said),
            (change, "people", said),
            (change, "groups", said),
        ):
            answer = desk.post(page, data | {field: key})
            assert answer.status_code == 200
            assert field in answer.context["adminform"].form.errors
        assert VoiceModel.objects.get().name == "Tiny"

    @pytest.mark.parametrize("row", ["nonsense", "9" * 40, "\0"])
    @pytest.mark.parametrize("list_page", [LIST, "admin:models_app_voiceimport_changelist"])
    def test_rows_that_cannot_be_are_not_found(self, desk, voice, list_page, row):
        for action in ("delete_selected", "check_again", "cancel", "no such"):
            answer = desk.post(reverse(list_page), {"action": action, "_selected_action": [row], "post": "yes"})
            assert answer.status_code == 302
        assert VoiceModel.objects.exists()

    def test_a_filter_that_cannot_be_finds_nothing_or_is_left_out(self, desk):
        answer = desk.get(reverse("admin:models_app_voiceevent_changelist"), {"id__in": "9" * 40}, follow=True)
        assert answer.status_code == 200
