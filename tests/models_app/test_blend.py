"""Two voices become a third: on the page, in the API and on the command line; by whom, and what is written down."""

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from models_app.models import VoiceEvent, VoiceModel
from rvc.voicefile.voice import VoiceFile, open_stored_voice, write_voice
from tests import base

pytestmark = pytest.mark.django_db
BLEND = "/api/voices/blend/"


@pytest.fixture
def two(make_voice, alice, own_folder):
    """Two voices of alice's that are built alike."""
    one, other = make_voice(alice, name="One", licence="CC0"), make_voice(alice, name="Other", licence="CC0")
    stored = open_stored_voice(Path(other.file.path))
    tensors = {name: (array * np.float32(0.5)).astype(array.dtype) for name, array in stored.tensors.items()}
    write_voice(VoiceFile(stored.header, tensors), Path(other.file.path))
    VoiceModel.objects.filter(pk=other.pk).update(checkpoint_sha256="2" * 64, file_sha256="")
    return one, other


def wish(one, other, **more):
    return {"first": str(one.pk), "second": str(other.pk), "share": 0.25, **more}


def test_it_works(api, alice, two):
    answer = api(alice).post(BLEND, wish(*two, name="Both"), format="json")
    assert answer.status_code == 201, answer.json()
    voice = VoiceModel.objects.get(name="Both")
    assert answer["Location"].endswith(f"/api/voices/{voice.pk}/")
    assert (voice.owner, voice.visibility, voice.has_index, voice.licence) == (alice, "private", False, "CC0")
    assert voice.origin == "A blend: 25% One, 75% Other"
    parts = answer.json()["report"]["blend"]
    assert [(part["name"], part["share"]) for part in parts] == [("One", 0.25), ("Other", 0.75)]
    assert parts[0]["sha256"] == two[0].checkpoint_sha256
    event = VoiceEvent.objects.get(action="blended")
    assert (event.actor, event.details) == (alice, "25% One, 75% Other")
    name = "dec.conv_pre.bias"
    mine, theirs, made = (open_stored_voice(Path(voice.file.path)).tensors[name] for voice in (*two, voice))
    np.testing.assert_allclose(made, 0.25 * mine + 0.75 * theirs, rtol=1e-3)


def test_the_same_blend_twice_is_there_already(api, alice, two):
    assert api(alice).post(BLEND, wish(*two), format="json").status_code == 201
    before = base.files_left()
    again = api(alice).post(BLEND, wish(*two), format="json")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_there")
    assert base.files_left() == before


def test_a_voice_of_somebody_else_is_not_taken_apart(api, alice, bob, make_voice, two):
    shared = make_voice(bob, visibility="everyone")
    answer = api(alice).post(BLEND, wish(two[0], shared), format="json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "second")
    assert api(bob).post(BLEND, wish(*two), format="json").json()["error"]["field"] == "first"


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [({"share": 0}, 400, "share"), ({"share": 1}, 400, "share"), ({"owner": "bob"}, 400, "owner")],
)
def test_it_refuses_by_name(api, alice, two, said, status, field):
    answer = api(alice).post(BLEND, wish(*two) | said, format="json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)


def test_what_is_built_otherwise_is_refused_with_reasons(api, client, alice, two):
    with (base.GOLDEN / "tiny_v1_40k_f0.pth").open("rb") as file:
        other = VoiceModel.objects.add(checkpoint=base.upload(file.read(), "v1.pth"), owner=alice, name="Wide")
    before = base.files_left()
    answer = api(alice).post(BLEND, wish(two[0], other), format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "cannot_blend")
    assert "the version differs" in answer.json()["error"]["message"]
    client.force_login(alice)
    page = client.post(reverse("voices:blend"), {"first": two[0].pk, "second": other.pk, "share": "50"})
    assert page.status_code == 422
    assert "the content encoder differs" in page.content.decode()
    assert base.files_left() == before


def test_the_page_makes_one(client, alice, two):
    client.force_login(alice)
    answer = client.post(reverse("voices:blend"), {"first": two[0].pk, "second": two[1].pk, "share": "30"})
    voice = VoiceModel.objects.get(name="One + Other")
    assert answer.url == voice.get_absolute_url()
    shown = client.get(answer.url).content.decode()
    assert "Made of two voices" in shown
    assert "70 %" in shown
    same = client.post(reverse("voices:blend"), {"first": two[0].pk, "second": two[0].pk, "share": "30"})
    assert "Choose two different voices." in same.content.decode()


def test_the_page_asks_for_two(client, bob):
    client.force_login(bob)
    assert "Two voices are needed" in client.get(reverse("voices:blend")).content.decode()


def test_the_command_makes_one(alice, two):
    out = StringIO()
    call_command("voices", "blend", "One", "Other", "--share", "0.6", "--name", "Both", "--owner", "alice", stdout=out)
    assert "60% One, 40% Other" in out.getvalue()
    assert VoiceModel.objects.get(name="Both").owner == alice
    with pytest.raises(CommandError, match="cannot_blend"):
        call_command("voices", "blend", "One", "One")


class TestManyVoices:
    """A page that offers thousands of voices would take seconds."""

    @pytest.fixture
    def page(self, client, alice, two):
        facts = {"version": "v2", "f0": True, "sample_rate": 40000, "owner": alice}
        rows = (VoiceModel(name=f"Voice {n:03}", slug=f"voice-{n}", **facts) for n in range(150))
        VoiceModel.objects.bulk_create(rows)
        client.force_login(alice)
        return lambda **asked: client.get(reverse("voices:blend"), asked)

    def offered(self, answer):
        return [words for _, words in answer.context["form"]["second"].field.choices]

    def test_a_part_is_offered_and_the_rest_is_found(self, page, django_assert_max_num_queries):
        with django_assert_max_num_queries(6):
            answer = page()
        assert len(self.offered(answer)) == 100
        assert 'name="find"' in answer.content.decode()
        assert self.offered(page(find="ice 14")) == [f"Voice {n}" for n in range(140, 150)]
        assert self.offered(page(find="nobody")) == []
        assert "Two voices are needed" not in page(find="nobody").content.decode()

    def test_what_was_chosen_stays(self, page, two):
        answer = page(find="Voice 00", first=str(two[0].pk), second="nonsense\0")
        chosen = f'<option value="{two[0].pk}" selected>One</option>'
        assert chosen in answer.content.decode()
        assert "One" not in self.offered(answer)

    def test_whoever_is_not_offered_may_be_sent(self, page, client, two):
        VoiceModel.objects.filter(pk__in=[voice.pk for voice in two]).update(name="Zoe")
        assert "Zoe" not in self.offered(page())
        answer = client.post(reverse("voices:blend"), wish(*two) | {"share": 50, "name": "Both"})
        assert answer.status_code == 302
        assert VoiceModel.objects.filter(name="Both").exists()

    def test_few_voices_need_no_search(self, client, alice, two):
        client.force_login(alice)
        assert 'name="find"' not in client.get(reverse("voices:blend")).content.decode()
