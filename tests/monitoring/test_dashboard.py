"""The page of numbers in the administration."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversions.models import Conversion
from jobs.models import WorkerBeat
from models_app.models import VoiceImport
from monitoring.templatetags.dashboard import ago, lasting, percent

pytestmark = pytest.mark.django_db
PAGE = "/admin/monitoring/dashboard/"
FACTS = {"timings": {"f0": 1.5, "synthesis": 2.5}, "features": {"wanted": 4, "computed": 1}}


@pytest.fixture(autouse=True)
def _fresh(own_folder):
    cache.clear()


@pytest.fixture
def helper(django_user_model):
    """Staff without a single permission."""
    return django_user_model.objects.create_user("helper", password="a long enough secret", is_staff=True)


@pytest.fixture
def read(admin_client):
    """The words of the page, one space between them."""

    def read():
        answer = admin_client.get(PAGE)
        assert answer.status_code == 200
        page = answer.content.decode().partition('<div class="dashboard">')[2]
        return " ".join(re.sub("<[^>]*>", " ", page).split())

    return read


def add(owner, count=1, **fields):
    fields = {"source_seconds": 2.0, "facts": FACTS} | fields
    return Conversion.objects.bulk_create(Conversion(owner=owner, **fields) for _ in range(count))


def test_it_works_with_nothing_there(read):
    words = read()
    for sentence in ("Nothing waits.", "No worker was seen", "None yet.", "No worker is running: start"):
        assert sentence in words


def test_it_stands_in_the_index_for_all_staff(client, helper, alice):
    client.force_login(helper)
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}add/").status_code == 403
    client.force_login(alice)
    assert client.get(PAGE).status_code == 302


def test_what_it_says(read, alice):
    now = timezone.now()
    add(alice, 3, created_at=now - timedelta(minutes=7))
    add(alice, 2, state="done")
    VoiceImport.objects.create(owner=alice, url="https://files.example/a.pth", queue="import")
    WorkerBeat.objects.create(host="one", pid=7, queue="gpu", workers=2, memory_bytes=3 << 30, disk_free_bytes=5 << 30)
    silent = WorkerBeat.objects.create(host="two", pid=8, queue="cpu", workers=4)
    WorkerBeat.objects.filter(pk=silent.pk).update(beat_at=Now() - timedelta(minutes=5))
    words = read().replace("\xa0", " ")
    assert "Conversions Work 3 7 min" in words
    assert "Imports of voices Waiting for other servers 1 0" in words
    assert "one:7 Work on a graphics processor 2 0 s ago – 3.0 GB 5.0 GB" in words
    assert "two:8 Work 4 5 min ago – 0 bytes –" in words
    assert "Seconds of work for one of sound 2.00" in words
    assert "Features out of the cache 75%" in words
    assert "contentvec" in words.partition("Pretrained files that are missing")[2]


def test_failures_lead_to_their_jobs(admin_client, client, helper, alice):
    [bad] = add(alice, state="failed", error_code="job_crashed")
    add(alice, state="failed", error_code="needs_asset")
    [link] = re.findall(r'href="([^"]*job_crashed[^"]*)"', admin_client.get(PAGE).content.decode())
    listed = admin_client.get(link.replace("&amp;", "&")).content.decode()
    assert str(bad.pk) in listed
    assert "1 conversion" in listed
    client.force_login(helper)
    page = client.get(PAGE).content.decode()
    assert "job_crashed" in page
    assert "error_code=job_crashed" not in page


def test_attempts_that_were_cut_short(read, alice):
    assert "cut short" not in read()
    Conversion.objects.claim(Conversion.objects.create(owner=alice).pk)
    Conversion.objects.running().take_back("its worker is gone")
    assert "was stopped: Conversions 1" in read()


def test_yesterday_is_over(read, alice):
    add(alice, state="cancelled", created_at=timezone.now() - timedelta(days=2))
    assert "None yet." in read()


def test_ten_thousand_rows_take_as_many_queries_as_none(admin_client, alice):
    admin_client.get(PAGE)
    with CaptureQueriesContext(connection) as before:
        admin_client.get(PAGE)
    for state in ("queued", "done", "failed", "rejected"):
        add(alice, 50, state=state, error_code=state)
    with CaptureQueriesContext(connection) as after:
        admin_client.get(PAGE)
    assert len(after) == len(before)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.25, "0.2 s"), (45, "45 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_how_long_something_lasts(seconds, words):
    assert lasting(seconds) == words


def test_what_never_was_is_not_said():
    assert (ago(None), percent(None), percent(0.0)) == ("", "", "0%")
