"""Pretrained files brought by a worker: asked for by a click, from a hub that may misbehave, used when whole."""

import hashlib

import pytest
from django.urls import reverse

from jobs.models import State
from models_app import tasks
from models_app.models import AssetFetch, VoiceCheck
from rvc.assets import AssetStore, download, store, table
from rvc.assets.table import Asset, AssetFile
from rvc.errors import AssetError
from tests.rvc.hub import serve_hub

pytestmark = pytest.mark.django_db

WEIGHTS = b"weights of an encoder " * 200_000  # a few blocks of a download
PAGE = "admin:models_app_assetfetch_changelist"


@pytest.fixture
def hub(settings, tmp_path, monkeypatch):
    """A hub with one encoder, which the voices of these tests need, and one pitch method that no hub has."""
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    files = (AssetFile("weights.bin", len(WEIGHTS), digest, "r/weights.bin"),)
    small = {
        "whisper-base": Asset("whisper-base", "An encoder", "MIT", (files,), is_folder=True),
        "bundled": Asset("bundled", "A pitch", "MIT", ((AssetFile("p", 3, "0" * 64),),), bundled="somewhere.zip"),
    }
    for module in (table, store, __import__("models_app.assets_api").assets_api):
        monkeypatch.setattr(module, "ASSETS", small)
    monkeypatch.setattr(__import__("models_app.templatetags.assets").templatetags.assets, "ASSETS", small)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    settings.ASSETS_DIR = tmp_path / "assets"
    with serve_hub() as served:
        served.files = {"/r/weights.bin": WEIGHTS}
        settings.ASSETS_BASE_URL = served.url
        yield served


def run(fetch):
    tasks.fetch_asset(str(fetch.pk))
    fetch.refresh_from_db()
    return fetch


def installed(settings):
    return AssetStore(settings.ASSETS_DIR).installed("whisper-base")


def test_it_works(hub, staff, settings):
    fetch = run(AssetFetch.objects.submit("whisper-base", by=staff))
    assert (fetch.state, fetch.owner, fetch.error_message) == (State.DONE, staff, "")
    assert (fetch.bytes_done, fetch.bytes_total) == (len(WEIGHTS), len(WEIGHTS))
    assert (settings.ASSETS_DIR / "whisper-base" / "weights.bin").read_bytes() == WEIGHTS


def test_one_fetch_at_a_time_is_enough(hub, staff):
    first = AssetFetch.objects.submit("whisper-base", by=staff)
    assert AssetFetch.objects.submit("whisper-base") == first
    run(first)
    assert AssetFetch.objects.submit("whisper-base") != first


@pytest.mark.parametrize(("name", "code"), [("../etc", "unknown_asset"), ("bundled", "not_fetchable")])
def test_what_no_hub_has_is_refused(hub, name, code):
    with pytest.raises(AssetError) as caught:
        AssetFetch.objects.submit(name)
    assert caught.value.code == code
    assert not AssetFetch.objects.exists()


def test_progress_is_counted_in_bytes(hub, monkeypatch):
    seen = []
    monkeypatch.setattr(AssetFetch, "beat", lambda self, *, stage, progress: seen.append((stage, progress)))
    run(AssetFetch.objects.submit("whisper-base"))
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] == 1


def test_a_cancelled_fetch_goes_on_where_it_stopped(hub, monkeypatch, settings):
    beat = AssetFetch.beat

    def cancel_in_the_middle(self, *, stage, progress):
        AssetFetch.objects.get(pk=self.pk).cancel()
        beat(self, stage=stage, progress=progress)

    monkeypatch.setattr(AssetFetch, "beat", cancel_in_the_middle)
    assert run(AssetFetch.objects.submit("whisper-base")).state == State.CANCELLED
    assert not installed(settings)
    arrived = (settings.ASSETS_DIR / "whisper-base" / "weights.bin.part").stat().st_size
    assert 0 < arrived < len(WEIGHTS)
    monkeypatch.setattr(AssetFetch, "beat", beat)
    assert run(AssetFetch.objects.submit("whisper-base")).state == State.DONE
    assert hub.requests[-1] == ("/r/weights.bin", f"bytes={arrived}-")
    assert installed(settings)


