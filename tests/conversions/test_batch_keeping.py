"""When batches go by themselves, how they go with all that is their owner's, and what staff see of them."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Erasure, count_everything
from accounts.tasks import erase
from conversions.batches.keeping import expires_at
from conversions.batches.models import Batch
from conversions.models import Conversion
from tests import base
from tests.conversions.batches import SHORT, finish, unpack_all
from voiceproject.models import Keeping

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(send):
    """A batch that ended two days ago: one result, one refusal."""

    def make(**wish):
        batch = send(("a.wav", SHORT), ("b.txt", b"text"), **wish)
        unpack_all()
        finish(batch.conversions.get())
        before = timezone.now() - timedelta(days=2)
        Conversion.objects.update(finished_at=before)
        Batch.objects.update(ended_at=before)
        return batch

    return make


@pytest.mark.parametrize(("days", "left"), [(1, 0), (3, 1), (0, 1)])
def test_it_goes_after_its_days(ended, days, left):
    ended(keep_days=days)
    call_command("forget", verbosity=0)
    assert (Batch.objects.count(), Conversion.objects.count()) == (left, left)


def test_without_days_its_owner_decides(ended, alice):
    ended()
    call_command("forget", verbosity=0)
    assert Batch.objects.exists()
    Keeping.objects.wish(alice, 1)
    call_command("forget", verbosity=0)
    assert not Batch.objects.exists()


def test_it_goes_once_all_of_it_was_downloaded(ended):
    batch = ended(delete_after_download=True)
    call_command("forget", verbosity=0)
    assert Batch.objects.exists()
    batch.conversions.update(downloaded_at=timezone.now() - timedelta(hours=1))
    call_command("forget", verbosity=0)
    assert not Conversion.objects.exists()
    assert not Batch.objects.exists()


@pytest.mark.parametrize(("days", "when"), [(1, 1), (3, 3), (0, None)])
def test_it_says_when_it_goes(api, alice, ended, days, when):
    client = api(alice)
    batch = ended(keep_days=days)
    batch.refresh_from_db()
    expected = when and batch.ended_at + timedelta(days=when)
    whole, [listed] = client.get(f"/api/batches/{batch.pk}/").json(), client.get("/api/batches/").json()["results"]
    for shown in (whole, listed):
        assert shown["expires_at"] == (expected and expected.isoformat().replace("+00:00", "Z"))
    call_command("forget", verbosity=0)
    assert Batch.objects.exists() == (when is None or expected > timezone.now())


def test_it_says_that_it_goes_after_its_download(ended):
    batch = ended(delete_after_download=True, keep_days=0)
    batch.refresh_from_db()
    assert expires_at(batch) is None, "nobody fetched it"
    fetched = timezone.now() - timedelta(minutes=5)
    batch.conversions.update(downloaded_at=fetched)
    assert expires_at(batch) == fetched + timedelta(minutes=10)
    call_command("forget", verbosity=0)
    assert Batch.objects.exists()
    batch.conversions.update(downloaded_at=fetched - timedelta(minutes=6))
    assert expires_at(batch) < timezone.now()
    call_command("forget", verbosity=0)
    assert not Batch.objects.exists()


def test_one_that_works_does_not_say(ended):
    batch = ended(keep_days=1)
    batch.add(base.upload(SHORT, "c.wav"))
    batch.refresh_from_db()
    assert expires_at(batch) is None


def test_one_that_works_stays(ended):
    batch = ended(keep_days=1)
    batch.add(base.upload(SHORT, "c.wav"))
    call_command("forget", verbosity=0)
    assert [row.batch_path for row in batch.conversions.all()] == ["c.wav"]


def test_it_goes_with_everything_of_its_owner(send, alice, django_capture_on_commit_callbacks):
    before = base.files_left()
    with django_capture_on_commit_callbacks(execute=True):
        send(("a.wav", SHORT), ("b.txt", b"text"))
        unpack_all()
        send(("c.wav", SHORT))
    assert count_everything(alice)["batches"] == 2
    with django_capture_on_commit_callbacks(execute=True):
        erase(str(Erasure.objects.submit(alice).pk))
    assert not Batch.objects.exists()
    assert {path for path in base.files_left() if not path.startswith("files/voices")} <= before


def test_staff_see_stop_and_delete_it(client, staff, send):
    client.force_login(staff)
    batch = send(("a.wav", SHORT), ("b.txt", b"text"))
    unpack_all()
    address = reverse("admin:conversions_batch_changelist")
    shown = client.get(address).content.decode()
    assert "Working, 0%" in shown
    assert f"/conversions/conversion/?batch__id__exact={batch.pk}" in shown
    assert (
        client.get(reverse("admin:conversions_conversion_changelist"), {"batch__id__exact": batch.pk})
        .context["cl"]
        .result_count
        == 1
    )
    detail = client.get(reverse("admin:conversions_batch_change", args=[batch.pk])).content.decode()
    assert "b.txt (not_audio)" in detail
    client.post(address, {"action": "cancel", "_selected_action": [batch.pk]})
    assert batch.conversions.get().state == "cancelled"
    client.post(address, {"action": "retry", "_selected_action": [batch.pk]})
    assert batch.conversions.get().state == "queued"
    client.post(reverse("admin:conversions_batch_delete", args=[batch.pk]), {"post": "yes"})
    assert not Batch.objects.exists()
