"""Some of a list: the same words in every list that has them."""

import pytest
from django.conf import settings

from accounts.models import AccessToken
from conversions.batches.models import Batch
from conversions.models import Preset, Upload
from models_app.models import VoiceImport
from rvc.options import ConversionOptions
from tests import base
from tts.models import Speech
from tts.wishes import Wish
from webhooks.models import Webhook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
LISTS = ("batches", "imports", "presets", "speeches", "uploads", "webhooks")


@pytest.fixture
def rows(voice, alice):
    """Two of each kind: one with the word morning in it, and one with evening."""
    for word in ("morning", "evening"):
        Batch.objects.create(owner=alice, name=f"{word} songs", voice=voice, voice_name=voice.name, options={})
        VoiceImport.objects.create(owner=alice, url=f"https://files.example/{word}.pth", state="done")
        Preset.objects.keep(alice, f"{word} voice", {})
        Speech.objects.submit(alice, voice, Wish(f"Good {word}."), ConversionOptions())
        Upload.objects.keep(alice, base.upload(base.tone(0.2), f"{word}.wav"))
        Webhook.objects.create(owner=alice, url=f"https://files.example/{word}", active=word == "morning")


@pytest.fixture
def count(api, alice):
    def count(kind, user=alice, **wish):
        answer = api(user).get(f"/api/{kind}/", wish)
        assert answer.status_code == 200, answer.content
        return len(answer.json()["results"])

    return count


@pytest.mark.parametrize("kind", LISTS)
def test_words_are_found_in_every_list(kind, rows, count, bob):
    assert [count(kind, **wish) for wish in ({}, {"search": "MORNING"}, {"search": "night"})] == [2, 1, 0]
    assert count(kind, user=bob, search="morning") == 0


def test_lists_are_narrowed(rows, count, voice):
    assert count("imports", state="done") == count("speeches", state="queued") == 2
    assert count("imports", state="failed") == count("speeches", state="done") == 0
    assert count("batches", voice=str(voice.pk)) == count("speeches", voice=str(voice.pk)) == 2
    assert (count("webhooks", active="true"), count("webhooks", active="0")) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "name"), [("imports", "state"), ("speeches", "voice"), ("batches", "voice"), ("webhooks", "active")]
)
@pytest.mark.parametrize("value", ["x", ""])
def test_what_makes_no_sense_is_refused(api, alice, kind, name, value):
    answer = api(alice).get(f"/api/{kind}/", {name: value})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, name)


@pytest.mark.parametrize("size", ["0", "-1", "null", "true", "1.5", ""])
def test_a_page_has_a_number_of_rows(api, alice, size):
    answer = api(alice).get("/api/presets/", {"page_size": size})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "page_size")


def test_one_by_its_id_is_there_whatever_is_searched(rows, api, alice):
    preset = Preset.objects.first()
    assert api(alice).get(f"/api/presets/{preset.pk}/", {"search": "nothing"}).status_code == 200


def test_a_token_of_staff_without_the_scope_sees_what_anybody_sees(client, staff, voice):
    address = f"/api/voices/{voice.pk}/export/pth/"
    for scopes, status in ((["read"], 404), (["read", "admin"], 200)):
        key = AccessToken.objects.issue(staff, scopes=scopes).key
        answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status, scopes
        b"".join(answer)
    staff.refresh_from_db()
    assert (staff.is_staff, staff.is_superuser) == (True, True), "for this request alone"


@pytest.mark.parametrize(
    ("address", "field", "told"),
    [("/v1/speech-to-speech/{}", "audio", ("detail", "status")), ("/api/conversions/", "recording", ("error", "code"))],
)
def test_too_large_an_upload_is_told_in_the_words_of_whoever_asks(send, address, field, told):
    answer = send(address, field, b"x" * (3 << 20))
    assert (answer.status_code, answer.json()[told[0]][told[1]]) == (413, "too_large")
    assert not list(settings.FILE_UPLOAD_TEMP_DIR.iterdir())


@pytest.fixture
def send(client, alice, voice, settings):
    settings.MAX_RECORDING_MB = 1
    key = AccessToken.objects.issue(alice).key

    def send(address, field, content):
        sent = {field: base.upload(content), "voice": str(voice.pk)}
        return client.post(address.format(voice.pk), sent, headers={"Authorization": f"Bearer {key}"})

    return send
