"""The form of a conversion: its options come from the one table, empty ones from the voice."""

from dataclasses import fields

import pytest

from conversions.forms import ConversionForm
from conversions.models import Conversion
from conversions.templatetags.options import ShownOption
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db


def bound(user, voice, sound=None, **data):
    recording = base.upload(base.tone() if sound is None else sound)
    return ConversionForm({"voice": str(voice.pk), **data}, {"recording": recording}, user=user)


def test_it_works(alice, voice):
    form = bound(alice, voice, pitch_shift="2.5", output_format="mp3")
    assert form.is_valid(), form.errors
    assert not Conversion.objects.exists()
    conversion = form.save()
    assert (conversion.owner, conversion.voice, conversion.pitch_shift) == (alice, voice, 2.5)
    assert conversion.output_format == "mp3"


def test_every_option_has_a_field(alice):
    assert {spec.name for spec in fields(ConversionOptions)} <= set(ConversionForm(user=alice).fields)


def test_what_is_left_empty_comes_from_the_voice(alice, voice):
    voice.recommended = {"index_rate": 0.2, "pitch_shift": 3}
    voice.save()
    form = bound(alice, voice, pitch_shift="0", index_rate="")
    assert form.is_valid()
    options = form.cleaned_data["options"]
    assert (options.pitch_shift, options.index_rate, options.protect) == (0.0, 0.2, 0.33)


@pytest.mark.parametrize(
    ("name", "value"),
    [("pitch_shift", "25"), ("pitch_shift", "nan"), ("protect", "1"), ("speaker", "9"), ("output_rate", "4000")],
)
def test_errors_stand_at_their_field(alice, voice, name, value):
    form = bound(alice, voice, **{name: value})
    assert list(form.errors) == [name]


def test_the_sentence_names_what_the_page_shows(alice, voice):
    form = bound(alice, voice, output_rate="4000", pitch_shift="25", seed="x", f0_method="magic")
    assert form.errors["output_rate"] == ["Sampling rate must be 0 (the voice's own) or between 8000 and 192000 Hz."]
    assert form.errors["pitch_shift"] == ["Pitch must be between -24 and 24 semitones."]
    assert form.errors["seed"] == ["Seed must be a whole number."]
    assert form.errors["f0_method"][0].startswith("Pitch method must be one of auto, rmvpe, ")


def test_nothing_and_zero_are_the_same_wish_for_a_seed(alice, voice):
    for nothing in ("", "0"):
        form = bound(alice, voice, seed=nothing)
        assert form.is_valid(), form.errors
        assert 1 <= form.save().seed < 2**32


@pytest.mark.parametrize(("name", "words"), [("seed", "chosen for you"), ("output_rate", "the voice's own")])
def test_an_empty_number_says_what_it_stands_for(alice, name, words):
    option = ShownOption(ConversionForm(user=alice, initial={name: 0})[name])
    assert (option.value, option.default) == ("", "")
    assert f"empty: {words}" in option.range_words


def test_a_method_without_its_weights_is_refused_with_the_way_out(alice, voice):
    form = bound(alice, voice, f0_method="rmvpe")
    assert list(form.errors) == ["f0_method"]
    assert "`python3 run.py manage assets fetch rmvpe`" in form.errors["f0_method"][0]


def test_a_voice_without_pitch_needs_no_method(alice, voice):
    type(voice).objects.update(f0=False)
    assert bound(alice, voice, f0_method="rmvpe").is_valid()


def test_a_wrong_recording_is_told(alice, voice):
    form = bound(alice, voice, b"a letter " * 99)
    assert form.errors.as_data()["recording"][0].code == "not_audio"
    assert form.errors.as_data().keys() == {"recording"}


def test_another_persons_voice_is_no_choice(bob, voice):
    assert bound(bob, voice).errors["voice"] == [
        "This voice is not there any more, or is not shared with you: choose another."
    ]


def test_what_is_missing_is_asked_for(alice):
    errors = ConversionForm({}, {}, user=alice).errors
    assert errors["voice"] == ["Choose a voice."]
    assert errors["recording"] == ["Choose a recording, or record one here."]
