"""A voice that somebody deletes, or changes, while another request is at work on it."""

import pytest
from django.urls import reverse

from models_app import covers, indexes, ingest, upkeep, views
from models_app.api import VoiceViewSet
from models_app.models import VoiceEvent, VoiceModel
from tests import base
from tests.models_app.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_index(tmp_path):
    base.write_index(tmp_path / "other.index", width=base.WHISPER_WIDTH, count=80)
    return tmp_path / "other.index"


@pytest.fixture
def deleted_after(monkeypatch, django_capture_on_commit_callbacks):
    """Have the voice deleted by another request right after this step of one."""

    def arm(home, step):
        real = getattr(home, step)

        def then_deleted(*args, **kwargs):
            answer = real(*args, **kwargs)
            with django_capture_on_commit_callbacks(execute=True):
                VoiceModel.objects.get().remove(None)
            return answer

        monkeypatch.setattr(home, step, then_deleted)

    return arm


REQUESTS = [
    ("patch", {"name": "Other"}),
    ("patch", {"tags": ["alto"]}),
    ("patch", {"visibility": "everyone"}),
    ("delete", {}),
]


@pytest.mark.parametrize(("method", "body"), REQUESTS)
def test_what_changes_it_finds_nothing(api, alice, voice, deleted_after, method, body):
    deleted_after(VoiceViewSet, "get_object")
    answer = getattr(api(alice), method)(f"/api/voices/{voice.pk}/", body, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert VoiceEvent.objects.filter(action="deleted").count() == 1
    assert base.files_left() == set()


@pytest.mark.parametrize("page", ["edit", "share", "delete"])
def test_the_pages_find_nothing(client, alice, voice, deleted_after, page):
    client.force_login(alice)
    deleted_after(upkeep if page == "share" else views, "editable")
    answer = client.post(reverse(f"voices:{page}", args=[voice.pk]), {"name": "Other", "visibility": "private"})
    assert answer.status_code == 404


def test_a_picture_is_not_left_behind(api, alice, voice, deleted_after):
    deleted_after(covers, "check")
    sent = {"cover": base.upload(picture("PNG"), "cover.png")}
    assert api(alice).put(f"/api/voices/{voice.pk}/cover/", sent, format="multipart").status_code == 404
    assert base.files_left() == set()


def test_an_index_is_not_left_behind(api, alice, voice, other_index, deleted_after):
    deleted_after(ingest, "check_index")
    sent = {"index": base.upload(other_index)}
    assert api(alice).put(f"/api/voices/{voice.pk}/index/", sent, format="multipart").status_code == 404
    assert base.files_left() == set()


def test_a_picture_that_came_meanwhile_goes_too(voice, alice, django_capture_on_commit_callbacks):
    stale = VoiceModel.objects.get()
    voice.show_cover(alice, picture("PNG"))
    with django_capture_on_commit_callbacks(execute=True):
        stale.remove(alice)
    assert base.files_left() == set()


def test_of_two_indexes_at_once_one_is_kept(voice, alice, other_index, django_capture_on_commit_callbacks):
    base.write_index(other_index.with_name("third.index"), width=base.WHISPER_WIDTH, count=90)
    first, second = VoiceModel.objects.get(), VoiceModel.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        indexes.replace_index(first, other_index, alice)
        indexes.replace_index(second, other_index.with_name("third.index"), alice)
    stored = VoiceModel.objects.get()
    assert base.files_left() == {f"files/{stored.file.name}", f"files/{stored.index_file.name}"}
    assert [file["name"] for file in stored.report["files"] if file["kind"] == "index"] == ["third.index"]
