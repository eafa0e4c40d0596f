"""A voice that failed its self-test is refused wherever a conversion can be asked for."""

import pytest
from django.core.management import CommandError, call_command

from conversions.models import Conversion
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db

WHY = "The voice gives nothing but silence."


@pytest.fixture
def unusable(voice):
    voice.state, voice.state_message = "unusable", WHY
    voice.save()
    return voice


def test_the_form_says_why(client, alice, unusable):
    client.force_login(alice)
    answer = client.post("/", {"voice": unusable.pk, "recording": base.upload(base.tone())})
    assert answer.status_code == 422
    assert answer.context["form"].errors.as_data()["voice"][0].code == "voice_unusable"
    assert WHY in answer.content.decode()


def test_the_api_has_a_code(api, alice, unusable):
    wish = {"voice": str(unusable.pk), "recording": base.upload(base.tone())}
    answer = api(alice).post("/api/conversions/", wish)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("voice_unusable", "voice")
    assert WHY in error["message"]


def test_the_command_says_why(unusable, alice, tmp_path):
    (tmp_path / "tone.wav").write_bytes(base.tone())
    words = (str(tmp_path / "tone.wav"), str(tmp_path / "out.wav"), "--voice", "tiny", "--owner", "alice")
    with pytest.raises(CommandError, match=r"silence\. \(voice_unusable\)"):
        call_command("convert", *words)
    assert not Conversion.objects.exists()


def test_it_is_not_offered(client, alice, unusable, encoder):
    client.force_login(alice)
    page = client.get("/").content.decode()
    assert "does not speak" in page
    assert not VoiceModel.objects.ready().exists()


def test_a_voice_that_was_not_tried_yet_can_be_used(voice, submit):
    assert voice.state == "unchecked"
    assert submit(voice=voice).state == "queued"
