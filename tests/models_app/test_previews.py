"""How a preview leaves the server: like every sound, to those who may see its voice."""

import pytest

from models_app.models import Visibility
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(own_folder):
    """Every test here has a folder of its own."""


@pytest.fixture
def heard(voice):
    """Alice's voice with something to hear."""
    voice.preview.save("preview.mp3", base.upload(base.tone(0.5)))
    return voice


@pytest.fixture(params=["/voices/{}/preview/", "/api/voices/{}/preview/"])
def address(request, heard):
    return request.param.format(heard.pk)


def test_it_works(client, alice, address):
    client.force_login(alice)
    answer = client.get(address)
    assert answer.status_code == 200
    assert b"".join(answer) == base.tone(0.5)
    assert answer["Content-Type"] == "audio/mpeg"
    assert answer["Content-Disposition"] == 'inline; filename="Tiny - preview.mp3"'


def test_a_part_of_it(client, alice, address):
    client.force_login(alice)
    answer = client.get(address, headers={"range": "bytes=10-19"})
    assert (answer.status_code, b"".join(answer)) == (206, base.tone(0.5)[10:20])


def test_whoever_may_see_the_voice_hears_it(client, bob, address, heard):
    client.force_login(bob)
    assert client.get(address).status_code == 404
    heard.share(heard.owner, Visibility.EVERYONE)
    assert client.get(address).status_code == 200


def test_there_is_none_before_the_check(client, alice, make_voice):
    client.force_login(alice)
    voice = make_voice(alice, name="Another")
    assert client.get(f"/voices/{voice.pk}/preview/").status_code == 404
    assert client.get(f"/api/voices/{voice.pk}/preview/").status_code == 404
    assert client.get(f"/api/voices/{voice.pk}/").json()["preview"] is None


def test_the_api_says_where_it_is(client, alice, heard):
    client.force_login(alice)
    answer = client.get(f"/api/voices/{heard.pk}/").json()
    assert (answer["state"], answer["state_message"]) == ("unchecked", "")
    assert answer["preview"] == f"http://testserver/api/voices/{heard.pk}/preview/"


def test_it_goes_with_the_voice(heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        heard.delete()
    assert base.files_left() == set()
