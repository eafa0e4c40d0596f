"""A batch from what was sent to its end: every file a job of its own, the refused listed, nothing done twice."""

import json

import pytest

from conversions.batches.models import Batch, Unpacking
from conversions.models import Conversion
from conversions.tasks import unpack
from jobs.models import State
from rvc.errors import RVCError
from tests import base
from tests.conversions.batches import LONG, SHORT, finish, unpack_all
from tests.hostile.make_archives import MAKERS, zipped
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


def test_it_works(send, alice, django_capture_on_commit_callbacks):
    data = zipped(("songs/a.wav", SHORT), ("songs/b.wav", LONG), ("notes.txt", b"hello"))
    batch = send(("my songs.zip", data), options={"pitch_shift": 3.0}, keep_days=7)
    assert (batch.name, batch.size, batch.totals.awaited, batch.totals.state) == ("my songs", 3, 3, "queued")
    with django_capture_on_commit_callbacks(execute=True):
        unpack_all()
    made = list(batch.conversions.order_by("batch_position"))
    assert [(row.batch_path, row.source_name) for row in made] == [("songs/a.wav", "a.wav"), ("songs/b.wav", "b.wav")]
    assert {(row.pitch_shift, row.keep_days, row.owner, row.state) for row in made} == {(3.0, 7, alice, "queued")}
    assert made[0].seed != made[1].seed
    assert made[1].source.read() == LONG
    [refused] = batch.refusals.all()
    assert (refused.path, refused.code, refused.position) == ("notes.txt", "not_audio", 2)
    job = Unpacking.objects.get()
    assert (job.state, job.taken, job.zip.name, job.stored_bytes) == ("done", 3, "", 0)
    assert {path.split("/")[1] for path in base.files_left() if path.startswith("files")} == {"sources", "voices"}


def test_loose_files_and_zips_come_together(send):
    batch = send(("a.wav", SHORT), ("a.wav", LONG), ("more.zip", zipped(("a.wav", SHORT))), ("empty.wav", b""))
    assert (batch.name, batch.size) == ("4 recordings", 4)
    unpack_all()
    assert sorted(batch.conversions.values_list("batch_position", "batch_path")) == [
        (0, "a.wav"),
        (1, "a.wav"),
        (2, "a.wav"),
    ]
    assert [(row.path, row.code) for row in batch.refusals.all()] == [("empty.wav", "empty_file")]


def test_progress_is_weighed_by_length(send):
    batch = send(("a.wav", SHORT), ("b.wav", LONG))
    unpack_all()
    short, long = batch.conversions.order_by("source_seconds")
    finish(short)
    Conversion.objects.claim(long.pk).beat(stage="synthesis", progress=0.5)
    totals = Batch.objects.get().totals
    assert totals.progress == pytest.approx((0.2 + 0.3) / 0.8)
    assert (totals.state, totals.left, totals.ended) == ("running", 1, 1)


def test_its_end_is_noticed_and_told_once(send, alice, settings):
    settings.WEBHOOKS = True
    Webhook.objects.create(owner=alice, url="https://files.example/hook")
    batch = send(("a.wav", SHORT), ("b.wav", LONG), ("c.txt", b"text"))
    unpack_all()
    first, second = batch.conversions.order_by("batch_position")
    finish(first)
    assert Batch.objects.get().ended_at is None
    assert not Delivery.objects.exists()
    finish(second, "failed")
    batch = Batch.objects.get()
    assert batch.ended_at is not None
    assert (batch.totals.state, batch.totals.failed, batch.totals.progress) == ("ended", 2, 1.0)
    [delivery] = Delivery.objects.all()
    body = json.loads(delivery.body)
    assert (delivery.event, body["data"]["files"], body["data"]["done"]) == ("batch.ended", 3, 1)
    assert batch.retry() == 1
    assert Batch.objects.get().ended_at is None
    finish(second)
    assert Batch.objects.get().totals.failed == 1
    assert Delivery.objects.count() == 2


def test_a_batch_of_refused_files_ends(send):
    batch = send(("a.txt", b"text"), ("b.txt", b"text"))
    unpack_all()
    batch = Batch.objects.get()
    assert (batch.ended_at is not None, batch.totals.state, batch.totals.refused) == (True, "ended", 2)


def test_cancel_stops_all_that_waits(send):
    batch = send(("a.wav", SHORT), ("b.wav", LONG), ("c.wav", LONG))
    unpack_all()
    first, second, _ = batch.conversions.order_by("batch_position")
    finish(first)
    Conversion.objects.claim(second.pk)
    assert batch.cancel() == 2
    assert sorted(batch.conversions.values_list("state", flat=True)) == ["cancelled", "cancelled", "done"]
    assert Batch.objects.get().ended_at is not None
    assert batch.retry() == 2
    assert [row.state for row in batch.conversions.order_by("batch_position")] == ["done", "queued", "queued"]


def test_cancel_stops_the_unpacking_and_retry_goes_on(send):
    batch = send(("a.wav", SHORT), ("b.wav", LONG))
    assert batch.cancel() == 1
    batch = Batch.objects.get()
    assert (batch.totals.lost, batch.totals.state, batch.ended_at is None) == (2, "ended", False)
    assert batch.retry() == 1
    unpack_all()
    assert batch.conversions.count() == 2


