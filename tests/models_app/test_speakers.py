"""Speakers with names: out of the file, given by the owner, shown, and taken along."""

import pytest
import torch
from django.urls import reverse

from models_app.models import VoiceModel
from rvc.options import ConversionOptions
from tests import base
from tests.rvc.voices import SHALLOW, voice_bytes

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"
NAMED = [{"id": 0, "name": "Anna"}, {"id": 2, "name": "Çelik"}]


@pytest.fixture
def trio(api, alice):
    """A voice of three speakers whose file names two of them."""
    content = voice_bytes(speakers=3, metadata={"speaker_info": {"Anna": 0, "Çelik": 2}}, **SHALLOW)
    sent = api(alice).post(VOICES, {"checkpoint": base.upload(content, "trio.pth")})
    assert sent.status_code == 201, sent.content
    return VoiceModel.objects.get(pk=sent.json()["id"])


def change(api, voice, names):
    return api(voice.owner).patch(f"{VOICES}{voice.pk}/", {"speaker_names": names}, format="json")


def exported(api, voice, kind):
    answer = api(voice.owner).get(f"{VOICES}{voice.pk}/export/{kind}/")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_names_of_the_file_are_where_they_begin(api, trio):
    told = api(trio.owner).get(f"{VOICES}{trio.pk}/").json()
    assert (told["speakers"], told["speaker_names"]) == (3, NAMED)


def test_the_owner_gives_others(api, trio):
    names = [{"id": 1, "name": "Bert"}, {"id": 0, "name": ""}]
    assert change(api, trio, names).json()["speaker_names"] == [{"id": 1, "name": "Bert"}]
    trio.refresh_from_db()
    assert trio.speaker_names == {"1": "Bert"}
    assert trio.events.first().details == "names of speakers"


@pytest.mark.parametrize(
    "names",
    [
        [{"id": 3, "name": "x"}],
        [{"id": -1, "name": "x"}],
        [{"id": 0, "name": "x" * 61}],
        [{"id": 0, "name": "a\u202eb"}],
        [{"id": 0, "name": "a"}, {"id": 0, "name": "b"}],
        [{"id": 0}],
        [{"id": 0, "name": "a", "age": 3}],
        ["Anna"],
        {"0": "Anna"},
        "Anna",
        [{"id": 10**40, "name": "x"}],
    ],
)
def test_what_is_no_name_is_refused(api, trio, names):
    answer = change(api, trio, names)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "speaker_names")
    assert VoiceModel.objects.get(pk=trio.pk).speaker_names == {"0": "Anna", "2": "Çelik"}


def test_strangers_do_not_name_them(api, bob, trio):
    assert api(bob).patch(f"{VOICES}{trio.pk}/", {"speaker_names": []}, format="json").status_code == 404


class TestPages:
    def test_the_form_has_a_line_for_each(self, client, trio):
        client.force_login(trio.owner)
        page = reverse("voices:edit", args=[trio.pk])
        assert "0: Anna\n2: Çelik" in client.get(page).content.decode()
        assert client.post(page, {"name": "Trio", "speaker_names": "1 Bert\r\n\r\n 2: D'Arc \n"}).status_code == 302
        assert VoiceModel.objects.get(pk=trio.pk).speaker_names == {"1": "Bert", "2": "D'Arc"}
        shown = client.get(trio.get_absolute_url()).content.decode()
        assert "3, of them 1 Bert, 2 D&#x27;Arc" in shown

    @pytest.mark.parametrize("lines", ["Anna", "3: x", "0: a\n0: b", "0: " + "x" * 61, "0: a\x1bb", "9999999: x"])
    def test_it_says_what_is_wrong(self, client, trio, lines):
        client.force_login(trio.owner)
        answer = client.post(reverse("voices:edit", args=[trio.pk]), {"name": "Trio", "speaker_names": lines})
        assert answer.status_code == 422
        assert "speaker_names" in answer.context["form"].errors

    def test_one_speaker_needs_no_name(self, client, trio):
        VoiceModel.objects.update(speakers=1, speaker_names={})
        client.force_login(trio.owner)
        assert "speaker_names" not in client.get(reverse("voices:edit", args=[trio.pk])).content.decode()

    def test_staff_may_name_them_too(self, client, staff, trio):
        client.force_login(staff)
        page = reverse("admin:models_app_voicemodel_change", args=[trio.pk])
        sent = {"name": "Trio", "owner": trio.owner.pk, "visibility": "private", "speaker_names": "1: Bert"}
        answer = client.post(page, sent)
        assert answer.status_code == 302, answer.context["errors"]
        assert VoiceModel.objects.get(pk=trio.pk).speaker_names == {"1": "Bert"}

    def test_the_conversion_form_knows_them(self, client, trio):
        client.force_login(trio.owner)
        page = client.get(reverse("studio:home")).content.decode()
        assert 'data-speaker-names="{&quot;0&quot;: &quot;Anna&quot;' in page

    def test_a_result_says_who_spoke(self, client, trio):
        from conversions.models import Conversion

        job = Conversion.objects.submit(
            trio.owner, trio, base.upload(base.tone()), ConversionOptions(speaker=2, index_rate=0)
        )
        Conversion.objects.update(state="done")
        client.force_login(trio.owner)
        assert "2 – Çelik" in client.get(job.get_absolute_url()).content.decode()


class TestTakenAlong:
    def test_a_pth_holds_them(self, api, trio, tmp_path):
        (tmp_path / "a.pth").write_bytes(exported(api, trio, "pth"))
        assert torch.load(tmp_path / "a.pth", weights_only=True)["speaker_info"] == {"0": "Anna", "2": "Çelik"}

    @pytest.mark.parametrize("kind", ["pth", "safetensors", "onnx"])
    def test_they_come_back_with_the_voice(self, api, bob, trio, kind):
        change(api, trio, [{"id": 1, "name": "Bert"}])
        trio.refresh_from_db()
        sent = {"checkpoint": base.upload(exported(api, trio, kind), f"a.{kind}")}
        answer = api(bob).post(VOICES, sent)
        assert answer.status_code == 201, answer.content
        assert answer.json()["speaker_names"] == [{"id": 1, "name": "Bert"}]

    def test_unchanged_names_leave_every_byte_as_it_was(self, api, trio):
        assert exported(api, trio, "safetensors") == trio.file.read()

    def test_a_blend_keeps_those_that_both_have(self, api, alice, trio):
        names = {"0": "Anna", "1": "Bert", "2": "Dora"}
        content = voice_bytes(speakers=3, seed=1, metadata={"speaker_info": names}, **SHALLOW)
        other = api(alice).post(VOICES, {"checkpoint": base.upload(content, "b.pth")}).json()["id"]
        made = api(alice).post(f"{VOICES}blend/", {"first": trio.pk, "second": other}).json()
        assert made["speaker_names"] == [{"id": 0, "name": "Anna"}, {"id": 2, "name": "Çelik + Dora"}]
