"""How long one's conversions stay, said once for all of them."""

import pytest

from voiceproject.models import Keeping

pytestmark = pytest.mark.django_db


def test_the_page_takes_it(client, alice, settings):
    client.force_login(alice)
    assert "As this server does (Until I delete it)" in client.get("/account/").content.decode()
    settings.RETENTION_DAYS = 30
    assert "As this server does (30 days)" in client.get("/account/").content.decode()
    client.post("/account/keeping/", {"days": "7"})
    assert Keeping.objects.days_of(alice) == 7
    assert '<option value="7" selected>' in client.get("/account/").content.decode()
    client.post("/account/keeping/", {"days": "server"})
    assert Keeping.objects.days_of(alice) is None


def test_nonsense_is_refused(client, alice):
    client.force_login(alice)
    assert client.post("/account/keeping/", {"days": "-4"}).status_code == 422
    assert not Keeping.objects.exists()


def test_the_api_takes_any_number_of_days(api, client, alice):
    assert api(alice).get("/api/me/").json() == {"username": "alice", "keep_days": None}
    assert api(alice).patch("/api/me/", {"keep_days": 45}, format="json").json()["keep_days"] == 45
    client.force_login(alice)
    assert '<option value="45" selected>45 days' in client.get("/account/").content.decode()
    assert api(alice).patch("/api/me/", {"keep_days": None}, format="json").json()["keep_days"] is None


@pytest.mark.parametrize("sent", [{"keep_days": -1}, {"keep_days": 4000}, {"keep_days": "x"}, {"username": "root"}])
def test_the_api_refuses_the_rest(sent, api, alice):
    answer = api(alice).patch("/api/me/", sent, format="json")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, next(iter(sent)))


def test_it_is_each_persons_own(api, alice, bob):
    api(alice).patch("/api/me/", {"keep_days": 5}, format="json")
    assert Keeping.objects.days_of(bob) is None