def test_an_unpacking_goes_on_where_another_stopped(send, monkeypatch):
    batch = send(*((f"{n}.wav", SHORT) for n in range(4)))
    keep = Unpacking.keep

    def crash(self, entry, *rest):
        if self.taken == 2:
            raise SystemExit("killed")
        keep(self, entry, *rest)

    monkeypatch.setattr(Unpacking, "keep", crash)
    with pytest.raises(SystemExit):
        unpack_all()
    monkeypatch.undo()
    before = set(batch.conversions.values_list("pk", flat=True))
    assert len(before) == 2
    assert batch.retry() == 1
    unpack_all()
    assert before < set(batch.conversions.values_list("pk", flat=True))
    assert sorted(batch.conversions.values_list("batch_path", flat=True)) == ["0.wav", "1.wav", "2.wav", "3.wav"]


def test_what_may_not_wait_yet_comes_later(send, settings):
    settings.PERSON_JOBS = 2
    batch = send(*((f"{n}.wav", SHORT) for n in range(3)))
    unpack_all()
    job = Unpacking.objects.get()
    assert (job.state, job.taken, job.attempt) == (State.QUEUED, 2, 0)
    assert (batch.totals.awaited, batch.totals.counts["queued"]) == (1, 2)
    Unpacking.objects.update(not_before=None)
    unpack(str(job.pk))
    assert batch.conversions.count() == 2, "there is no room yet"
    finish(batch.conversions.first())
    Unpacking.objects.update(not_before=None)
    unpack(str(job.pk))
    assert (batch.conversions.count(), Unpacking.objects.get().state) == (3, "done")
    assert not batch.refusals.exists()


def test_what_is_over_the_minutes_of_the_day_is_refused_by_file(send, settings):
    settings.PERSON_MINUTES_A_DAY = 1
    batch = send(("a.wav", SHORT), ("b.wav", base.tone(60, rate=8000)), ("c.wav", LONG))
    unpack_all()
    assert [(row.path, row.code) for row in batch.refusals.all()] == [("b.wav", "slow_down")]
    assert batch.conversions.count() == 2


def test_it_counts_for_the_storage_of_its_owner_once(send, settings):
    data = zipped(*((f"{n}.wav", base.tone(14)) for n in range(3)), method=0)
    settings.PERSON_STORAGE_MB = 3
    batch = send(("a.zip", data))
    unpack_all()
    assert batch.conversions.count() == 3, "what leaves the zip is not counted twice"
    with pytest.raises(RVCError) as caught:
        send(("a.zip", data))
    assert caught.value.code == "quota_exceeded"
    assert Batch.objects.count() == 1


def test_a_deleted_voice_ends_it(send, voice):
    batch = send(("a.wav", SHORT), ("b.wav", SHORT))
    voice.delete()
    unpack_all()
    job = Unpacking.objects.get()
    assert (job.state, job.error_code) == ("failed", "voice_deleted")
    assert (batch.totals.lost, Batch.objects.get().ended_at is None) == (2, False)


@pytest.mark.parametrize("name", ["name ../voice.pth", "symlink", "encrypted", "nested", "ratio 1000", "2 overlapping"])
def test_a_hostile_zip_leaves_nothing(send, voice, name):
    before = base.files_left()
    with pytest.raises(RVCError) as caught:
        send(("a.zip", MAKERS[name](SHORT)))
    assert (caught.value.code, caught.value.field) == ("bad_container", "recording")
    assert not Batch.objects.exists()
    assert base.files_left() == before


def test_a_damaged_file_in_a_zip_is_refused_alone(send):
    data = bytearray(zipped(("a.wav", SHORT), ("b.wav", LONG), method=0))
    data[len(SHORT) // 2] ^= 0xFF
    batch = send(("a.zip", bytes(data)))
    unpack_all()
    assert [(row.path, row.code) for row in batch.refusals.all()] == [("a.wav", "bad_container")]
    assert [row.batch_path for row in batch.conversions.all()] == ["b.wav"]


def test_the_limits_have_their_codes(send, settings):
    settings.BATCH_FILES = 2
    with pytest.raises(RVCError) as caught:
        send(*((f"{n}.wav", SHORT) for n in range(3)))
    assert caught.value.code == "too_many_files"
    settings.BATCH_MB = 0
    with pytest.raises(RVCError) as caught:
        send(("a.wav", SHORT), ("b.wav", SHORT))
    assert caught.value.code == "too_large"


def test_deleting_it_leaves_no_bytes(send, django_capture_on_commit_callbacks):
    before = base.files_left()
    with django_capture_on_commit_callbacks(execute=True):
        batch = send(("a.wav", SHORT), ("b.wav", LONG))
        unpack_all()
        assert finish(batch.conversions.first())
        send(("c.wav", SHORT), ("d.wav", LONG))
    with django_capture_on_commit_callbacks(execute=True):
        for batch in Batch.objects.all():
            batch.remove()
    assert not Conversion.objects.exists()
    assert base.files_left() == before
