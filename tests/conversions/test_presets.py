"""Options under a name: kept for one person, and used where a request leaves them out."""

import json

import pytest

from conversions.batches.models import Batch
from conversions.models import Conversion, Preset
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
PRESETS = "/api/presets/"
DEEP = {"name": "Deep", "options": {"pitch_shift": -4.0, "output_format": "flac"}}


@pytest.fixture
def send(api, alice):
    def send(method, path, body, user=alice):
        return getattr(api(user), method)(path, json.dumps(body), content_type="application/json")

    return send


def error_of(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


def test_it_works(send, api, alice):
    made = send("post", PRESETS, DEEP)
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["options"]) == ("Deep", DEEP["options"])
    place = made["Location"]
    assert send("patch", place, {"options": {"protect": 0.5}}).json()["options"] == {"protect": 0.5}
    assert send("patch", place, {"name": "Soft"}).json()["options"] == {"protect": 0.5}
    assert [row["name"] for row in api(alice).get(PRESETS).json()["results"]] == ["Soft"]
    assert api(alice).delete(place).status_code == 204
    assert not Preset.objects.exists()


@pytest.mark.parametrize(
    ("wish", "status", "code", "field"),
    [
        ({"name": ""}, 400, "bad_request", "name"),
        ({"options": {"pitch_shift": 99}}, 400, "bad_request", "options"),
        ({"options": {"path": "/etc/passwd"}}, 400, "bad_request", "options"),
        ({"options": "loud"}, 400, "bad_request", "options"),
        ({"owner": 1}, 400, "bad_request", "owner"),
    ],
)
def test_it_refuses_by_field(send, wish, status, code, field):
    assert error_of(send("post", PRESETS, DEEP | wish)) == (status, code, field)
    assert not Preset.objects.exists()


def test_a_name_is_for_one_preset_of_a_person(send, bob):
    place = send("post", PRESETS, DEEP | {"name": "Soft"})["Location"]
    assert send("post", PRESETS, DEEP, bob).status_code == 201
    assert send("post", PRESETS, DEEP).status_code == 201
    assert error_of(send("post", PRESETS, DEEP)) == (409, "already_there", "name")
    assert error_of(send("patch", place, {"name": "Deep"})) == (409, "already_there", "name")
    assert send("patch", place, {"name": "Soft"}).status_code == 200


class TestInUse:
    @pytest.fixture
    def convert(self, api, alice, voice):
        def convert(user=alice, **wish):
            body = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.2))} | wish
            return api(user).post("/api/conversions/", body)

        return convert

    def test_what_stands_beside_it_comes_first(self, send, convert, voice):
        send("post", PRESETS, DEEP)
        voice.recommended = {"protect": 0.1, "pitch_shift": 7}
        voice.save()
        body = convert(preset="Deep", output_format="mp3").json()
        assert (body["pitch_shift"], body["output_format"], body["protect"]) == (-4.0, "mp3", 0.1)

    def test_it_refuses_another_users_preset(self, send, convert, bob):
        send("post", PRESETS, DEEP, bob)
        assert error_of(convert(preset="Deep")) == (422, "not_found", "preset")
        assert not Conversion.objects.exists()

    def test_speeches_batches_and_repeats_take_it_too(self, send, convert, voice):
        send("post", PRESETS, DEEP)
        speech = send("post", "/api/speeches/", {"voice": "tiny", "text": "Hello.", "preset": "Deep"}).json()
        assert speech["conversion"]["pitch_shift"] == -4.0
        assert send("post", "/api/batches/", {"voice": str(voice.pk), "preset": "Deep"}).status_code == 202
        assert Batch.objects.get().options["pitch_shift"] == -4.0
        again = send("post", f"/api/conversions/{convert().json()['id']}/again/", {"preset": "Deep"}).json()
        assert again["pitch_shift"] == -4.0
