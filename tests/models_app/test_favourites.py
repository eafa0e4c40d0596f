"""A star for a voice: on the page with and without scripts, in the API, and for the eyes of one person only."""

import pytest
from django.urls import reverse

from models_app.models import FavouriteVoice

pytestmark = pytest.mark.django_db


def stars(user):
    return set(FavouriteVoice.objects.filter(owner=user).values_list("voice__name", flat=True))


def test_it_works(client, alice, voice):
    client.force_login(alice)
    address = reverse("voices:favourite", args=[voice.pk])
    assert client.post(address, {"next": "/?way=text"}).url == "/?way=text"
    assert stars(alice) == {"Tiny"}
    assert client.post(address).url == voice.get_absolute_url()
    assert stars(alice) == set()


def test_the_script_gets_the_button(client, alice, voice):
    client.force_login(alice)
    address = reverse("voices:favourite", args=[voice.pk])
    button = client.post(address, headers={"HX-Request": "true"}).content.decode()
    assert button.startswith("<button")
    assert 'aria-pressed="true"' in button


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_it_leads_to_no_other_site(client, alice, voice, elsewhere):
    client.force_login(alice)
    answer = client.post(reverse("voices:favourite", args=[voice.pk]), {"next": elsewhere})
    assert answer.url == voice.get_absolute_url()


def test_the_api_has_it(api, alice, bob, make_voice):
    voice = make_voice(bob, visibility="everyone")
    make_voice(alice, name="Other")
    address = f"/api/voices/{voice.pk}/"
    assert api(alice).get(address).json()["favourite"] is False
    for _ in range(2):
        assert api(alice).put(f"{address}favourite/").status_code == 204
    assert api(alice).get(address).json()["favourite"] is True
    assert api(bob).get(address).json()["favourite"] is False, "it is hers alone"
    assert [found["name"] for found in api(alice).get("/api/voices/?favourite=true").json()["results"]] == ["Tiny"]
    assert api(alice).get("/api/voices/?favourite=perhaps").status_code == 400
    for _ in range(2):
        assert api(alice).delete(f"{address}favourite/").status_code == 204
    assert stars(alice) == set()


def test_the_list_shows_favourites_only(client, alice, make_voice):
    client.force_login(alice)
    FavouriteVoice.objects.put(alice, make_voice(alice, name="Ada"), starred=True)
    make_voice(alice, name="Ben")
    shown = client.get("/voices/?whose=favourites").content.decode()
    assert "Ada" in shown
    assert "Ben" not in shown
