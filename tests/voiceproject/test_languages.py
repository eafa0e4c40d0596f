"""In which language and colours a page is, and who says so."""

import pytest
from django.urls import reverse

from voiceproject.models import Preferences

pytestmark = pytest.mark.django_db

LANGUAGE = "/account/language/"
LOGIN = "/login/"


def html(client, path, **headers):
    answer = client.get(path, headers=headers)
    return answer.content.decode().partition("<html ")[2].partition(">")[0]


def test_it_follows_the_browser(client):
    answer = client.get(LOGIN, headers={"accept-language": "de-AT,de;q=0.9"})
    assert '<html lang="de" dir="ltr"' in answer.content.decode()
    assert answer["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_other_languages_are_answered_in_english(client):
    assert 'lang="en"' in html(client, LOGIN, **{"accept-language": "fi"})


def test_chinese_of_china_is_simplified(client):
    assert 'lang="zh-hans"' in html(client, LOGIN, **{"accept-language": "zh-CN"})


def test_a_visitor_chooses_and_the_browser_remembers(client):
    answer = client.post(LANGUAGE, {"language": "es", "next": LOGIN})
    assert answer.url == LOGIN
    assert client.cookies["django_language"]["httponly"]
    assert 'lang="es"' in html(client, LOGIN, **{"accept-language": "de"})


def test_it_sends_nobody_elsewhere(client):
    assert client.post(LANGUAGE, {"language": "es", "next": "https://elsewhere.example/"}).url == "/"


def test_a_person_keeps_their_language_in_every_browser(client, alice, bob):
    client.force_login(alice)
    client.post(LANGUAGE, {"language": "ja"})
    client.cookies.pop("django_language")
    assert 'lang="ja"' in html(client, reverse("accounts:home"))
    client.force_login(bob)
    assert 'lang="en"' in html(client, reverse("accounts:home"))


def test_a_language_that_does_not_exist_changes_nothing(client, alice):
    client.force_login(alice)
    client.post(LANGUAGE, {"language": "xx"})
    assert not Preferences.objects.filter(user=alice).exists()
    assert "django_language" not in client.cookies


def test_a_language_that_is_not_offered_any_more_is_passed_over(client, alice):
    Preferences.objects.wish(alice, language="tlh")
    client.force_login(alice)
    assert 'lang="en"' in html(client, reverse("accounts:home"))


def test_from_right_to_left(client, settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    assert 'lang="ar" dir="rtl"' in html(client, LOGIN, **{"accept-language": "ar"})


def test_programs_are_answered_in_english(api, alice):
    answer = api(alice).get("/api/conversions/none/", headers={"accept-language": "de"})
    assert answer.json()["error"]["message"] == "There is nothing here."
    assert "Content-Language" not in answer
    answer = api(alice).post("/api/tokens/", {"name": ""}, headers={"accept-language": "de"})
    assert answer.json()["error"]["message"] == "name must not be empty."


def test_pages_of_errors_speak_the_language_too(client):
    assert 'lang="de"' in html(client, "/nothing/here/", **{"accept-language": "de"})


def test_the_colours_are_the_persons(client, alice):
    client.force_login(alice)
    assert "data-theme" not in html(client, reverse("accounts:home"))
    Preferences.objects.wish(alice, theme="dark")
    assert 'data-theme="dark"' in html(client, reverse("accounts:home"))


def test_the_colours_of_a_cookie_are_known_ones(client):
    client.cookies["theme"] = '"><script>'
    assert "data-theme" not in html(client, LOGIN)
    client.cookies["theme"] = "light"
    assert 'data-theme="light"' in html(client, LOGIN)