def test_a_killed_fetch_is_taken_up_by_the_next_attempt(hub, settings):
    fetch = AssetFetch.objects.submit("whisper-base")
    AssetFetch.objects.claim(fetch.pk)
    part = settings.ASSETS_DIR / "whisper-base" / "weights.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:12345])
    AssetFetch.objects.running().take_back()
    assert run(fetch).state == State.DONE
    assert fetch.attempt == 2
    assert hub.requests == [("/r/weights.bin", "bytes=12345-")]


def cut(hub):
    hub.cut_after = 5000


def busy(hub):
    hub.failures = 2


def redirect(hub):
    hub.files["/elsewhere"] = hub.files.pop("/r/weights.bin")
    hub.redirect = f"{hub.url}/elsewhere"


@pytest.mark.parametrize("trouble", [cut, busy, redirect])
def test_trouble_on_the_way_is_overcome(hub, settings, trouble):
    trouble(hub)
    assert run(AssetFetch.objects.submit("whisper-base")).state == State.DONE
    assert installed(settings)


def other_bytes(hub):
    hub.files["/r/weights.bin"] = WEIGHTS[:-1] + b"x"


def too_short(hub):
    hub.files["/r/weights.bin"] = WEIGHTS[:-1]


def away(hub):
    hub.files.clear()


def endless(hub):
    hub.endless = True


def to_a_file(hub):
    hub.redirect = "file:///etc/hostname"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (other_bytes, "asset_damaged"),
        (too_short, "download_failed"),
        (away, "download_failed"),
        (endless, "download_failed"),
        (to_a_file, "download_failed"),
    ],
)
def test_what_is_not_the_published_file_never_arrives(hub, settings, trouble, code, voice):
    trouble(hub)
    VoiceCheck.objects.all().delete()
    fetch = run(AssetFetch.objects.submit("whisper-base"))
    assert (fetch.state, fetch.error_code) == (State.FAILED, code)
    assert fetch.error_message
    assert not installed(settings)
    assert not VoiceCheck.objects.exists()


def test_voices_that_waited_are_checked(hub, voice, alice):
    VoiceCheck.objects.all().delete()
    run(AssetFetch.objects.submit("whisper-base", by=alice))
    check = VoiceCheck.objects.get()
    assert (check.voice, check.owner) == (voice, alice)


def test_the_page_of_the_admin_lists_fetches_and_verifies(hub, client, staff, settings):
    client.force_login(staff)
    page = client.get(reverse(PAGE)).content.decode()
    assert hashlib.sha256(WEIGHTS).hexdigest() in page
    assert "published" in page
    assert f"{hub.url}/r/weights.bin" in page
    assert "js/refresh" not in page
    answer = client.post(reverse("admin:asset_fetch", args=["whisper-base"]), follow=True)
    assert "is on its way" in answer.content.decode()
    assert "js/refresh" in answer.content.decode()
    run(AssetFetch.objects.get())
    assert "Verified" in client.get(reverse(PAGE)).content.decode()
    (settings.ASSETS_DIR / "whisper-base" / "weights.bin").write_bytes(WEIGHTS[:-1] + b"x")
    answer = client.post(reverse("admin:asset_verify", args=["whisper-base"]), follow=True)
    assert "is read again" in answer.content.decode()
    assert "js/refresh" in answer.content.decode()
    run(AssetFetch.objects.first())
    assert "is not the file it should be" in client.get(reverse(PAGE)).content.decode()


