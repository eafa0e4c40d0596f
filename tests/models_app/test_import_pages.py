"""The pages of imports, the command, the administration."""

import re
from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from jobs.models import State
from jobs.queues import Queue
from jobs.workers import WorkerBeat
from models_app import tasks
from models_app.models import VoiceImport, VoiceModel
from tests import network as net

pytestmark = pytest.mark.django_db
PAGE = "/voices/import/"
URL = "https://files.example/Mary.pth"


@pytest.fixture
def site(client, alice, imports, voice_file):
    imports["files"].routes["/Mary.pth"] = net.serve(voice_file.read_bytes())
    client.force_login(alice)
    return client


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_works_without_javascript(site):
    assert 'name="url"' in text(site.get(PAGE))
    answer = site.post(PAGE, {"url": f" {URL} ", "name": "Mary"})
    job = VoiceImport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{job.pk}/")
    waiting = text(site.get(answer["Location"]))
    assert "Waiting for a worker" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert "Nothing is working on the queue" in waiting
    tasks.import_voice(str(job.pk))
    done = text(site.get(answer["Location"]))
    voice = VoiceModel.objects.get()
    assert voice.get_absolute_url() in done
    assert 'http-equiv="refresh"' not in done
    assert "Mary" in text(site.get(PAGE))


def test_it_says_when_nobody_imports_though_others_work(site, alice):
    page = VoiceImport.objects.create(owner=alice, url=URL).get_absolute_url()
    WorkerBeat.objects.create(host="here", pid=1, workers=1, queue=Queue.CPU)
    assert "Nothing is working on the queue" in text(site.get(page))
    WorkerBeat.objects.create(host="there", pid=1, workers=1, queue=Queue.IMPORT)
    assert "Nothing is working on the queue" not in text(site.get(page))


def test_errors_stand_at_their_field(site):
    for wish, field, words in (
        ({"url": "http://files.example/a.pth"}, "url", "has to begin with https://"),
        ({"url": "https://127.0.0.1/a.pth"}, "url", "does not import from"),
        ({"url": URL, "index_url": "https://files.example:22/"}, "index_url", "only port 443"),
        ({"url": URL, "sha256": "x"}, "sha256", "64 digits"),
        ({"url": ""}, "url", "required"),
    ):
        answer = site.post(PAGE, wish)
        assert answer.status_code == 422
        [error] = answer.context["form"].errors[field]
        assert words in error
    assert not VoiceImport.objects.exists()


def test_it_says_when_imports_are_off(site, settings):
    settings.IMPORT_FROM_ADDRESSES = False
    answer = text(site.get(PAGE))
    assert "IMPORT_FROM_ADDRESSES=true" in answer
    assert 'name="url"' not in answer
    assert site.post(PAGE, {"url": URL}).status_code == 422


def test_the_status_is_polled_while_it_runs(site, alice):
    job = VoiceImport.objects.create(owner=alice, url=URL)
    VoiceImport.objects.claim(job.pk)
    VoiceImport.objects.filter(pk=job.pk).update(
        stage="download", progress=0.4, bytes_done=3 << 20, bytes_total=7 << 20
    )
    answer = text(site.get(f"{PAGE}{job.pk}/status/", headers={"HX-Request": "true"}))
    assert "<html" not in answer
    assert f'hx-get="{PAGE}{job.pk}/status/"' in answer
    assert "Fetching the voice" in answer
    assert "3.0\xa0MB of 7.0\xa0MB" in answer.replace("&nbsp;", "\xa0") or "3.0 MB of 7.0 MB" in answer
    assert 'value="40"' in answer


def test_cancel_and_try_again(site, alice):
    job = VoiceImport.objects.create(owner=alice, url=URL)
    site.post(f"{PAGE}{job.pk}/cancel/")
    page = text(site.get(f"{PAGE}{job.pk}/"))
    assert "was cancelled" in page
    assert f'action="{PAGE}{job.pk}/retry/"' in page
    site.post(f"{PAGE}{job.pk}/retry/")
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_a_refusal_is_shown(site, imports):
    imports["files"].routes["/Mary.pth"] = lambda handler: handler.answer(200, b"<!doctype html><title>Sign in")
    site.post(PAGE, {"url": URL})
    job = VoiceImport.objects.get()
    tasks.import_voice(str(job.pk))
    page = text(site.get(f"{PAGE}{job.pk}/"))
    assert "web page" in page
    assert 'role="alert"' in page


