"""Voices from addresses: asked for through the API, brought by the task that the worker runs."""

import gzip
import hashlib
import io
import itertools
import time
import zipfile
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import psutil
import pytest
from django.db import connection

from jobs.models import State
from jobs.tasks import perform
from models_app import addresses, tasks
from models_app.imports.work import work
from models_app.models import VoiceCheck, VoiceImport, VoiceModel
from rvc import sandbox
from tests import base
from tests import network as net
from tests.voiceproject.test_addresses import LOOPBACK, PRIVATE, SCHEMES, WRITING
from voiceproject.fetching import Patience

pytestmark = pytest.mark.django_db
IMPORTS = "/api/imports/"
URL = "https://files.example/voices/Mary_e200_s4000.pth"


@pytest.fixture
def alices(api, alice):
    return api(alice)


@pytest.fixture
def files(imports, voice_file, index_file):
    """The routes of a well-behaved site that has a voice and its index."""
    imports["files"].routes |= {
        "/voices/Mary_e200_s4000.pth": net.serve(voice_file.read_bytes()),
        "/voices/Mary.index": net.serve(index_file.read_bytes()),
    }
    return imports["files"].routes


@pytest.fixture
def bring(alices, imports):
    """Ask for a voice, let the worker's task run, and see what the row says."""

    def run(url=URL, **wish):
        answer = alices.post(IMPORTS, {"url": url, **wish}, format="json")
        assert answer.status_code == 202, answer.content
        tasks.import_voice(answer.json()["id"])
        return VoiceImport.objects.get(pk=answer.json()["id"])

    return run


def assert_nothing_happened(network):
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()
    assert network.canary.visits == 0
    assert not VoiceImport.objects.active().exists()


def test_it_works(bring, files, alice, imports):
    job = bring(index_url="https://files.example/voices/Mary.index", consent_statement="It is my own.")
    voice = VoiceModel.objects.get()
    assert (job.state, job.voice, job.error_code, job.progress) == (State.DONE, voice, "", 1.0)
    assert (voice.owner, voice.name, voice.has_index) == (alice, "Mary_e200_s4000", True)
    assert (voice.source_url, voice.consent_by) == (URL, alice)
    assert [file["name"] for file in voice.report["files"]] == ["Mary_e200_s4000.pth", "Mary.index"]
    sent = sum(len(net_file) for net_file in (base_bytes(files, "pth"), base_bytes(files, "index")))
    assert (job.bytes_done, job.bytes_total) == (sent, sent)
    assert VoiceCheck.objects.get().voice == voice
    assert not [name for name in base.files_left() if not name.startswith("files/")]


def base_bytes(routes, suffix):
    """What a route sends."""
    [route] = [route for path, route in routes.items() if path.endswith(suffix)]
    return route.__closure__[[*route.__code__.co_freevars].index("body")].cell_contents


def test_the_answer_says_where_to_watch(alices, files):
    answer = alices.post(IMPORTS, {"url": URL, "name": "Mary"})
    body = answer.json()
    assert answer["Location"] == f"http://testserver{IMPORTS}{body['id']}/"
    assert (body["state"], body["position"], body["voice"], body["found"], body["error"]) == (
        "queued",
        1,
        None,
        [],
        None,
    )
    assert alices.get(answer["Location"]).json() == body
    assert alices.get(IMPORTS).json()["results"] == [body]


def test_what_was_wished_is_kept(bring, files):
    assert bring(name="Mary").voice.name == "Mary"


def test_a_key_in_the_address_is_not_shown_with_the_voice(bring, files):
    assert bring(URL + "?key=secret").voice.source_url == URL


def test_a_zip_is_looked_into(bring, files, voice_file, index_file):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(voice_file, "Mary/Mary.pth")
        archive.write(index_file, "Mary/added.index")
    files["/voices/Mary.zip"] = net.serve(packed.getvalue())
    voice = bring("https://files.example/voices/Mary.zip").voice
    assert (voice.name, voice.has_index, voice.report["zip"]) == ("Mary", True, True)


def test_a_broken_connection_is_continued(bring, files, imports, voice_file):
    body = voice_file.read_bytes()
    files["/voices/Mary_e200_s4000.pth"] = net.broken_after(70_000, body)
    assert bring().state == State.DONE
    assert [headers.get("Range") for _, headers in imports["files"].seen][:2] == [None, "bytes=70000-"]


