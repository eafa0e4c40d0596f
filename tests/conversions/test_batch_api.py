"""Batches through the API: sent, watched, added to, stopped, and fetched as one zip."""

import csv
import io
import uuid
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversions.batches.models import Batch, Unpacking
from conversions.batches.outgoing import pieces
from conversions.models import Conversion
from conversions.tasks import unpack
from tests import base
from tests.conversions.batches import LONG, SHORT, finish, unpack_all
from tests.hostile.make_archives import MAKERS, zipped

pytestmark = pytest.mark.django_db
HOME = "/api/batches/"


@pytest.fixture
def client(api, alice):
    return api(alice)


def files(*pairs):
    return [SimpleUploadedFile(name, data) for name, data in pairs]


def archive(answer):
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def report(opened):
    return list(csv.DictReader(io.StringIO(opened.read("report.csv").decode("utf-8-sig"))))


def test_it_works(client, voice):
    sent = files(("a.wav", SHORT), ("b.wav", LONG), ("c.txt", b"text"))
    answer = client.post(HOME, {"voice": voice.pk, "recording": sent, "name": "Mine", "pitch_shift": 2})
    body = answer.json()
    assert (answer.status_code, body["name"], body["state"], body["files"]) == (202, "Mine", "queued", 3)
    assert body["counts"]["awaited"] == 3
    unpack_all()
    for conversion in Conversion.objects.all():
        assert finish(conversion)
    body = client.get(answer["Location"]).json()
    assert (body["state"], body["progress"], body["counts"]["done"], body["counts"]["refused"]) == ("ended", 1, 2, 1)
    assert [(row["file"], row["code"], row["conversion"]) for row in body["failures"]] == [("c.txt", "not_audio", None)]
    listed = client.get(body["conversions"]).json()["results"]
    assert {(row["batch"], row["pitch_shift"]) for row in listed} == {(body["id"], 2.0)}
    with archive(client.get(body["zip"])) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["a.wav", "b.wav", "report.csv"]
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}
        lines = report(opened)
    assert [(line["file"], line["state"], line["code"], line["voice"]) for line in lines] == [
        ("a.wav", "done", "", "Tiny"),
        ("b.wav", "done", "", "Tiny"),
        ("c.txt", "refused", "not_audio", ""),
    ]
    assert (lines[1]["seconds"], lines[1]["result"]) == ("0.60", "b.wav")


