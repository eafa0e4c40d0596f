"""Pictures of voices: taken in any usual format, written anew, refused when they are something else."""

import io

import pytest
from PIL import Image

from models_app.models import VoiceModel
from tests import base
from tests.models_app.pictures import bomb, picture, with_position

pytestmark = pytest.mark.django_db


@pytest.fixture
def put(api, alice, voice, own_folder):
    def send(content, name="cover.png"):
        return api(alice).put(
            f"/api/voices/{voice.pk}/cover/", {"cover": base.upload(content, name)}, format="multipart"
        )

    return send


def shown(api, person, voice):
    return b"".join(api(person).get(f"/api/voices/{voice.pk}/cover/"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_it_works(api, put, alice, voice, kind):
    answer = put(picture(kind), "anything.bin")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["cover"].endswith(f"/api/voices/{voice.pk}/cover/")
    image = Image.open(io.BytesIO(shown(api, alice, voice)))
    assert (image.format, image.size) == ("WEBP", (512, 512))


def test_nothing_is_said_of_where_it_was_taken(api, put, alice, voice):
    sent = with_position()
    assert b"CANARY" in sent
    assert put(sent).status_code == 200
    image = Image.open(io.BytesIO(shown(api, alice, voice)))
    assert not image.getexif()
    assert b"CANARY" not in shown(api, alice, voice)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "not_a_picture"),
        (b"", 422, "empty_file"),
        (b"GIF89a" + b"\xff" * 500, 422, "not_a_picture"),
        (picture()[:200], 422, "not_a_picture"),
        (picture("TIFF"), 422, "not_a_picture"),
        (picture("BMP"), 422, "not_a_picture"),
        (bomb(), 422, "too_complex"),
        (bomb(30_000, 2_000), 422, "too_complex"),
        (bomb(2_000, 2_000), 422, "not_a_picture"),
    ],
    ids=["svg", "empty", "gif", "cut", "tiff", "bmp", "bomb", "wide", "short"],
)
def test_it_refuses(put, voice, content, status, code):
    before = base.files_left()
    answer = put(content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.json()
    assert answer.json()["error"]["field"] == "cover"
    assert base.files_left() == before
    assert not VoiceModel.objects.get().cover


def test_a_large_one_is_refused_while_it_comes(put, settings):
    settings.MAX_COVER_MB = 0
    assert put(picture()).status_code == 413


def test_another_takes_its_place(put, voice, api, alice, django_capture_on_commit_callbacks):
    put(picture())
    before = base.files_left()
    with django_capture_on_commit_callbacks(execute=True):
        put(picture("JPEG", (300, 900)))
    after = base.files_left()
    assert len(after) == len(before)
    assert after != before
    with django_capture_on_commit_callbacks(execute=True):
        assert api(alice).delete(f"/api/voices/{voice.pk}/cover/").status_code == 204
    assert len(base.files_left()) == len(before) - 1
    assert api(alice).get(f"/api/voices/{voice.pk}/cover/").status_code == 404


def test_a_stranger_sees_none(put, api, bob, voice):
    put(picture())
    assert api(bob).get(f"/api/voices/{voice.pk}/cover/").status_code == 404
