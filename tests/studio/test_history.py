"""The page of all that somebody asked for: what it shows, what it finds, and what is done with what is ticked."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conversions.batches import intake
from conversions.batches.models import Batch
from conversions.models import Conversion
from jobs.models import State
from rvc.options import ConversionOptions
from tests import base
from tests.conversions.batches import unpack_all
from tts.models import Speech
from tts.wishes import Wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]

HISTORY = "/conversions/"
CHOSEN = "/history/chosen/"


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def convert(alice, voice):
    def convert(name="tone.wav", user=alice, **columns):
        row = Conversion.objects.submit(user, voice, base.upload(base.tone(0.1), name), ConversionOptions())
        Conversion.objects.filter(pk=row.pk).update(**columns)
        return row

    return convert


@pytest.fixture
def batch(alice, voice):
    files = [base.upload(base.tone(0.1), name) for name in ("one.wav", "two.wav")]
    batch = Batch.objects.submit(alice, intake.Wish(voice, ConversionOptions(), {}), intake.look(files), "Tuesday")
    unpack_all()
    return batch


def finish(*conversions):
    for row in conversions:
        row.result.save("result", base.upload(base.tone(0.2)), save=False)
        Conversion.objects.filter(pk=row.pk).update(
            state=State.DONE, result=row.result.name, finished_at=timezone.now()
        )


def names(answer):
    return [getattr(thing, "source_name", getattr(thing, "name", "")) for thing in answer.context["things"]]


def pick(thing):
    return f"{'batch' if isinstance(thing, Batch) else 'conversion'}:{thing.pk}"


def test_it_works(page, convert, batch, bob):
    convert("late.wav")
    convert("not mine.wav", user=bob)
    answer = page.get(HISTORY)
    assert names(answer) == ["late.wav", "Tuesday"]
    shown = answer.content.decode()
    assert "2 files" in shown
    assert "Its files" in shown
    assert "MB kept" in shown.replace("\xa0", " ")  # the voice is hers as well


def test_an_empty_one_teaches(page):
    shown = page.get(HISTORY).content.decode()
    assert "Nothing here yet" in shown
    assert 'name="search"' not in shown


def test_it_is_searched_by_name_and_by_what_was_spoken(page, alice, voice, convert, batch):
    convert("interview.wav")
    Speech.objects.submit(alice, voice, Wish("Short. " + "And a nightingale sang. " * 9), ConversionOptions())
    assert names(page.get(HISTORY, {"search": "INTER"})) == ["interview.wav"]
    assert len(names(page.get(HISTORY, {"search": "nightingale sang"}))) == 1
    assert names(page.get(HISTORY, {"search": "two.wav"})) == ["Tuesday"]  # it is inside
    assert "Nothing fits" in page.get(HISTORY, {"search": "two nightingale"}).content.decode()


def test_it_is_sifted(page, alice, voice, convert, batch):
    convert("waits.wav")
    convert("bad.wav", state=State.REJECTED)
    convert("old.wav", state=State.DONE, created_at=timezone.now() - timedelta(days=40))
    Speech.objects.submit(alice, voice, Wish("Good morning."), ConversionOptions())
    assert "Good morning" in names(page.get(HISTORY, {"kind": "speech"}))[0]
    assert names(page.get(HISTORY, {"kind": "batch"})) == ["Tuesday"]
    assert names(page.get(HISTORY, {"kind": "recording"})) == ["bad.wav", "waits.wav", "old.wav"]
    assert names(page.get(HISTORY, {"state": "failed"})) == ["bad.wav"]
    assert len(names(page.get(HISTORY, {"state": "active"}))) == 3
    assert names(page.get(HISTORY, {"state": "done"})) == ["old.wav"]
    day = (timezone.localdate() - timedelta(days=40)).isoformat()
    assert names(page.get(HISTORY, {"until": day})) == ["old.wav"]
    assert len(names(page.get(HISTORY, {"since": day}))) == 5
    assert len(names(page.get(HISTORY, {"voice": str(voice.pk)}))) == 5
    assert len(names(page.get(HISTORY, {"state": "none", "since": "soon", "voice": "x"}))) == 5  # not understood
    for name in ("since", "until"):
        for day in ("0001-01-01", "9999-12-31"):  # neither has a day beside it that could be looked for
            assert len(names(page.get(HISTORY, {name: day}))) == 5


def test_a_batch_that_has_ended_is_found_by_what_became_of_its_files(page, batch):
    batch.conversions.update(state=State.DONE)
    batch.refusals.create(position=3, path="x.txt", code="not_audio", message="No.")
    Batch.objects.update(ended_at=timezone.now())
    for state, found in (("done", ["Tuesday"]), ("failed", ["Tuesday"]), ("active", []), ("cancelled", [])):
        assert names(page.get(HISTORY, {"state": state})) == found


def test_many_cost_no_more_queries(page, convert, batch):
    one = convert()
    convert(state=State.RUNNING)
    with CaptureQueriesContext(connection) as few:
        page.get(HISTORY)
    columns = {"owner": one.owner, "voice": one.voice, "voice_name": "Tiny", "source_name": "x.wav"}
    states = (State.QUEUED, State.RUNNING, State.DONE)
    Conversion.objects.bulk_create([Conversion(**columns, state=states[n % 3]) for n in range(30)])
    Batch.objects.bulk_create([Batch(owner=one.owner, name="B", voice_name="Tiny", options={}) for _ in range(10)])
    with CaptureQueriesContext(connection) as many:
        answer = page.get(HISTORY)
    assert len(answer.context["things"]) == 25
    assert "Page 1 of 2" in answer.content.decode()
    assert len(many) == len(few)
    assert "Page 2 of 2" in page.get(HISTORY, {"page": 2, "search": "x"}).content.decode()


def test_those_that_go_on_are_asked_for_in_one_request(page, convert, bob):
    one, other, foreign = convert(), convert(), convert(user=bob)
    shown = page.get(HISTORY).content.decode()
    address = re.search(r'id="watch" hx-get="([^"]*)"', shown)[1].replace("&amp;", "&")
    finish(one)
    shown = page.get(f"{address}&pick={pick(foreign)}&pick=nonsense").content.decode()
    assert set(re.findall(r'id="state-([0-9a-f-]+)" hx-swap-oob="true"', shown)) == {str(one.pk), str(other.pk)}
    assert str(one.pk) not in re.search(r'id="watch" hx-get="([^"]*)"', shown)[1]
    finish(other)
    assert 'id="watch"></div>' in page.get(address).content.decode()


def test_comparisons_stand_with_what_they_were_made_on(page, convert):
    row = convert()
    finish(row)
    sweep = row.sweeps.create(
        owner=row.owner, axes=[{"name": "protect", "values": [0.1, 0.2]}], seconds=1, sound_seconds=2
    )
    assert f'<a href="{sweep.get_absolute_url()}">Settings compared just now</a>' in page.get(HISTORY).content.decode()


def test_a_batch_opens(page, client, bob, batch):
    shown = page.get(reverse("studio:history-files", args=[batch.pk])).content.decode()
    assert "one.wav" in shown
    assert "two.wav" in shown
    client.force_login(bob)
    assert client.get(reverse("studio:history-files", args=[batch.pk])).status_code == 404


def test_what_is_ticked_is_deleted_after_a_question(page, convert, batch, bob):
    kept, gone, foreign = convert("kept.wav"), convert("gone.wav"), convert(user=bob)
    sent = {"do": "delete", "pick": [pick(gone), pick(batch), pick(foreign)]}
    shown = page.post(CHOSEN, sent).content.decode()
    assert "Delete 2 entries?" in shown
    assert Conversion.objects.filter(pk=gone.pk).exists()
    assert page.post(CHOSEN, sent | {"sure": "1"}).url == HISTORY
    assert set(Conversion.objects.values_list("pk", flat=True)) == {kept.pk, foreign.pk}
    assert not Batch.objects.exists()


def test_what_is_ticked_is_downloaded(page, convert, batch, bob):
    ready, waits, foreign = convert("a/b.wav"), convert("waits.wav"), convert(user=bob)
    finish(ready, foreign, *batch.conversions.all())
    answer = page.post(CHOSEN, {"do": "zip", "pick": [pick(ready), pick(waits), pick(batch), pick(foreign)]})
    assert answer["Content-Disposition"].startswith('attachment; filename="voiceproject ')
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    found = {name.rpartition("/")[::2] for name in archive.namelist()}
    assert {folder for folder, _ in found} == {"", "Tuesday"}
    assert {"one.wav", "two.wav", "report.csv"} <= {name for _, name in found}
    assert len(found) == 4


def test_nothing_ticked_and_nothing_ready_say_so(page, convert):
    assert "Nothing is chosen" in page.post(CHOSEN, {"do": "zip"}, follow=True).content.decode()
    answer = page.post(CHOSEN, {"do": "zip", "pick": pick(convert())}, follow=True)
    assert "None of it is ready" in answer.content.decode()


def test_a_download_has_its_limit(page, convert, monkeypatch):
    monkeypatch.setattr("studio.history.MOST_RESULTS", 1)
    rows = [convert(), convert()]
    finish(*rows)
    answer = page.post(CHOSEN, {"do": "zip", "pick": [pick(row) for row in rows]}, follow=True)
    assert "choose fewer" in answer.content.decode()


def test_what_goes_after_a_download_is_noted(page, convert):
    row = convert(delete_after_download=True)
    finish(row)
    list(page.post(CHOSEN, {"do": "zip", "pick": pick(row)}).streaming_content)
    row.refresh_from_db()
    assert row.downloaded_at is not None
