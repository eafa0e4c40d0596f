"""/metrics as Prometheus reads it, with jobs, workers and files that are known."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from conversions.models import Conversion
from jobs.models import WorkerBeat
from models_app.models import VoiceImport
from tests import base

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-programs-0123456789"
FACTS = {"timings": {"f0": 1.5, "synthesis": 2.5}, "features": {"wanted": 4, "computed": 1}}


@pytest.fixture(autouse=True)
def _fresh(own_folder):
    cache.clear()


@pytest.fixture
def scrape(client, settings):
    """Every sample: name and labels to its value."""
    settings.METRICS_TOKEN = TOKEN

    def scrape():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = list(text_string_to_metric_families(answer.content.decode()))
        assert all(family.documentation and family.type == "gauge" for family in families)
        return {
            (sample.name.removeprefix("voiceproject_"), *sorted(sample.labels.values())): sample.value
            for family in families
            for sample in family.samples
        }

    return scrape


def add(owner, count=1, **fields):
    fields = {"source_seconds": 2.0, "facts": FACTS} | fields
    return Conversion.objects.bulk_create(Conversion(owner=owner, **fields) for _ in range(count))


def test_it_works_with_nothing_there(scrape):
    samples = scrape()
    assert samples["queue_jobs", "conversion", "cpu"] == 0
    assert samples["queue_oldest_seconds", "conversion", "cpu"] == 0
    assert samples["jobs", "conversion", "done"] == 0
    assert samples["recent_conversions",] == 0
    assert ("recent_real_time_factor",) not in samples


def test_who_may_read_it(client, settings, alice, staff):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    client.force_login(alice)
    assert client.get("/metrics").status_code == 404
    client.force_login(staff)
    assert client.get("/metrics").status_code == 200


def test_queues(scrape, alice):
    now = timezone.now()
    add(alice, 3, created_at=now - timedelta(seconds=90))
    add(alice, queue="gpu", created_at=now - timedelta(seconds=30))
    VoiceImport.objects.create(owner=alice, url="https://files.example/a.pth", queue="import")
    samples = scrape()
    assert samples["queue_jobs", "conversion", "cpu"] == 3
    assert samples["queue_jobs", "conversion", "gpu"] == 1
    assert samples["queue_jobs", "import", "voiceimport"] == 1
    assert 90 <= samples["queue_oldest_seconds", "conversion", "cpu"] < 120
    assert 30 <= samples["queue_oldest_seconds", "conversion", "gpu"] < 60


def test_states_attempts_and_failures(scrape, alice):
    add(alice, 2, state="done", attempt=1)
    add(alice, state="failed", error_code="job_crashed", attempt=3)
    add(alice, state="rejected", error_code="not_audio", attempt=1)
    add(alice, state="failed", error_code="old_story", attempt=1, created_at=timezone.now() - timedelta(days=3))
    samples = scrape()
    assert samples["jobs", "conversion", "done"] == 2
    assert samples["jobs", "conversion", "failed"] == 2
    assert samples["recent_attempts", "conversion"] == 6
    assert samples["recent_failures", "conversion", "failed", "job_crashed"] == 1
    assert samples["recent_failures", "conversion", "not_audio", "rejected"] == 1
    assert not any("old_story" in sample for sample in samples)


def test_attempts_that_were_cut_short(scrape, alice):
    for _ in range(2):
        Conversion.objects.claim(Conversion.objects.create(owner=alice).pk)
    Conversion.objects.running().take_back("its worker is gone")
    Conversion.objects.first().cancel()
    assert scrape()["recent_interruptions", "conversion"] == 2


def test_what_the_work_costs(scrape, alice):
    add(alice, 2, state="done")
    add(alice, state="done", facts={})  # made before these facts were kept
    add(alice, state="done", created_at=timezone.now() - timedelta(days=3))
    samples = scrape()
    assert samples["recent_conversions",] == 3
    assert samples["recent_stage_seconds", "synthesis"] == 5.0
    assert samples["recent_real_time_factor",] == pytest.approx(8 / 6)
    assert (samples["recent_features_wanted",], samples["recent_features_cached",]) == (8, 6)


def test_a_real_conversion_is_in_the_figures(scrape, voice, alice, encoder):
    from conversions.tasks import convert
    from rvc.options import ConversionOptions

    unheard = base.tone(level=0.2871)  # by the other tests: nothing of it is cached
    for _ in range(2):
        conversion = Conversion.objects.submit(alice, voice, base.upload(unheard), ConversionOptions(index_rate=0))
        convert(str(conversion.pk))
    samples = scrape()
    assert samples["recent_conversions",] == 2
    assert samples["recent_audio_seconds",] == pytest.approx(2.0)
    assert samples["recent_stage_seconds", "synthesis"] > 0
    assert samples["recent_features_cached",] == samples["recent_features_wanted",] / 2 > 0


def test_workers(scrape):
    beat = WorkerBeat.objects.create(host="one", pid=7, queue="gpu", workers=2, memory_bytes=500, disk_free_bytes=9000)
    silent = WorkerBeat.objects.create(host="two", pid=8, queue="cpu", workers=4)
    WorkerBeat.objects.filter(pk=silent.pk).update(beat_at=timezone.now() - timedelta(minutes=5))
    samples = scrape()
    one, two = ("7", "gpu", beat.host), ("8", "cpu", silent.host)
    assert (samples["workers", *one], samples["workers", *two]) == (2, 0)
    assert samples["worker_memory_bytes", *one] == 500
    assert samples["worker_disk_free_bytes", *one] == 9000
    assert ("worker_disk_free_bytes", *two) not in samples
    assert 300 <= samples["worker_silence_seconds", *two] < 330


def test_what_is_stored_is_added_up_now_and_then(scrape, voice, alice):
    add(alice, 2, stored_bytes=700)
    samples = scrape()
    assert (samples["storage_records", "voicemodel"], samples["storage_bytes", "voicemodel"]) == (1, voice.size_bytes)
    assert (samples["storage_records", "conversion"], samples["storage_bytes", "conversion"]) == (2, 1400)
    add(alice, stored_bytes=700)
    assert scrape()["storage_bytes", "conversion"] == 1400
    cache.clear()
    assert scrape()["storage_bytes", "conversion"] == 2100


def test_ten_thousand_jobs_take_as_many_queries_as_none(client, staff, alice):
    client.force_login(staff)
    client.get("/metrics")
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get("/metrics")
    for state in ("queued", "done", "failed", "rejected"):
        add(alice, 50, state=state, error_code=state)
    with CaptureQueriesContext(connection) as after:
        client.get("/metrics")
    assert len(after) == len(before)