def test_a_checksum_is_held_against_the_file(bring, files, imports, voice_file):
    job = bring(sha256="0" * 64)
    assert (job.state, job.error_code) == (State.REJECTED, "wrong_checksum")
    assert_nothing_happened(imports)
    assert bring(sha256=hashlib.sha256(voice_file.read_bytes()).hexdigest().upper()).state == State.DONE


def test_the_checksum_of_the_index_too(bring, files, imports):
    job = bring(index_url="https://files.example/voices/Mary.index", index_sha256="1" * 64)
    assert (job.state, job.error_code) == (State.REJECTED, "wrong_checksum")
    assert_nothing_happened(imports)


def test_a_file_that_is_there_already_is_recognised(bring, files):
    first, second = bring(), bring()
    assert (second.state, second.error_code) == (State.REJECTED, "already_there")
    assert str(first.voice) in second.error_message
    assert VoiceModel.objects.count() == 1


REFUSED = [*SCHEMES, *(f"https://{host}/a.pth" for host in LOOPBACK + PRIVATE), *filter(None, WRITING.values())]


class TestRefusedAtOnce:
    """No row, no look-up, no connection."""

    def test_addresses_nobody_is_sent_to(self, alices, imports, settings, subtests):
        settings.IMPORT_HOSTS = ["*"]
        for url, field in itertools.product(REFUSED, ("url", "index_url")):
            with subtests.test(url[:60]):
                answer = alices.post(IMPORTS, {"url": URL, field: url}, format="json")
                assert answer.status_code == 422, answer.content
                assert (answer.json()["error"]["code"], answer.json()["error"]["field"]) == ("url_not_allowed", field)
        assert (imports.asked, imports.connected, VoiceImport.objects.count()) == ([], [], 0)

    def test_a_host_that_is_not_listed(self, alices, imports):
        answer = alices.post(IMPORTS, {"url": "https://elsewhere.org/a.pth"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "url_not_allowed")

    def test_everything_while_imports_are_off(self, alices, imports, settings):
        settings.IMPORT_FROM_ADDRESSES = False
        answer = alices.post(IMPORTS, {"url": URL})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "url_not_allowed")
        assert "IMPORT_FROM_ADDRESSES" in answer.json()["error"]["message"]

    def test_wishes_that_make_no_sense(self, alices, imports, settings):
        for wish, field in (({"sha256": "abc"}, "sha256"), ({"path": "/etc"}, "path"), ({"owner": 1}, "owner")):
            answer = alices.post(IMPORTS, {"url": URL, **wish}, format="json")
            assert (answer.status_code, answer.json()["error"]["field"]) == (400, field)
        settings.REQUIRE_CONSENT = True
        answer = alices.post(IMPORTS, {"url": URL}, format="json")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "consent_statement")

    def test_the_sixth_at_a_time(self, alices, imports):
        codes = [alices.post(IMPORTS, {"url": URL}).status_code for _ in range(6)]
        answer = alices.post(IMPORTS, {"url": URL})
        assert codes == [202] * 5 + [429]
        assert (answer.json()["error"]["code"], answer["Retry-After"]) == ("slow_down", "30")

    def test_a_sixth_that_is_tried_again(self, alices, alice, client, imports):
        ended = VoiceImport.objects.create(owner=alice, url=URL, state="failed")
        for _ in range(5):
            alices.post(IMPORTS, {"url": URL})
        assert alices.post(f"{IMPORTS}{ended.pk}/retry/").status_code == 429
        client.force_login(alice)
        answer = client.post(f"/voices/import/{ended.pk}/retry/", follow=True)
        assert "let one of them end first" in answer.content.decode()
        ended.refresh_from_db()
        assert ended.state == "failed"


def login_page(handler):
    handler.answer(200, b"<!doctype html><html><title>Sign in</title></html>", Content_Type="text/html")


def gzipped(handler):
    handler.answer(200, gzip.compress(bytes(1 << 24)), Content_Encoding="gzip")


