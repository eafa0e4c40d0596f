"""Voices are found by words, tag, language, owner and visibility, in three orders; on the page as in the API."""

import pytest

from models_app.models import VoiceModel

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


@pytest.fixture
def collection(make_voice, alice, bob):
    def keep(owner, name, tags=(), used=0, **fields):
        voice = make_voice(owner, name=name, **fields)
        voice.edit(owner, tags=list(tags))
        VoiceModel.objects.filter(pk=voice.pk).update(use_count=used)
        return voice

    keep(alice, "Alto", ["warm", "singing"], 2, language="en-GB", description="Bright, for songs")
    keep(alice, "Narrator", ["warm"], 9, language="de", visibility="everyone")
    keep(bob, "Bass", ["low"], 5, language="en", visibility="people").people.add(alice)
    keep(bob, "Hidden", ["secret"], 7, language="fr")
    keep(bob, "Choir", ["singing"], 0, visibility="everyone")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Choir", "Bass", "Narrator", "Alto"]),
        ("search=SONGS", ["Alto"]),
        ("search=warm+bright", ["Alto"]),
        ("search=bob", ["Choir", "Bass"]),
        ("search=hidden", []),
        ("search=secret", []),
        ("search=%25", []),
        ("search=%00", ["Choir", "Bass", "Narrator", "Alto"]),
        ("tag=warm", ["Narrator", "Alto"]),
        ("tag=WARM&search=a", ["Narrator", "Alto"]),
        ("tag=war", []),
        ("language=en", ["Bass", "Alto"]),
        ("language=en-gb", ["Alto"]),
        ("mine=true", ["Narrator", "Alto"]),
        ("mine=false", ["Choir", "Bass"]),
        ("visibility=everyone", ["Choir", "Narrator"]),
        ("visibility=people", ["Bass"]),
        ("order=name", ["Alto", "Bass", "Choir", "Narrator"]),
        ("order=used", ["Narrator", "Bass", "Alto", "Choir"]),
        ("order=name&mine=True&tag=warm", ["Alto", "Narrator"]),
    ],
)
def test_it_works(api, alice, collection, query, names):
    answer = api(alice).get(f"{VOICES}?{query}")
    assert [voice["name"] for voice in answer.json()["results"]] == names


@pytest.mark.parametrize("query", ["mine=perhaps", "visibility=friends", "order=size", "order=", "mine=", "order=NAME"])
def test_a_filter_that_knows_no_such_word_says_so(api, alice, query):
    answer = api(alice).get(f"{VOICES}?{query}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, query.partition("=")[0])


@pytest.mark.parametrize("order", ["new", "name", "used"])
def test_every_order_has_pages(api, alice, collection, order):
    whole = [voice["name"] for voice in api(alice).get(f"{VOICES}?order={order}").json()["results"]]
    found, address = [], f"{VOICES}?order={order}&page_size=1"
    while address:
        page = api(alice).get(address).json()
        found += [voice["name"] for voice in page["results"]]
        address = page["next"]
    assert found == whole


@pytest.mark.parametrize("order", ["new", "name", "used"])
@pytest.mark.parametrize("cursor", ["cD14", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5", "x", "cD0tMQ=="])
def test_a_position_that_is_none_is_no_fault(api, alice, collection, order, cursor):
    assert api(alice).get(f"{VOICES}?order={order}&cursor={cursor}").status_code in (200, 404)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("whose=mine", {"Alto", "Narrator"}),
        ("whose=shared", {"Bass", "Choir"}),
        ("whose=everyone", {"Narrator", "Choir"}),
        ("search=songs", {"Alto"}),
        ("tag=warm&order=name", {"Alto", "Narrator"}),
        ("tag=nonsense&whose=nobody&order=?", {"Alto", "Narrator", "Bass", "Choir"}),  # left out
    ],
)
def test_the_page_finds_them(client, alice, collection, query, names):
    client.force_login(alice)
    answer = client.get(f"/voices/?{query}")
    assert {voice.name for voice in answer.context["voices"]} == names


def test_the_page_offers_only_words_of_voices_that_one_sees(client, alice, collection):
    client.force_login(alice)
    shown = client.get("/voices/").content.decode()
    assert "secret" not in shown
    assert "French" not in shown
    assert "English (GB)" in shown


def test_pages_keep_what_was_asked(client, alice, make_voice, monkeypatch):
    monkeypatch.setattr("models_app.views.PAGE", 1)
    for name in ("One", "Two"):
        make_voice(alice, name=name, visibility="everyone")
    client.force_login(alice)
    shown = client.get("/voices/?whose=mine&order=name").content.decode()
    assert "?whose=mine&amp;order=name&amp;page=2" in shown


def test_nothing_found_says_so(client, alice, collection):
    client.force_login(alice)
    assert "Nothing fits" in client.get("/voices/?search=zzz").content.decode()