def test_a_voice_of_a_repository_is_chosen(site, alice):
    found = [
        {"path": f"{name}.pth", "bytes": 5, "url": f"https://files.example/{name}.pth", "sha256": "a" * 64,
         "index_path": f"{name}.index", "index_url": f"https://files.example/{name}.index", "index_sha256": ""}
        for name in ("Ann", "<b>Bea")
    ]  # fmt: skip
    job = VoiceImport.objects.create(
        owner=alice, url="https://hub.example/a/b", state="done", found=found, name="My own"
    )
    page = text(site.get(f"{PAGE}{job.pk}/"))
    assert "holds 2 voices" in page
    assert "<b>Bea" not in page
    form = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition("Ann.pth")[2].partition("</form>")[0]
    )
    site.post(PAGE, dict(form))
    chosen = VoiceImport.objects.exclude(pk=job.pk).get()
    assert (chosen.url, chosen.index_url) == ("https://files.example/Ann.pth", "https://files.example/Ann.index")
    assert (chosen.sha256, chosen.name) == ("a" * 64, "My own")


def test_a_voice_that_is_gone_is_said_to_be(site, alice):
    job = VoiceImport.objects.create(owner=alice, url=URL, state="done")
    assert "deleted since" in text(site.get(f"{PAGE}{job.pk}/"))


class TestCommand:
    def run(self, *words):
        said = StringIO()
        call_command("voices", "import", *words, "--owner", "alice", stdout=said)
        return said.getvalue()

    def test_it_imports(self, alice, site):
        assert "Added Desk as" in self.run(URL, "--name", "Desk")
        assert VoiceModel.objects.get().owner == alice

    def test_it_says_what_is_wrong(self, alice, site, imports):
        imports["files"].routes.clear()
        for url, code in ((URL, "upstream"), ("https://127.0.0.1/a", "url_not_allowed")):
            with pytest.raises(CommandError, match=code):
                self.run(url)

    def test_it_lists_what_there_is_to_choose(self, alice, imports):
        listing = b'[{"type":"file","path":"a.pth","size":1},{"type":"file","path":"b.pth","size":1}]'
        imports["hub"].routes["/api/models/ana/singers/tree/main"] = lambda handler: handler.answer(200, listing)
        shown = self.run("https://hub.example/ana/singers")
        assert "2 voices" in shown
        assert "https://hub.example/ana/singers/resolve/main/b.pth" in shown


def test_staff_cancel_and_try_again(client, staff, alice):
    client.force_login(staff)
    job = VoiceImport.objects.create(owner=alice, url=URL)
    listed = reverse("admin:models_app_voiceimport_changelist")
    for action, state in (("cancel", State.CANCELLED), ("retry", State.QUEUED)):
        assert "Mary.pth" in text(client.get(listed))
        client.post(listed, {"action": action, "_selected_action": [job.pk]})
        job.refresh_from_db()
        assert job.state == state
    shown = text(client.get(reverse("admin:models_app_voiceimport_change", args=[job.pk])))
    assert 'name="url"' not in shown, "nothing is edited"


