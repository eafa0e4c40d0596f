"""A batch of many files is stopped, tried again and deleted in a few statements, all of it or nothing."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversions.batches import ending
from conversions.batches.models import Batch
from conversions.models import Conversion
from jobs.models import JobEvent, SoundOfDay
from voiceproject.errors import SlowDown

pytestmark = pytest.mark.django_db
SECONDS = 60.0


@pytest.fixture
def batch_of(alice, settings):
    settings.PERSON_JOBS = 0

    def make(count, state="failed"):
        batch = Batch.objects.create(owner=alice, name="Many", voice_name="Tiny", options={}, size=count)
        place = {"owner": alice, "batch": batch, "state": state, "voice_name": "Tiny", "source_seconds": SECONDS}
        Conversion.objects.bulk_create(Conversion(**place, batch_position=number) for number in range(count))
        return batch

    return make


def queries(act):
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def states(batch):
    return set(batch.conversions.values_list("state", flat=True))


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_it_takes_as_many_statements_for_many_as_for_few(batch_of, verb):
    few, many = (batch_of(count, "failed" if verb == "retry" else "queued") for count in (3, 300))
    allowed = queries(getattr(few, verb)) + 10  # lines of events and turns go in portions
    assert queries(getattr(many, verb)) <= allowed
    assert states(many) == {"queued" if verb == "retry" else "cancelled"}


def test_what_is_tried_again_keeps_its_order_and_counts_for_the_day(batch_of):
    batch = batch_of(30)
    assert batch.retry() == 30
    assert list(batch.conversions.order_by("turn_at").values_list("batch_position", flat=True)) == list(range(30))
    assert SoundOfDay.objects.get().seconds == 30 * SECONDS
    assert JobEvent.objects.filter(before="failed", after="queued", reason="to be tried again").count() == 30
    [first, *_] = batch.conversions.order_by("batch_position")
    assert Conversion.objects.claim(first.pk) is not None
    assert batch.cancel() == 30
    assert SoundOfDay.objects.get().seconds == SECONDS, "a worker had begun one"
    assert Batch.objects.get().ended_at is not None
    assert JobEvent.objects.filter(before="running", after="cancelled").count() == 1


def test_the_minutes_of_a_day_bound_what_is_tried_again(batch_of, settings):
    settings.PERSON_MINUTES_A_DAY = 4
    batch = batch_of(6)
    with pytest.raises(SlowDown, match="4 minutes"):
        batch.retry()
    queued = batch.conversions.filter(state="queued").order_by("batch_position")
    assert list(queued.values_list("batch_position", flat=True)) == [0, 1, 2, 3]
    assert SoundOfDay.objects.get().seconds == 4 * SECONDS


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_who_is_killed_in_the_middle_has_moved_none(batch_of, monkeypatch, verb):
    before = "failed" if verb == "retry" else "queued"
    batch = batch_of(5, before)

    def die(*_):
        raise SystemExit("killed")

    monkeypatch.setattr(ending, "note", die)
    with pytest.raises(SystemExit):
        getattr(batch, verb)()
    assert states(batch) == {before}
    assert not JobEvent.objects.exists()
    assert not SoundOfDay.objects.filter(seconds__gt=0).exists()


@pytest.fixture
def measured(batch_of, settings):
    """A batch of which every recording was measured, and what is left of the measurements."""
    folder = settings.FEATURE_CACHE_DIR
    folder.mkdir(parents=True, exist_ok=True)

    def make(count, name):
        batch = batch_of(count, "done")
        for number, conversion in enumerate(batch.conversions.all()):
            Conversion.objects.filter(pk=conversion.pk).update(fingerprint=f"{name}{number}")
            (folder / f"{name}{number}.content.safetensors").write_bytes(b"measured")
        return batch

    return make, lambda: {path.name.partition(".")[0] for path in folder.iterdir()}


def test_it_is_deleted_in_as_many_statements(measured, django_capture_on_commit_callbacks):
    make, left = measured
    few, many = make(3, "few"), make(300, "many")

    def remove(batch):
        with django_capture_on_commit_callbacks(execute=True):
            batch.remove()

    allowed = queries(lambda: remove(few)) + 20  # rows go in portions
    assert queries(lambda: remove(many)) <= allowed
    assert not Conversion.objects.exists()
    assert left() == set()


def test_what_was_measured_stays_for_another_conversion(measured, alice, django_capture_on_commit_callbacks):
    make, left = measured
    batch = make(3, "a")
    Conversion.objects.create(owner=alice, voice_name="Tiny", fingerprint="a1")
    with django_capture_on_commit_callbacks(execute=True):
        batch.remove()
    assert left() == {"a1"}


def test_a_deletion_that_is_undone_forgets_nothing(measured, django_capture_on_commit_callbacks):
    make, left = measured
    batch = make(2, "a")
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        batch.delete()
        transaction.set_rollback(True)
    assert left() == {"a0", "a1"}


def test_what_ended_meanwhile_is_left_alone(batch_of):
    batch = batch_of(3, "queued")
    [first, *_] = batch.conversions.order_by("batch_position")
    job = Conversion.objects.claim(first.pk)
    job.result.save("result.wav", ContentFile(b"sound"), save=False)
    assert job.finish(result=job.result.name)
    assert batch.cancel() == 2
    assert batch.retry() == 2
    first.refresh_from_db()
    assert (first.state, first.finished_at <= timezone.now()) == ("done", True)
