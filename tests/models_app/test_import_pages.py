"""The pages of imports, the command, the administration."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from jobs.models import State
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
