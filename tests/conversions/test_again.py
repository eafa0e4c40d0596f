"""A recording is converted once more, with what was wished before or something else, and is not sent again."""

from dataclasses import asdict

import pytest

from conversions.models import OPTION_NAMES, Conversion
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(alice, voice):
    options = voice.options(pitch_shift=3, output_format="flac", index_rate=0.5)
    return Conversion.objects.submit(alice, voice, base.upload(base.tone(), "song.wav"), options, keep_days=7)


@pytest.fixture
def again(api, alice, first):
    return lambda **wish: api(alice).post(f"/api/conversions/{first.pk}/again/", wish, format="json")


def test_it_works(again, first):
    answer = again()
    assert answer.status_code == 202, answer.content
    second = Conversion.objects.exclude(pk=first.pk).get()
    assert answer["Location"].endswith(f"/api/conversions/{second.pk}/")
    assert asdict(second.options) == asdict(first.options), "the seed too: the same result"
    assert (second.source_name, second.source_seconds, second.source_type) == ("song.wav", 1.0, "audio/wav")
    assert (second.voice, second.keep_days, second.state) == (first.voice, 7, "queued")
    assert second.source.read() == first.source.read()


def test_what_is_sent_is_other(again, first, alice, make_voice):
    other = make_voice(alice, name="Other")
    answer = again(pitch_shift=-5, seed=0, voice=str(other.pk)).json()
    second = Conversion.objects.get(pk=answer["id"])
    changed = {name for name in OPTION_NAMES if getattr(second, name) != getattr(first, name)}
    assert changed == {"pitch_shift", "seed"}
    assert second.voice == other


def test_each_has_its_own_recording(again, first):
    second = Conversion.objects.get(pk=again().json()["id"])
    first.delete()
    assert second.source.storage.exists(second.source.name)
    assert second.source.name != first.source.name


def test_it_refuses_what_a_new_one_is_refused(again, settings, bob, make_voice):
    assert again(pitch_shift=99).status_code == 400
    assert again(recording="x").status_code == 400
    assert again(voice=str(make_voice(bob).pk)).status_code == 422
    settings.PERSON_JOBS = 1
    assert again().status_code == 429
    assert Conversion.objects.count() == 1


def test_a_voice_or_recording_that_is_gone_is_said(again, first):
    first.source.storage.delete(first.source.name)
    assert again().json()["error"]["code"] == "source_missing"
    first.voice.delete()
    refused = again()
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "voice_deleted"
    assert refused.json()["error"]["field"] == "voice"