class TestReadingAgain:
    @pytest.fixture
    def here(self, hub, settings):
        run(AssetFetch.objects.submit("whisper-base"))
        return settings.ASSETS_DIR / "whisper-base" / "weights.bin"

    def test_it_works(self, here, staff):
        job = run(AssetFetch.objects.verify("whisper-base", by=staff))
        assert (job.state, job.owner, job.error_message) == (State.DONE, staff, "")
        assert (job.bytes_done, job.bytes_total) == (len(WEIGHTS), len(WEIGHTS))

    def test_one_at_a_time_is_enough(self, here):
        job = AssetFetch.objects.verify("whisper-base")
        assert AssetFetch.objects.verify("whisper-base") == AssetFetch.objects.submit("whisper-base") == job

    def test_it_is_stopped_while_it_reads(self, here, monkeypatch, client, staff):
        job = AssetFetch.objects.verify("whisper-base")
        client.force_login(staff)
        count = AssetFetch.count

        def stopped(row, done, total):
            client.post(reverse("admin:asset_cancel", args=["whisper-base"]))
            count(row, done, total)

        monkeypatch.setattr(AssetFetch, "count", stopped)
        monkeypatch.setattr("rvc.assets.record.CHUNK", 1000)
        assert run(job).state == State.CANCELLED
        assert job.bytes_done < len(WEIGHTS)

    def test_what_is_damaged_and_what_is_not_here_is_said(self, here, client, staff):
        client.force_login(staff)
        here.write_bytes(WEIGHTS[:-1] + b"x")
        assert run(AssetFetch.objects.verify("whisper-base")).error_code == "asset_damaged"
        assert "is not the file it should be" in client.get(reverse(PAGE)).content.decode()
        here.unlink()
        assert run(AssetFetch.objects.verify("whisper-base")).error_code == "needs_asset"

    def test_an_unknown_name_leaves_no_job(self, client, staff, hub):
        client.force_login(staff)
        answer = client.post(reverse("admin:asset_verify", args=["No such"]), follow=True)
        assert "No such" in answer.content.decode()
        assert not AssetFetch.objects.exists()


def test_the_page_says_why_a_fetch_failed_and_stops_one(hub, client, staff):
    hub.files.clear()
    run(AssetFetch.objects.submit("whisper-base"))
    client.force_login(staff)
    assert "answered 404" in client.get(reverse(PAGE)).content.decode()
    fetch = AssetFetch.objects.submit("whisper-base")
    client.post(reverse("admin:asset_cancel", args=["whisper-base"]))
    fetch.refresh_from_db()
    assert fetch.state == State.CANCELLED


def test_staff_without_the_right_see_no_button(hub, client, bob):
    bob.is_staff = True
    bob.save()
    client.force_login(bob)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse("admin:asset_fetch", args=["whisper-base"])).status_code == 403
    assert not AssetFetch.objects.exists()


def test_programs_see_what_there_is_and_staff_fetch(hub, api, alice, staff):
    (line, _) = api(alice).get("/api/assets/").json()
    assert (line["name"], line["state"], line["installed"], line["fetch"]) == ("whisper-base", "missing", False, None)
    assert api(alice).post("/api/assets/whisper-base/fetch/").status_code == 403
    answer = api(staff).post("/api/assets/whisper-base/fetch/")
    assert answer.status_code == 202
    assert answer.json()["fetch"]["state"] == "queued"
    run(AssetFetch.objects.get())
    (line, _) = api(alice).get("/api/assets/").json()
    assert (line["state"], line["fetch"]["bytes_done"]) == ("verified", len(WEIGHTS))
    again = api(staff).post("/api/assets/whisper-base/fetch/")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_done")
    assert api(staff).post("/api/assets/nothing/fetch/").status_code == 404
    assert api(staff).post("/api/assets/bundled/fetch/").json()["error"]["code"] == "not_fetchable"


def test_a_click_on_a_voice_fetches_what_it_lacks(hub, client, staff, alice, voice):
    address = reverse("voices:fetch", args=[voice.pk])
    client.force_login(alice)
    assert address not in client.get(voice.get_absolute_url()).content.decode()
    assert client.post(address).status_code == 404
    voice.give_to(None, staff)
    client.force_login(staff)
    assert address in client.get(voice.get_absolute_url()).content.decode()
    assert address in client.get("/voices/").content.decode()
    page = client.post(address, follow=True).content.decode()
    assert AssetFetch.objects.get().name == "whisper-base"
    assert "is being fetched: 0 %" in page
    assert address not in page
    assert f'href="{reverse(PAGE)}#whisper-base"' in page
    voice.give_to(None, alice)
    client.force_login(alice)
    shown = client.get(voice.get_absolute_url()).content.decode()
    assert "is being fetched: 0 %" in shown
    assert reverse(PAGE) not in shown