def test_files_follow_one_by_one(client, voice, settings):
    settings.BATCH_FILES = 2
    batch = client.post(HOME, {"voice": voice.pk, "output_format": "flac"}).json()
    assert (batch["state"], batch["files"]) == ("open", 0)
    address = f"{HOME}{batch['id']}/files/"
    answer = client.post(address, {"recording": files(("a.wav", SHORT))[0]})
    assert (answer.status_code, answer.json()["output_format"], answer.json()["state"]) == (202, "flac", "queued")
    answer = client.post(address, {"recording": files(("a.txt", b"text"))[0]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_audio")
    assert Batch.objects.get().size == 1, "what was refused took no place"
    assert client.post(address, {"recording": files(("b.wav", SHORT))[0]}).status_code == 202
    answer = client.post(address, {"recording": files(("c.wav", SHORT))[0]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_files")


@pytest.mark.parametrize(
    "name", ["name ../voice.pth", "symlink", "encrypted", "nested", "ratio 1000", "1000 overlapping"]
)
def test_a_hostile_zip_is_refused_and_leaves_nothing(client, voice, name):
    before = base.files_left()
    answer = client.post(HOME, {"voice": voice.pk, "recording": files(("a.zip", MAKERS[name](SHORT)))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_container")
    assert answer.json()["error"]["field"] == "recording"
    assert not Batch.objects.exists()
    assert base.files_left() == before


def test_too_many_files_are_refused_together(client, voice, settings):
    settings.BATCH_FILES = 1
    answer = client.post(HOME, {"voice": voice.pk, "recording": files(("a.wav", SHORT), ("b.wav", SHORT))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_many_files")


def test_a_zip_may_be_larger_than_a_recording(client, voice, settings):
    settings.MAX_RECORDING_MB = 1
    data = zipped(*((f"{n}.wav", base.tone(20)) for n in range(3)), method=0)
    answer = client.post(HOME, {"voice": voice.pk, "recording": files(("a.zip", data))})
    assert answer.status_code == 202
    answer = client.post(HOME, {"voice": voice.pk, "recording": files(("a.wav", base.tone(60)))})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_cancel_and_retry(client, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    unpack_all()
    address = f"{HOME}{batch.pk}/"
    body = client.post(f"{address}cancel/").json()
    assert (body["state"], body["counts"]["cancelled"], len(body["failures"])) == ("ended", 2, 2)
    assert client.post(f"{address}cancel/").status_code == 409
    assert client.post(f"{address}retry/").json()["counts"]["queued"] == 2
    assert client.post(f"{address}retry/").status_code == 409


def test_retry_stops_at_what_a_person_may_have_waiting(client, send, settings):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    unpack_all()
    batch.cancel()
    settings.PERSON_JOBS = 1
    answer = client.post(f"{HOME}{batch.pk}/retry/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "slow_down")
    assert sorted(batch.conversions.values_list("state", flat=True)) == ["cancelled", "queued"]


def test_deleting_it_leaves_nothing(client, send, django_capture_on_commit_callbacks):
    before = base.files_left()
    with django_capture_on_commit_callbacks(execute=True):
        batch = send(("a.wav", SHORT))
        unpack_all()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{HOME}{batch.pk}/").status_code == 204
    assert base.files_left() == before
    assert not Conversion.objects.exists()


def test_the_zip_of_what_is_not_done_says_so(client, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    late = send(("c.wav", SHORT), ("d.wav", SHORT))
    Unpacking.objects.filter(batch=late).update(batch=batch, first_position=2)
    unpacking = Unpacking.objects.get(first_position=0)
    unpack(str(unpacking.pk))
    finish(batch.conversions.get(batch_path="a.wav"))
    with archive(client.get(f"{HOME}{batch.pk}/zip/")) as opened:
        assert opened.namelist() == ["a.wav", "report.csv"]
        lines = report(opened)
    assert [(line["file"], line["state"]) for line in lines] == [
        ("a.wav", "done"),
        ("b.wav", "queued"),
        ("c.wav", "waiting"),
        ("d.wav", "waiting"),
    ]
    assert {line["sentence"] for line in lines[1:]} == {"It was not ready when this zip was made."}


def test_names_are_safe_and_used_once(client, send):
    names = ["x/a.wav", "x/A.mp3", "=cmd|' /C calc'!A0.wav", "con.wav", "report.wav", 'a"b?.wav', "-2+3.wav"]
    batch = send(("a.zip", zipped(*((name, SHORT) for name in names))))
    unpack_all()
    for conversion in batch.conversions.all():
        finish(conversion)
    with archive(client.get(f"{HOME}{batch.pk}/zip/")) as opened:
        assert opened.namelist() == [
            "x/a.wav", "x/A (2).wav", "=cmd-'/C calc'!A0.wav", "_con.wav", "report.wav", "a-b-.wav", "-2+3.wav",
            "report.csv",
        ]  # fmt: skip
        cells = [cell for line in report(opened) for cell in line.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert "'=cmd|'/C calc'!A0.wav" in cells


def test_a_result_that_is_gone_is_told_in_the_report(client, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    unpack_all()
    for conversion in batch.conversions.all():
        finish(conversion)
    gone = batch.conversions.get(batch_path="a.wav")
    gone.result.storage.delete(gone.result.name)
    with archive(client.get(f"{HOME}{batch.pk}/zip/")) as opened:
        assert opened.namelist() == ["b.wav", "report.csv"]
        assert report(opened)[0]["code"] == "result_missing"


def test_only_the_whole_zip_of_all_counts_as_a_download(client, send):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT), delete_after_download=True)
    unpack_all()
    first, second = batch.conversions.order_by("batch_position")
    address = f"{HOME}{batch.pk}/zip/"
    fetched = batch.conversions.exclude(downloaded_at=None)
    finish(first)
    b"".join(client.get(address).streaming_content)
    assert not fetched.exists(), "the other is still to come"
    finish(second)
    broken_off = pieces(Batch.objects.get(), fetched=True)
    next(broken_off)
    broken_off.close()
    assert not fetched.exists()
    b"".join(client.get(address).streaming_content)
    assert fetched.count() == 2


def test_a_stranger_gets_404(api, bob, send):
    batch = send(("a.wav", SHORT))
    unpack_all()
    for method, rest in (("get", ""), ("get", "zip/"), ("post", "cancel/"), ("post", "retry/"), ("delete", "")):
        assert getattr(api(bob), method)(f"{HOME}{batch.pk}/{rest}").status_code == 404
    assert api(bob).get(f"/api/conversions/?batch={batch.pk}").json()["results"] == []
    assert Batch.objects.count() == 1


def test_a_stranger_s_voice_is_not_found(api, bob, voice):
    answer = api(bob).post(HOME, {"voice": voice.pk, "recording": files(("a.wav", SHORT))})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "voice")


def test_the_list_filter_wants_an_id(client):
    assert client.get("/api/conversions/?batch=x").status_code == 400
    assert client.get(f"/api/conversions/?batch={uuid.uuid4()}").json()["results"] == []


def test_the_list_costs_the_same_for_many(client, alice, voice, django_assert_max_num_queries):
    wish = {"voice": voice, "voice_name": voice.name, "options": {}}
    Batch.objects.bulk_create(Batch(owner=alice, name=f"{n}", ended_at=timezone.now(), **wish) for n in range(30))
    with django_assert_max_num_queries(6):
        assert len(client.get(HOME).json()["results"]) == 30
