"""What a person likes, said on the page of their account, and what comes of it."""

import pytest

from conversions.presets import Preset, begins_with
from voiceproject.models import Preferences

pytestmark = pytest.mark.django_db

HOME, LOOK, DEFAULTS = "/account/", "/account/look/", "/account/defaults/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def test_the_look_is_remembered_with_the_person_and_in_the_browser(page, alice):
    assert page.post(LOOK, {"language": "de", "theme": "dark"}).url == HOME
    liked = Preferences.objects.get(user=alice)
    assert (liked.language, liked.theme) == ("de", "dark")
    answer = page.post(LOOK, {"language": "de", "theme": "dark"})
    cookies = {name: answer.cookies[name].value for name in ("django_language", "theme")}
    page.logout()
    page.cookies.load(cookies)
    assert '<html lang="de" dir="ltr" class="no-js" data-theme="dark">' in page.get("/login/").content.decode()


def test_no_wish_leaves_it_to_the_browser(page, alice):
    page.post(LOOK, {"language": "ja", "theme": "light"})
    answer = page.post(LOOK, {"language": "", "theme": ""})
    assert answer.cookies["django_language"]["max-age"] == 0
    shown = page.get(HOME, headers={"accept-language": "es"}).content.decode()
    assert 'lang="es"' in shown
    assert "data-theme" not in shown


def test_an_unknown_look_is_refused(page, alice):
    assert page.post(LOOK, {"language": "xx", "theme": "pink"}).status_code == 422
    assert not Preferences.objects.exists()


def test_new_conversions_begin_with_what_is_liked(page, alice, voice, encoder):
    preset = Preset.objects.keep(alice, "Deep", {"pitch_shift": -4.0, "protect": 0.2})
    type(voice).objects.update(recommended={"pitch_shift": 3.0, "index_rate": 0.1})
    page.post(DEFAULTS, {"output_format": "flac", "preset": str(preset.pk)})
    form = page.get("/").context["form"]
    shown = {name: form[name].value() for name in ("pitch_shift", "protect", "index_rate", "output_format")}
    assert shown == {"pitch_shift": -4.0, "protect": 0.2, "index_rate": 0.1, "output_format": "flac"}


def test_a_preset_that_is_gone_is_nobodys_wish(alice):
    preset = Preset.objects.keep(alice, "Deep", {"pitch_shift": -4.0})
    Preferences.objects.wish(alice, preset=preset.pk)
    preset.delete()
    assert begins_with(alice) == {}


def test_a_preset_of_somebody_else_is_refused(page, bob):
    theirs = Preset.objects.keep(bob, "Deep", {"pitch_shift": -4.0})
    assert page.post(DEFAULTS, {"preset": str(theirs.pk)}).status_code == 422


def test_the_shares_are_shown_with_their_limits(page, settings):
    settings.PERSON_STORAGE_MB, settings.PERSON_MINUTES_A_DAY = 10, 30
    shown = page.get(HOME).content.decode()
    assert 'max="30" aria-label="Minutes of sound today"' in shown
    assert 'max="10485760" aria-label="Kept files"' in shown
