"""Another index for a voice that is kept: checked as every upload is, and the old one stays until it is found good."""

import pytest
from django.urls import reverse

from conversions.models import Conversion
from conversions.tasks import convert
from models_app.models import VoiceCheck, VoiceModel
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_index(tmp_path):
    path = tmp_path / "other.index"
    base.write_index(path, width=base.WHISPER_WIDTH, count=80)
    return path


@pytest.fixture
def put(api, voice, own_folder):
    def send(content, person=None):
        sent = {"index": base.upload(content, "other.index")}
        return api(person or voice.owner).put(f"/api/voices/{voice.pk}/index/", sent, format="multipart")

    return send


def test_it_works(put, voice, other_index, django_capture_on_commit_callbacks):
    before, earlier = base.files_left(), voice.index_file.name
    VoiceCheck.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        answer = put(other_index)
    assert answer.status_code == 200, answer.json()
    voice.refresh_from_db()
    assert voice.index_facts["vectors"] == 80
    assert voice.index_file.name != earlier
    assert len(base.files_left()) == len(before)  # the old one is gone
    assert voice.size_bytes == voice.file.size + voice.index_file.size
    lines = [line for line in voice.report["files"] if line["kind"] == "index" and line["taken"]]
    assert [(line["name"], line["sha256"]) for line in lines] == [("other.index", voice.index_sha256)]
    assert VoiceCheck.objects.filter(voice=voice).count() == 1  # it is tried again
    again = put(other_index)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_there")


def test_a_wrong_one_leaves_the_old(put, voice, tmp_path):
    narrow = tmp_path / "narrow.index"
    base.write_index(narrow, width=16)
    before, files = VoiceModel.objects.values().get(), base.files_left()
    for content in (narrow, b"not an index " * 50, b""):
        answer = put(content)
        assert answer.status_code == 422, answer.json()
        assert answer.json()["error"]["field"] == "index"
    assert VoiceModel.objects.values().get() == before
    assert base.files_left() == files


def test_it_counts_for_the_share_of_its_owner(put, voice, tmp_path, settings):
    large = tmp_path / "large.index"
    base.write_index(large, width=base.WHISPER_WIDTH, count=2 * (1 << 20) // (4 * base.WHISPER_WIDTH))
    settings.PERSON_STORAGE_MB = 2
    before, files = VoiceModel.objects.values().get(), base.files_left()
    answer = put(large)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded")
    assert VoiceModel.objects.values().get() == before
    assert base.files_left() == files
    settings.PERSON_STORAGE_MB = 4
    assert put(large).status_code == 200


def test_only_its_owner_brings_one(put, bob, other_index):
    assert put(other_index, bob).status_code == 404


def test_the_page_replaces_and_removes(client, voice, other_index):
    client.force_login(voice.owner)
    address = reverse("voices:index", args=[voice.pk])
    assert client.post(address, {"index": base.upload(b"no", "a.index")}).status_code == 422
    assert client.post(address, {"index": base.upload(other_index, "a.index")}).url == voice.get_absolute_url()
    voice.refresh_from_db()
    assert voice.index_facts["vectors"] == 80
    client.post(address, {"remove": "1"})
    voice.refresh_from_db()
    assert (voice.has_index, voice.index_facts, voice.index_sha256) == (False, {}, "")
    assert "Give it an index" in client.get(voice.get_absolute_url()).content.decode()


def test_staff_bring_one_through_the_same_checks(client, staff, voice, other_index):
    client.force_login(staff)
    address = reverse("admin:models_app_voicemodel_change", args=[voice.pk])
    said = {"name": "T", "owner": voice.owner_id, "visibility": "private"}
    wrong = client.post(address, said | {"index": base.upload(b"no index " * 9, "a.index")})
    assert "index" in wrong.context["adminform"].form.errors
    answer = client.post(address, said | {"index": base.upload(other_index, "a.index")})
    assert answer.status_code == 302, answer.context["errors"]
    voice.refresh_from_db()
    assert voice.index_facts["vectors"] == 80


def test_a_conversion_whose_index_changes_under_it_says_so(voice, alice, other_index, monkeypatch, encoder):
    """The worker has asked for the index; then it is removed before it is opened."""
    from models_app.indexes import remove_index

    job = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions(index_rate=0.5))
    monkeypatch.setattr("conversions.tasks.decoded", _decode_and(lambda: _drop(remove_index, voice, alice)))
    convert(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "voice_changed")


def _drop(remove, voice, by):
    path = voice.index_file.path
    remove(voice, by)
    VoiceModel.objects.get(pk=voice.pk).index_file.storage.delete(path)


def _decode_and(then):
    from conversions import tasks

    decode = tasks.decoded

    def both(*args):
        then()
        return decode(*args)

    return both
