"""Some of the conversions of a list."""

import uuid

import pytest

from conversions.models import Conversion
from rvc.options import ConversionOptions
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
CONVERSIONS = "/api/conversions/"


@pytest.fixture
def names(api, alice, voice):
    for name in ("morning song.wav", "evening song.wav"):
        Conversion.objects.submit(alice, voice, base.upload(base.tone(0.2), name), ConversionOptions())
    Conversion.objects.get(source_name="evening song.wav").cancel()

    def ask(**wish):
        answer = api(alice).get(CONVERSIONS, wish)
        assert answer.status_code == 200, answer.content
        return sorted(row["source"]["name"].split()[0] for row in answer.json()["results"])

    return ask


def test_it_works(names, voice):
    both = ["evening", "morning"]
    assert names() == names(search="song") == names(voice=str(voice.pk)) == names(kind="recording") == both
    assert names(state="queued") == names(search="song MORNING") == ["morning"]
    assert names(state="cancelled", search="tiny") == ["evening"]
    assert names(kind="speech") == names(voice=str(uuid.uuid4())) == names(search="night") == []


def test_other_people_find_nothing(names, api, bob):
    assert api(bob).get(CONVERSIONS, {"search": "song"}).json()["results"] == []


@pytest.mark.parametrize("name", ["batch", "voice", "state", "kind"])
def test_what_makes_no_sense_is_refused(api, alice, name):
    answer = api(alice).get(CONVERSIONS, {name: "x"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, name)