# What is at the address; which state and code the import ends with.
MISBEHAVIOUR = {
    "redirect to loopback": (net.redirect("https://127.0.0.1/a"), "rejected", "url_not_allowed"),
    "redirect to http": (net.redirect("http://plain.example/a"), "rejected", "url_not_allowed"),
    "redirect in a loop": (net.redirect("/voices/Mary_e200_s4000.pth"), "rejected", "url_not_allowed"),
    "body without end": (net.endless, "rejected", "too_large"),
    "length over the cap": (lambda handler: handler.head(Content_Length="1" + "0" * 11), "rejected", "too_large"),
    "slow drip": (net.dripping(2), "failed", "upstream"),
    "gzip": (gzipped, "failed", "upstream"),
    "missing": (None, "failed", "upstream"),
    "breaks off again and again": (net.broken_after(10, bytes(1 << 20)), "failed", "upstream"),
    "login page": (login_page, "rejected", "not_a_checkpoint"),
    "empty": (lambda handler: handler.answer(200, b""), "rejected", "empty_file"),
    "a letter": (net.serve(b"a letter " * 90), "rejected", "not_a_checkpoint"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_misbehaviour_ends_in_its_code(name, bring, files, imports, settings):
    settings.MAX_VOICE_MB = 1
    route, state, code = MISBEHAVIOUR[name]
    files["/voices/Mary_e200_s4000.pth"] = route
    job = bring()
    assert (job.state, job.error_code) == (state, code)
    assert job.error_message
    assert_nothing_happened(imports)


def test_a_full_disk_is_no_fault_of_the_file(bring, files, imports, monkeypatch):
    monkeypatch.setattr("voiceproject.downloads.shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    job = bring()
    assert (job.state, job.error_code) == (State.FAILED, "storage_full")
    assert_nothing_happened(imports)


def test_a_login_page_is_called_so(bring, files):
    files["/voices/Mary_e200_s4000.pth"] = login_page
    assert "web page" in bring().error_message


def test_a_certificate_for_another_name(bring, imports, voice_file):
    imports["other"].routes["/a.pth"] = net.serve(voice_file.read_bytes())
    job = bring("https://other.example/a.pth")
    assert (job.state, job.error_code) == (State.FAILED, "upstream")
    assert_nothing_happened(imports)


@pytest.mark.parametrize("answers", [["10.0.0.8"], [net.SITE, "127.0.0.1"], ["fec0::1"], ["64:ff9b::7f00:1"]])
def test_a_name_that_leads_inside(answers, bring, files, imports):
    imports.answers["files.example"] = answers
    job = bring()
    assert (job.state, job.error_code) == (State.REJECTED, "url_not_allowed")
    assert imports.connected == []
    assert_nothing_happened(imports)


def test_a_resolver_that_changes_its_mind(bring, files, imports):
    imports.answers["files.example"] = lambda count: [net.SITE] if count == 1 else ["127.0.0.1"]
    assert bring().state == State.DONE
    assert (imports.connected, imports.canary.visits) == ([(net.SITE, 443)], 0)


def test_hostile_content_is_answered_as_an_upload_is(bring, files, imports, tmp_path):
    base.write_bomb(tmp_path / "bomb.pth", tmp_path / "marker")
    files["/voices/Mary_e200_s4000.pth"] = net.serve((tmp_path / "bomb.pth").read_bytes())
    job = bring()
    assert (job.state, job.error_code) == (State.REJECTED, "forbidden_content")
    assert not (tmp_path / "marker").exists()
    assert_nothing_happened(imports)


class TestStopping:
    def test_a_waiting_import_is_cancelled(self, alices, files, imports):
        url = alices.post(IMPORTS, {"url": URL})["Location"]
        assert alices.post(f"{url}cancel/").json()["state"] == "cancelled"
        tasks.import_voice(url.rstrip("/").rsplit("/", 1)[-1])
        assert imports.connected == []
        again = alices.post(f"{url}cancel/")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "already_done")

    def test_a_running_import_stops_while_nothing_comes(self, bring, files, imports):
        cancelled = []

        def cancel_once(host, port):
            if not cancelled:
                cancelled.append(VoiceImport.objects.get().cancel())
            return [net.SITE]

        original, imports.resolve = imports.resolve, cancel_once
        try:
            files["/voices/Mary_e200_s4000.pth"] = lambda handler: time.sleep(5)
            started = time.monotonic()
            job = bring()
        finally:
            imports.resolve = original
        assert (cancelled, job.state) == ([True], State.CANCELLED)
        assert time.monotonic() - started < 2
        assert_nothing_happened(imports)

    def test_a_voice_that_is_stored_when_the_cancel_comes_goes_again(self, bring, files, monkeypatch, imports):
        finish = VoiceImport.finish

        def cancelled_before(job, **changes):
            VoiceImport.objects.get(pk=job.pk).cancel()
            return finish(job, **changes)

        monkeypatch.setattr(VoiceImport, "finish", cancelled_before)
        job = bring()
        assert (job.state, job.voice, VoiceModel.objects.count()) == (State.CANCELLED, None, 0)

    def test_a_worker_that_lost_the_job_keeps_nothing(self, bring, files, monkeypatch):
        monkeypatch.setattr(VoiceImport, "take", lambda job, voice: False)
        assert bring().state == State.RUNNING, "as the other worker has it"
        assert not VoiceModel.objects.exists()

    def test_an_attempt_that_died_after_storing_is_not_repeated(self, alices, voice, imports):
        url = alices.post(IMPORTS, {"url": URL})["Location"]
        VoiceImport.objects.update(voice=voice)
        tasks.import_voice(url.rstrip("/").rsplit("/", 1)[-1])
        job = VoiceImport.objects.get()
        assert (job.state, job.voice, imports.connected) == (State.DONE, voice, [])

    def test_one_that_failed_is_tried_again(self, alices, bring, files, imports, voice_file):
        del files["/voices/Mary_e200_s4000.pth"]
        job = bring()
        assert job.state == State.FAILED
        files["/voices/Mary_e200_s4000.pth"] = net.serve(voice_file.read_bytes())
        answer = alices.post(f"{IMPORTS}{job.pk}/retry/")
        assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (200, "queued", None)
        tasks.import_voice(str(job.pk))
        job.refresh_from_db()
        assert job.state == State.DONE
        assert alices.post(f"{IMPORTS}{job.pk}/retry/").status_code == 409


@pytest.mark.django_db(transaction=True)
def test_a_cancel_is_heard_while_nothing_comes(alice, files, settings):
    """With real transactions a heart in a thread of its own hears of it."""
    settings.JOB_BEAT_SECONDS = 0.1
    job = VoiceImport.objects.create(owner=alice, url=URL)

    def silent(handler):
        VoiceImport.objects.get(pk=job.pk).cancel()
        connection.close()
        cancelled.append(time.monotonic())
        time.sleep(5)

    cancelled = []
    files["/voices/Mary_e200_s4000.pth"] = silent
    fetcher = replace(addresses.fetcher(), patience=Patience())
    perform(VoiceImport, str(job.pk), partial(work, fetcher=fetcher))
    assert time.monotonic() - cancelled[0] < 2
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert base.files_left() == set()


@pytest.mark.django_db(transaction=True)
def test_a_cancel_is_heard_while_the_file_is_checked(alice, files, settings, monkeypatch):
    settings.JOB_BEAT_SECONDS = 0.1
    job = VoiceImport.objects.create(owner=alice, url=URL)
    cancelled, before = [], psutil.Process().children()

    def check_for_a_minute(function, arguments, **how):
        VoiceImport.objects.get(pk=job.pk).cancel()
        cancelled.append(time.monotonic())
        return run("tests.rvc.children:sleep", {"seconds": 60}, **how)

    run = sandbox.run
    monkeypatch.setattr(sandbox, "run", check_for_a_minute)
    tasks.import_voice(str(job.pk))
    assert time.monotonic() - cancelled[0] < 5
    assert psutil.Process().children() == before
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert base.files_left() == set()


def test_progress_is_real(bring, files, monkeypatch, voice_file):
    seen = []
    monkeypatch.setattr("models_app.imports.work.NOTE_SECONDS", 0)
    monkeypatch.setattr(VoiceImport, "note_bytes", lambda job, done, total: seen.append((done, total)))
    bring()
    size = voice_file.stat().st_size
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 2


def test_a_stranger_sees_nothing(api, bob, bring, files):
    job = bring()
    bobs = api(bob)
    for method, path in (("get", ""), ("post", "cancel/"), ("post", "retry/")):
        assert getattr(bobs, method)(f"{IMPORTS}{job.pk}/{path}").status_code == 404
    assert bobs.get(IMPORTS).json()["results"] == []
