"""Pages and API ask the database as often for a hundred rows as for three, and show what fits on a page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversions.models import Conversion
from models_app.models import VoiceModel

pytestmark = pytest.mark.django_db
ADDRESSES = ("/conversions/", "/voices/", "/api/conversions/", "/api/voices/")


def more_rows(voice, conversion, count):
    """Rows that share the files of the first; only the database and the pages meet them."""
    names = [field.attname for field in VoiceModel._meta.concrete_fields if field.attname not in ("id", "slug", "name")]
    said = {name: getattr(voice, name) for name in names}
    voices = [VoiceModel(**said, name=f"Voice {n:03}", slug=f"voice-{n}") for n in range(count)]
    VoiceModel.objects.bulk_create(voices)
    Conversion.objects.bulk_create(
        Conversion(owner=conversion.owner, voice=other, voice_name=other.name, source=conversion.source.name)
        for other in voices
    )


def queries_of(client, address):
    client.get(address)  # content types and the like are asked for once
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("address", ADDRESSES)
def test_more_rows_cost_no_more_queries(client, alice, voice, conversion, address):
    client.force_login(alice)
    more_rows(voice, conversion, 2)
    few = queries_of(client, address)
    VoiceModel.objects.exclude(pk=voice.pk).delete()
    more_rows(voice, conversion, 100)
    assert queries_of(client, address) == few <= 19


def test_a_list_says_the_place_in_the_queue_as_each_row_does(api, alice, voice, conversion):
    more_rows(voice, conversion, 3)
    listed = api(alice).get("/api/conversions/").json()["results"]
    assert sorted(row["position"] for row in listed) == [2, 3, 4, 5], "behind the check of the voice"
    for row in listed:
        assert row["position"] == Conversion.objects.get(pk=row["id"]).position


def test_the_newest_voices_are_found_by_an_index():
    """Without it the database sorts every row that somebody may see."""
    if connection.vendor != "sqlite":
        pytest.skip("the words of a plan are SQLite's")
    assert "USING INDEX voice_newest" in VoiceModel.objects.all()[:24].explain()
