"""The forms: errors stand at the field they belong to, and nothing is kept before `save`."""

import pytest

from models_app.forms import VoiceEditForm, VoiceForm, name_from_file
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db


def test_it_works(alice, voice_file):
    form = VoiceForm(
        {"name": "", "visibility": "everyone"}, {"checkpoint": base.upload(voice_file, "My voice.pth")}, owner=alice
    )
    assert form.is_valid(), form.errors
    assert not VoiceModel.objects.exists()
    voice = form.save()
    assert (voice.name, voice.owner, voice.visibility) == ("My voice", alice, "everyone")
    assert VoiceModel.objects.get() == voice


def test_a_good_form_that_is_never_saved_leaves_nothing(alice, voice_file):
    form = VoiceForm({}, {"checkpoint": base.upload(voice_file, "a.pth")}, owner=alice)
    assert form.is_valid()
    assert base.files_left()
    del form
    import gc

    gc.collect()
    assert base.files_left() == set()


@pytest.mark.parametrize("field", ["checkpoint", "index"])
def test_errors_stand_at_their_field(alice, voice_file, field):
    files = {"checkpoint": base.upload(voice_file, "a.pth"), field: base.upload(b"a letter " * 99, "b")}
    form = VoiceForm({}, files, owner=alice)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert base.files_left() == set()


def test_a_file_is_needed(alice):
    form = VoiceForm({"name": "x"}, {}, owner=alice)
    assert list(form.errors) == ["checkpoint"]


def test_editing_leaves_the_files(voice):
    form = VoiceEditForm({"name": "New", "description": "words"}, instance=voice)
    assert form.is_valid()
    form.save()
    voice.refresh_from_db()
    assert (voice.name, voice.file.name) == ("New", f"voices/{voice.pk.hex}.safetensors")


@pytest.mark.parametrize(
    ("filename", "name"), [("a.b.pth", "a.b"), ("../x.pth", "x"), (".pth", "pth"), ("", "Voice"), ("a\nb.pth", "ab")]
)
def test_a_voice_is_named_after_its_file(filename, name):
    assert name_from_file(filename) == name


def test_what_is_missing_is_asked_for(alice, settings):
    settings.REQUIRE_CONSENT = True
    errors = VoiceForm({"visibility": "moon"}, {}, owner=alice).errors
    assert errors["checkpoint"] == ["Choose the file of the voice."]
    assert errors["consent_statement"] == ["Say by what right you use this voice."]
    assert "must be one of the choices shown" in errors["visibility"][0]
