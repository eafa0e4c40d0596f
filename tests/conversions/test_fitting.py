"""The automatic pitch: where it can be wished, what it is refused for, and what a row says of it afterwards."""

import pytest
from django.core.management import call_command

from conversions.batches.models import Batch
from conversions.forms import ConversionForm
from conversions.models import Conversion
from conversions.tasks import convert
from conversions.templatetags.options import used_options
from models_app.models import VoiceModel
from rvc.errors import OptionError
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def alto(voice):
    VoiceModel.objects.filter(pk=voice.pk).update(usual_f0=233.08)
    voice.refresh_from_db()
    return voice


@pytest.mark.usefixtures("encoder")
def test_it_works(alto, submit):
    """A tone of 140 Hz is nine semitones below where this voice usually speaks."""
    conversion = submit(voice=alto, pitch_mode="auto", f0_method="dio")
    convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert conversion.state == "done", conversion.error_message
    assert conversion.pitch_moved == 9
    assert conversion.facts["usual_f0_hz"] == 233.08
    assert dict(used_options(conversion))["Fitting the pitch"] == "Automatic: +9 semitones"


def test_a_voice_without_a_usual_pitch_is_an_error_at_the_option(voice, alice, api, submit):
    with pytest.raises(OptionError) as caught:
        submit(pitch_mode="auto")
    assert (caught.value.code, caught.value.field) == ("needs_usual_pitch", "pitch_mode")
    sent = {"voice": str(voice.pk), "recording": base.upload(base.tone()), "pitch_mode": "auto"}
    answer = api(alice).post("/api/conversions/", sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "needs_usual_pitch")
    assert answer.json()["error"]["field"] == "pitch_mode"
    form = ConversionForm({"voice": str(voice.pk), "pitch_mode": "auto"}, {"recording": sent["recording"]}, user=alice)
    assert list(form.errors) == ["pitch_mode"]
    assert not Conversion.objects.exists()


def test_a_voice_that_lost_its_usual_pitch_ends_the_conversion_with_the_same_words(alto, submit):
    conversion = submit(voice=alto, pitch_mode="auto")
    VoiceModel.objects.update(usual_f0=None)
    convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert (conversion.is_final, conversion.error_code) == (True, "needs_usual_pitch")


def test_the_answer_says_the_wish_and_what_became_of_it(alto, alice, api):
    sent = {"voice": str(alto.pk), "recording": base.upload(base.tone()), "pitch_mode": "auto"}
    body = api(alice).post("/api/conversions/", sent).json()
    assert (body["pitch_mode"], body["pitch_shift"], body["pitch_moved"]) == ("auto", 0.0, None)
    Conversion.objects.update(facts={"pitch_shift": -7.0})
    assert api(alice).get(f"/api/conversions/{body['id']}/").json()["pitch_moved"] == -7.0


def test_batches_and_presets_know_it(alto, alice, api):
    client = api(alice)
    client.post("/api/presets/", {"name": "Fit", "options": {"pitch_mode": "auto"}}, format="json")
    sent = {"voice": str(alto.pk), "recording": base.upload(base.tone()), "preset": "Fit"}
    assert client.post("/api/conversions/", sent).json()["pitch_mode"] == "auto"
    sent["recording"] = [base.upload(base.tone(), "a.wav"), base.upload(base.tone(), "b.wav")]
    assert client.post("/api/batches/", sent).status_code == 202
    assert Batch.objects.get().options["pitch_mode"] == "auto"
    VoiceModel.objects.update(usual_f0=None)
    sent["recording"] = [base.upload(base.tone(), "a.wav"), base.upload(base.tone(), "b.wav")]
    assert client.post("/api/batches/", sent).json()["error"]["code"] == "needs_usual_pitch"


def test_what_the_voice_recommends_starts_from_where_it_was_meant_to(alto):
    alto.recommended = {"pitch_shift": 12.0}
    assert alto.options() == ConversionOptions(pitch_shift=12.0)
    assert alto.options(pitch_mode="auto") == ConversionOptions(pitch_mode="auto"), "12 was meant for recordings as is"
    assert alto.options(pitch_mode="auto", pitch_shift=2.0).pitch_shift == 2.0
    alto.recommended = {"pitch_mode": "auto", "pitch_shift": 2.0}
    assert alto.options() == ConversionOptions(pitch_mode="auto", pitch_shift=2.0)
    assert alto.options(pitch_mode="shift") == ConversionOptions()
    alto.usual_f0 = None
    assert alto.options() == ConversionOptions(), "it was recommended while the usual pitch was known"


def test_texts_are_brought_to_the_voice_unless_somebody_says_otherwise(alto):
    assert alto.speech_options() == ConversionOptions(pitch_mode="auto")
    assert alto.speech_options(pitch_shift=0.0).pitch_mode == "auto"
    assert alto.speech_options(pitch_shift=-2.0) == ConversionOptions(pitch_shift=-2.0)
    assert alto.speech_options(pitch_mode="shift") == ConversionOptions()
    alto.recommended = {"pitch_shift": 12.0}
    assert alto.speech_options() == ConversionOptions(pitch_mode="auto")
    alto.recommended = {"pitch_mode": "shift", "pitch_shift": 3.0}
    assert alto.speech_options() == ConversionOptions(pitch_shift=3.0)
    alto.recommended, alto.usual_f0 = {}, None
    assert alto.speech_options() == ConversionOptions()


def test_the_command_line_takes_auto(alto, staff, tmp_path, monkeypatch):
    from conversions.management.commands.convert import Command

    monkeypatch.setattr(Command, "_wait", lambda *given: None)
    monkeypatch.setattr(Command, "_deliver", lambda *given: None)
    (tmp_path / "in.wav").write_bytes(base.tone())
    call_command("convert", str(tmp_path / "in.wav"), str(tmp_path / "out.wav"), "--voice", "tiny", "--pitch", "auto")
    assert (Conversion.objects.get().pitch_mode, Conversion.objects.get().pitch_shift) == ("auto", 0.0)