class TestKeys:
    """Addresses may end in a key; nobody has use for it once the import has ended."""

    SIGNED = f"{URL}?X-Amz-Signature=s3cret"

    def test_they_go_with_the_end(self, site, alice, imports, voice_file):
        imports["files"].routes["/Mary.pth"] = net.serve(voice_file.read_bytes())
        job = VoiceImport.objects.submit(alice, self.SIGNED, index_url="")
        assert job.url == self.SIGNED
        tasks.import_voice(str(job.pk))
        job.refresh_from_db()
        assert (job.state, job.url) == (State.DONE, f"{URL}?…")
        for shown in (site.get(job.get_absolute_url()), site.get(PAGE), site.get(f"/api/imports/{job.pk}/")):
            assert "s3cret" not in text(shown)

    @pytest.mark.parametrize("end", ["cancel", "fail", "reject", "give up"])
    def test_they_go_however_it_ends(self, alice, imports, settings, end):
        settings.JOB_MAX_ATTEMPTS = 1
        job = VoiceImport.objects.submit(alice, URL, index_url=f"{URL}?token=s3cret")
        if end != "cancel":
            job = VoiceImport.objects.claim(job.pk)
        match end:
            case "cancel":
                job.cancel()
            case "give up":
                VoiceImport.objects.filter(pk=job.pk).take_back()
            case _:
                getattr(job, end)("upstream", "It failed.")
        job = VoiceImport.objects.get()
        assert (job.is_final, job.index_url) == (True, f"{URL}?…")

    def test_what_is_cut_is_not_tried_again(self, site, api, alice, imports):
        job = VoiceImport.objects.submit(alice, self.SIGNED)
        job.cancel()
        page = text(site.get(job.get_absolute_url()))
        assert "retry" not in page
        assert "not kept" in page
        site.post(f"{PAGE}{job.pk}/retry/")
        answer = api(alice).post(f"/api/imports/{job.pk}/retry/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_done")
        assert "not kept" in answer.json()["error"]["message"]
        assert VoiceImport.objects.get().state == State.CANCELLED
        assert site.post(PAGE, {"url": job.url}).status_code == 422

    @pytest.mark.parametrize("query", ["", "?download=true", "?dl=1"])
    def test_what_is_none_stays(self, alice, imports, query):
        job = VoiceImport.objects.submit(alice, URL + query)
        job.cancel()
        assert (job.url, job.retry()) == (URL + query, True)

    def test_those_from_before_are_cut_as_well(self, alice):
        VoiceImport.objects.create(owner=alice, url=f"{URL}?a=1", state="failed")
        VoiceImport.objects.create(owner=alice, url=f"{URL}?download=true", state="done")
        VoiceImport.objects.create(owner=alice, url=f"{URL}?b=1", state="queued")
        import_module("models_app.migrations.0010_no_keys").cut(apps, SimpleNamespace(connection=connection))
        kept = set(VoiceImport.objects.values_list("url", flat=True))
        assert kept == {f"{URL}?…", f"{URL}?download=true", f"{URL}?b=1"}


class TestForgetting:
    def test_it_works(self, site, alice, imports):
        job = VoiceImport.objects.submit(alice, URL)
        tasks.import_voice(str(job.pk))
        assert f'action="{PAGE}{job.pk}/delete/"' in text(site.get(job.get_absolute_url()))
        assert site.post(f"{PAGE}{job.pk}/delete/")["Location"] == PAGE
        assert not VoiceImport.objects.exists()
        assert VoiceModel.objects.exists()

    def test_not_while_it_waits(self, site, api, client, staff, alice):
        job = VoiceImport.objects.create(owner=alice, url=URL)
        assert "/delete/" not in text(site.get(job.get_absolute_url()))
        site.post(f"{PAGE}{job.pk}/delete/")
        assert api(alice).delete(f"/api/imports/{job.pk}/").status_code == 409
        client.force_login(staff)
        listed = reverse("admin:models_app_voiceimport_changelist")
        client.post(listed, {"action": "delete_selected", "_selected_action": [job.pk], "post": "yes"})
        assert client.post(reverse("admin:models_app_voiceimport_delete", args=[job.pk])).status_code == 403
        assert VoiceImport.objects.exists()

    def test_through_the_api_and_by_staff(self, api, client, staff, alice, bob):
        jobs = [VoiceImport.objects.create(owner=alice, url=URL, state="failed") for _ in range(3)]
        assert api(bob).delete(f"/api/imports/{jobs[0].pk}/").status_code == 404
        assert api(alice).delete(f"/api/imports/{jobs[0].pk}/").status_code == 204
        client.force_login(staff)
        listed = reverse("admin:models_app_voiceimport_changelist")
        client.post(listed, {"action": "delete_selected", "_selected_action": [jobs[1].pk], "post": "yes"})
        client.post(reverse("admin:models_app_voiceimport_delete", args=[jobs[2].pk]), {"post": "yes"})
        assert not VoiceImport.objects.exists()
