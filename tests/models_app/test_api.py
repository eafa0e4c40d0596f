"""Voices for programs."""

import pytest

from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


def error_of(answer):
    return answer.json()["error"]


@pytest.fixture
def alices(api, alice):
    return api(alice)


def test_it_adds_a_voice(alices, alice, voice_file, index_file):
    answer = alices.post(
        VOICES, {"checkpoint": base.upload(voice_file, "My voice.pth"), "index": base.upload(index_file, "x.index")}
    )
    assert answer.status_code == 201, answer.content
    voice = VoiceModel.objects.get()
    assert answer["Location"] == f"http://testserver{VOICES}{voice.pk}/"
    assert (voice.owner, voice.name, voice.has_index, voice.visibility) == (alice, "My voice", True, "private")
    body = answer.json()
    assert (body["id"], body["name"], body["owner"], body["editable"]) == (str(voice.pk), "My voice", "alice", True)
    assert (body["sample_rate"], body["version"], body["f0"]) == (40000, "v2", True)
    assert alices.get(answer["Location"]).json() == body


def test_wrong_files_get_their_code_and_leave_nothing(alices, voice_file, tmp_path, subtests):
    base.write_bomb(tmp_path / "bomb.pth", tmp_path / "marker")
    good = base.upload(voice_file, "tiny.pth")
    tries = {
        "text": ({"checkpoint": base.upload(b"a letter " * 90, "a.pth")}, "not_a_checkpoint", "checkpoint"),
        "page": ({"checkpoint": base.upload(b"<!doctype html><p>login", "a.pth")}, "not_a_checkpoint", "checkpoint"),
        "recording": ({"checkpoint": base.upload(base.tone(), "a.pth")}, "not_a_checkpoint", "checkpoint"),
        "bomb": ({"checkpoint": base.upload(tmp_path / "bomb.pth", "a.pth")}, "forbidden_content", "checkpoint"),
        "width": (
            {"checkpoint": good, "index": base.upload(base.GOLDEN / "tiny_256.index")},
            "wrong_dimension",
            "index",
        ),
    }
    for name, (data, code, field) in tries.items():
        with subtests.test(name):
            answer = alices.post(VOICES, data)
            assert answer.status_code == 422
            assert (error_of(answer)["code"], error_of(answer)["field"]) == (code, field)
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()
    assert not (tmp_path / "marker").exists()


def test_an_empty_file_is_refused(alices):
    answer = alices.post(VOICES, {"checkpoint": base.upload(b"", "a.pth")})
    assert (answer.status_code, error_of(answer)["field"]) == (422, "checkpoint")
    assert error_of(answer)["code"] == "empty_file"


@pytest.mark.parametrize("name", ["owner", "state", "id", "sha256", "is_staff", "path", "model_path"])
def test_it_refuses_fields_it_does_not_have(alices, voice_file, name):
    answer = alices.post(VOICES, {"checkpoint": base.upload(voice_file, "a.pth"), name: "1"})
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["field"]) == (400, "bad_request", name)
    assert not VoiceModel.objects.exists()


def test_it_lists_own_and_shared_voices(alices, make_voice, alice, bob):
    mine, shared = make_voice(alice, name="Mine"), make_voice(bob, name="Shared", visibility="everyone")
    make_voice(bob, name="Hidden")
    listed = alices.get(VOICES).json()
    assert [entry["id"] for entry in listed["results"]] == [str(shared.pk), str(mine.pk)]
    assert [entry["editable"] for entry in listed["results"]] == [False, True]


def test_it_pages(alices, make_voice, alice):
    voices = [make_voice(alice, name=f"Voice {number}") for number in range(3)]
    first = alices.get(VOICES, {"page_size": 2}).json()
    second = alices.get(first["next"]).json()
    names = [entry["name"] for page in (first, second) for entry in page["results"]]
    assert names == [voice.name for voice in reversed(voices)]
    assert second["next"] is None


def test_the_owner_changes_what_is_said(alices, voice):
    answer = alices.patch(f"{VOICES}{voice.pk}/", {"name": "<b>New</b>", "visibility": "everyone"}, format="json")
    assert (answer.status_code, answer.json()["name"]) == (200, "<b>New</b>")
    voice.refresh_from_db()
    assert (voice.name, voice.visibility) == ("<b>New</b>", "everyone")


@pytest.mark.parametrize("name", ["owner", "sample_rate", "facts", "recommended", "size_bytes"])
def test_facts_cannot_be_changed(alices, voice, name):
    answer = alices.patch(f"{VOICES}{voice.pk}/", {name: "1"}, format="json")
    assert (answer.status_code, error_of(answer)["field"]) == (400, name)


def test_a_voice_is_never_replaced(alices, voice):
    answer = alices.put(f"{VOICES}{voice.pk}/", {"name": "x"}, format="json")
    assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")


def test_the_owner_deletes(alices, voice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert alices.delete(f"{VOICES}{voice.pk}/").status_code == 204
    assert base.files_left() == set()


def test_a_shared_voice_is_read_only_for_others(api, bob, make_voice, alice):
    shared = make_voice(alice, visibility="everyone")
    bobs = api(bob)
    assert bobs.get(f"{VOICES}{shared.pk}/").status_code == 200
    assert bobs.patch(f"{VOICES}{shared.pk}/", {"name": "x"}, format="json").status_code == 404
    assert bobs.delete(f"{VOICES}{shared.pk}/").status_code == 404
    assert VoiceModel.objects.get().name == "Tiny"
