"""The voices that the studio offers: few of many, the likeliest first, all others by searching on the server."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversions.models import Conversion
from models_app.models import FavouriteVoice, VoiceModel
from studio import voices
from tests import base
from tests.conversions.test_many import more_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversion(alice, voice):
    return Conversion.objects.submit(alice, voice, base.upload(base.tone()), voice.options())


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def offered(user, chosen="", **wish):
    return [voice.name for voice in voices.offer(user, voices.Wish(**wish), chosen).voices]


def find(page, **asked):
    return page.get("/studio/voices/", asked, headers={"HX-Request": "true"}).content.decode()


def test_it_works(page, alice, make_voice):
    make_voice(alice, name="Ada", description="for songs").edit(alice, tags=["warm"])
    ben = make_voice(alice, name="Ben")
    shown = find(page, find="song", tag="warm")
    assert "Ada" in shown
    assert "Ben" not in shown
    kept = find(page, find="song", voice=str(ben.pk))
    assert kept.index("Ben") < kept.index("Ada"), "the chosen one stays"
    assert "checked" in kept
    assert "No voice fits" in find(page, find="nobody", voice=str(ben.pk))
    assert "<html" not in shown


def test_without_scripts_the_page_itself_searches(page, alice, make_voice):
    make_voice(alice, name="Ada")
    ben = make_voice(alice, name="Ben")
    address = page.get("/studio/voices/", {"find": "ad", "voice": str(ben.pk)}).url
    shown = page.get(address).context["offer"]
    assert [voice.name for voice in shown.voices] == ["Ben", "Ada"]


def test_recent_ones_come_first_then_stars_then_names(alice, make_voice):
    made = {name: make_voice(alice, name=name) for name in ("Ada", "Ben", "Cleo", "Dora", "Emil")}
    FavouriteVoice.objects.put(alice, made["Dora"], starred=True)
    for name in ("Cleo", "Emil"):
        Conversion.objects.submit(alice, made[name], base.upload(base.tone(0.2)), made[name].options())
    assert offered(alice) == ["Emil", "Cleo", "Dora", "Ada", "Ben"]
    assert offered(alice, str(made["Ben"].pk))[0] == "Ben"
    assert offered(alice, whose="favourites") == ["Dora"]


def test_of_many_some_are_shown_and_the_others_counted(page, alice, voice, conversion):
    more_rows(voice, conversion, 100)
    last = VoiceModel.objects.get(name="Voice 099")
    shown = page.get("/", {"voice": last.pk})
    assert shown.context["offer"].voices[0] == last
    assert len(shown.context["offer"].voices) == voices.SHOWN
    assert f"{101 - voices.SHOWN} more voices fit" in shown.content.decode()


@pytest.mark.parametrize(("address", "most"), [("/", 26), ("/studio/voices/?find=o", 11)])
def test_more_voices_cost_no_more_queries(page, alice, voice, conversion, address, most):
    def asked():
        page.get(address)  # content types and the like are asked for once
        with CaptureQueriesContext(connection) as queries:
            assert page.get(address, headers={"HX-Request": "true"}).status_code == 200
        return len(queries)

    more_rows(voice, conversion, 3)
    few = asked()
    VoiceModel.objects.exclude(pk=voice.pk).delete()
    more_rows(voice, conversion, 100)
    assert asked() == few <= most


@pytest.mark.usefixtures("encoder")
def test_voices_that_lack_something_come_last(alice, make_voice):
    make_voice(alice, name="Ada", encoder="contentvec")
    VoiceModel.objects.filter(name="Ada").update(encoder="contentvec")
    make_voice(alice, name="Ben")
    assert offered(alice) == ["Ben", "Ada"]


def test_a_strangers_voice_is_not_found(page, bob, make_voice):
    hidden = make_voice(bob, name="Hidden")
    assert "Hidden" not in find(page, find="hid", voice=str(hidden.pk))


@pytest.mark.parametrize("asked", [{"only": "everything"}, {"tag": "x" * 500}, {"find": "%00"}, {"voice": "no id"}])
def test_what_cannot_be_understood_is_left_out(page, voice, asked):
    assert page.get("/studio/voices/", asked, headers={"HX-Request": "true"}).status_code == 200
