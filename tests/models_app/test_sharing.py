"""Who may see, use, change and take away a voice, and what happens when that changes."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.urls import reverse

from conversions.models import Conversion
from conversions.tasks import convert
from models_app.models import Visibility, VoiceEvent, VoiceModel
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


@pytest.fixture
def choir():
    return Group.objects.create(name="choir")


@pytest.fixture
def carol(django_user_model, choir):
    """Neither named nor the owner, but in the choir."""
    carol = django_user_model.objects.create_user("carol")
    carol.groups.add(choir)
    return carol


def seen_by(*people):
    return [VoiceModel.objects.visible_to(person).count() for person in people]


def test_it_works(voice, alice, bob, carol, staff, choir):
    everybody = (alice, bob, carol, staff, AnonymousUser())
    assert seen_by(*everybody) == [1, 0, 0, 0, 0]
    voice.share(alice, Visibility.PEOPLE, people=[bob])
    assert seen_by(*everybody) == [1, 1, 0, 0, 0]
    voice.share(alice, Visibility.PEOPLE, people=[bob, carol], groups=[choir])
    assert seen_by(*everybody) == [1, 1, 1, 0, 0]  # once, though named twice
    voice.share(alice, Visibility.EVERYONE)
    assert seen_by(*everybody) == [1, 1, 1, 1, 0]
    voice.share(alice, Visibility.PRIVATE)
    assert seen_by(*everybody) == [1, 0, 0, 0, 0]
    assert set(voice.people.all()) == {bob, carol}  # kept for the next time


def test_who_leaves_the_group_sees_it_no_more(voice, alice, carol, choir):
    voice.share(alice, Visibility.PEOPLE, groups=[choir])
    carol.groups.clear()
    assert seen_by(carol) == [0]


def test_being_named_gives_no_files_and_no_changes(api, client, voice, alice, bob):
    voice.share(alice, Visibility.PEOPLE, people=[bob])
    bobs = api(bob)
    assert bobs.get(f"{VOICES}{voice.pk}/").json()["people"] == []  # whom else is the owner's to know
    assert bobs.patch(f"{VOICES}{voice.pk}/", {"name": "x"}, format="json").status_code == 404
    assert bobs.get(f"{VOICES}{voice.pk}/export/pth/").status_code == 404
    assert bobs.get(f"{VOICES}{voice.pk}/events/").status_code == 404
    client.force_login(bob)
    shown = client.get(voice.get_absolute_url()).content.decode()
    assert "Its owner shares it with you" in shown
    assert "Take it with you" not in shown


def test_the_api_shares_by_name(api, voice, alice, bob, choir):
    alice.groups.add(choir)
    said = {"visibility": "people", "people": ["bob"], "groups": ["choir"]}
    answer = api(alice).patch(f"{VOICES}{voice.pk}/", said, format="json")
    assert answer.status_code == 200, answer.json()
    assert {name: answer.json()[name] for name in said} == said
    assert seen_by(bob) == [1]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"people": ["nobody"]}, "people"),
        ({"groups": ["choir"]}, "groups"),  # alice is not in it
        ({"visibility": "friends"}, "visibility"),
        ({"shared": True}, "shared"),
        ({"owner": "bob"}, "owner"),
        ({"use_count": 9}, "use_count"),
        ({"consent_by": "bob"}, "consent_by"),
        ({"slug": "mine"}, "slug"),
    ],
)
def test_the_api_refuses_by_name(api, voice, alice, choir, said, field):
    answer = api(alice).patch(f"{VOICES}{voice.pk}/", said, format="json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
    assert not VoiceEvent.objects.exclude(action="added").exists()


def test_the_page_shares_by_name(client, voice, alice, bob, carol, choir):
    alice.groups.add(choir)
    client.force_login(alice)
    address = reverse("voices:share", args=[voice.pk])
    wrong = client.post(address, {"visibility": "people", "people": "bob, dave"})
    assert wrong.status_code == 422
    assert "Nobody here is called “dave”." in wrong.content.decode()
    client.post(address, {"visibility": "people", "people": " bob ,", "groups": ["choir"]})
    assert seen_by(bob, carol) == [1, 1]
    assert "bob" in client.get(address).content.decode()


@pytest.mark.parametrize("group", ["9" * 300, "-1", "1e400", "nobody's", "\0"])
def test_groups_that_are_none_are_refused_on_the_page(client, voice, alice, choir, group):
    alice.groups.add(choir)
    client.force_login(alice)
    said = {"visibility": "people", "groups": [group]}
    assert client.post(reverse("voices:share", args=[voice.pk]), said).status_code == 422


def test_groups_that_one_is_not_in_are_not_offered(client, voice, alice, choir):
    client.force_login(alice)
    address = reverse("voices:share", args=[voice.pk])
    assert "choir" not in client.get(address).content.decode()
    client.post(address, {"visibility": "people", "groups": ["choir"]})
    assert not voice.groups.exists()


def test_a_waiting_conversion_is_refused_when_the_sharing_ends(voice, alice, bob):
    voice.share(alice, Visibility.PEOPLE, people=[bob])
    waiting = Conversion.objects.submit(bob, voice, base.upload(base.tone()), ConversionOptions())
    own = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    voice.share(alice, Visibility.PRIVATE)
    convert(str(waiting.pk))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == ("rejected", "voice_not_shared")
    assert "not shared with you any more" in waiting.error_message
    assert VoiceModel.objects.usable_by(own.owner).filter(pk=voice.pk).exists()


def test_the_operator_may_use_what_lies_on_the_machine(voice, staff, bob):
    assert VoiceModel.objects.usable_by(staff).exists()
    assert not VoiceModel.objects.usable_by(bob).exists()


def test_waiting_conversions_of_others_end_when_the_voice_is_deleted(api, client, voice, alice, bob):
    voice.share(alice, Visibility.EVERYONE)
    client.force_login(alice)
    address = reverse("voices:delete", args=[voice.pk])
    assert "wait" not in client.get(address).content.decode()
    waiting = Conversion.objects.submit(bob, voice, base.upload(base.tone()), ConversionOptions())
    assert "1 conversion waits for it" in client.get(address).content.decode()
    assert api(alice).delete(f"{VOICES}{voice.pk}/").status_code == 204
    convert(str(waiting.pk))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error_code) == ("failed", "voice_deleted")


def test_it_is_given_to_somebody_else(voice, alice, bob, staff):
    voice.give_to(staff, bob)
    assert seen_by(alice, bob) == [0, 1]
    event = VoiceEvent.objects.get(action="given")
    assert (event.actor, event.details) == (staff, "alice → bob")
