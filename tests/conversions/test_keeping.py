"""What was converted goes when its owner, the server or the conversion itself says so, and not before."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from conversions.keeping import DOWNLOAD_GRACE
from conversions.models import Conversion
from tests import base
from tests.faults.base import database_url
from voiceproject.models import Keeping

pytestmark = pytest.mark.django_db
SOUND = base.tone(3.0)


@pytest.fixture
def ended(alice):
    """A conversion of alice's that ended some days ago."""

    def make(days, state="done", **columns):
        at = timezone.now() - timedelta(days=days)
        conversion = Conversion(owner=alice, source_name="tone.wav", state=state, finished_at=at, **columns)
        conversion.source.save("source", base.upload(SOUND), save=False)
        conversion.result.save("result", base.upload(SOUND), save=False)
        conversion.save()
        conversion.refresh_from_db()
        return conversion

    return make


@pytest.fixture
def forget(django_capture_on_commit_callbacks):
    """The ids that are left after a clean-up."""

    def run():
        with django_capture_on_commit_callbacks(execute=True):
            call_command("forget")
        return set(Conversion.objects.values_list("pk", flat=True))

    return run


def sources_and_results():
    return {name for name in base.files_left() if name.startswith(("files/sources", "files/results"))}


def test_it_works(ended, forget, settings, capsys):
    settings.RETENTION_DAYS = 7
    old, young = ended(7.1), ended(6.9)
    assert forget() == {young.pk}
    assert sources_and_results() == {f"files/{young.source.name}", f"files/{young.result.name}"}
    assert capsys.readouterr().out == "1 conversions were deleted: their time was over.\n"
    assert not Conversion.objects.filter(pk=old.pk).exists()


@pytest.mark.parametrize(
    ("wishes", "stays"),
    [
        ((0, None, None), True),
        ((3, None, None), False),
        ((3, 30, None), True),
        ((3, 0, None), True),
        ((0, 3, None), False),
        ((30, 30, 3), False),
        ((3, 3, 0), True),
    ],
)
def test_the_nearest_wish_counts(wishes, stays, ended, forget, settings, alice):
    """Of the server, the person, the conversion."""
    settings.RETENTION_DAYS, person, own = wishes
    Keeping.objects.wish(alice, person)
    conversion = ended(10, keep_days=own)
    expected = conversion.expires_at
    assert (expected is None or expected > timezone.now()) == stays, "what is told is what happens"
    assert (forget() == {conversion.pk}) == stays


@pytest.mark.parametrize("state", ["failed", "cancelled", "rejected"])
def test_what_did_not_succeed_goes_too(state, ended, forget, settings):
    settings.RETENTION_DAYS = 1
    ended(2, state)
    assert forget() == set()


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_has_not_ended_stays(state, ended, forget, settings):
    settings.RETENTION_DAYS = 1
    conversion = ended(400, state)
    assert conversion.expires_at is None
    assert forget() == {conversion.pk}


def test_one_that_was_tried_again_meanwhile_stays(ended, settings):
    settings.RETENTION_DAYS = 1
    conversion = ended(2, "failed")
    found = Conversion.objects.outdated().values_list("pk", flat=True)[0]
    assert conversion.retry()
    assert not Conversion.objects.all()._forget(found)
    assert Conversion.objects.exists()


def test_many_go_in_batches(ended, forget, settings, monkeypatch):
    settings.RETENTION_DAYS = 1
    monkeypatch.setattr("conversions.keeping.BATCH", 2)
    for _ in range(5):
        ended(2)
    assert forget() == set()
    assert sources_and_results() == set()


def test_what_killed_workers_left_goes_too(ended, forget, own_folder):
    ended(0, "running", token="mine")
    for name in ("mine", "gone"):
        (own_folder / "work" / name).mkdir(parents=True)
    forget()
    assert [path.name for path in (own_folder / "work").iterdir()] == ["mine"]


class TestDownload:
    @pytest.fixture
    def once(self, ended):
        """To be deleted after it was downloaded."""
        return ended(0.1, delete_after_download=True)

    def fetch(self, api, conversion, wanted=None, blocks=None):
        """Fetch the result, or a range of it; with `blocks` the reader goes away after so many."""
        headers = {"Range": f"bytes={wanted}"} if wanted else {}
        answer = api(conversion.owner).get(f"/api/conversions/{conversion.pk}/result/", headers=headers)
        stream = answer.streaming_content
        read = b"".join(stream if blocks is None else [next(stream) for _ in range(blocks)])
        answer._iterator.close()
        conversion.refresh_from_db()
        return read

    def pass_the_grace(self, conversion):
        assert conversion.downloaded_at
        assert conversion.expires_at == conversion.downloaded_at + DOWNLOAD_GRACE
        Conversion.objects.update(downloaded_at=conversion.downloaded_at - DOWNLOAD_GRACE - timedelta(seconds=1))

    def test_it_goes_ten_minutes_after_the_last_byte(self, api, once, forget):
        assert once.expires_at is None
        assert len(self.fetch(api, once)) == once.result.size
        assert forget() == {once.pk}, "it can be fetched again"
        assert len(self.fetch(api, once)) == once.result.size
        self.pass_the_grace(once)
        assert forget() == set()
        assert sources_and_results() == set()

    def test_one_that_breaks_off_does_not_count_until_it_is_resumed(self, api, once):
        self.fetch(api, once, blocks=1)
        assert once.downloaded_at is None
        self.fetch(api, once, f"{once.delivered}-")
        assert once.downloaded_at

    def test_what_the_reader_did_not_take_was_not_delivered(self, api, once):
        self.fetch(api, once, blocks=2)
        assert once.delivered == 1 << 16, "the second block may never have arrived"

    def test_a_player_that_looks_around_has_not_downloaded_it(self, api, once):
        for wanted in ("-100", "40000-", "0-99", "5000-6000"):
            self.fetch(api, once, wanted)
        assert (once.delivered, once.downloaded_at) == (100, None)

    def test_pieces_in_order_count_as_the_whole(self, api, once):
        half = once.result.size // 2
        self.fetch(api, once, f"0-{half}")
        assert once.downloaded_at is None
        self.fetch(api, once, f"{half - 10}-")
        assert once.downloaded_at

    def test_the_page_may_draw_it_and_staff_may_listen(self, client, once, staff):
        def read(user, query=""):
            client.force_login(user)
            answer = client.get(f"/conversions/{once.pk}/result/{query}")
            b"".join(answer.streaming_content)
            once.refresh_from_db()
            return once.downloaded_at

        assert read(once.owner) is None
        assert read(staff, "?download") is None
        assert read(once.owner, "?download")

    def test_others_are_not_counted(self, api, ended):
        conversion = ended(0.1)
        self.fetch(api, conversion)
        assert (conversion.delivered, conversion.downloaded_at) == (0, None)


class TestWishes:
    def test_the_api_takes_and_tells_them(self, api, voice, settings):
        sent = {"voice": str(voice.pk), "keep_days": 3, "delete_after_download": "true"}
        made = api(voice.owner).post("/api/conversions/", sent | {"recording": base.upload(base.tone())}).json()
        assert (made["keep_days"], made["delete_after_download"], made["expires_at"]) == (3, True, None)
        job = Conversion.objects.claim(made["id"])
        job.finish(result_seconds=1.0)
        told = api(voice.owner).get(f"/api/conversions/{job.pk}/").json()["expires_at"]
        assert told[:19] == (job.finished_at + timedelta(days=3)).isoformat()[:19]

    @pytest.mark.parametrize("days", [-1, 3651, "soon"])
    def test_days_that_are_none_are_refused(self, days, api, voice):
        sent = {"voice": str(voice.pk), "keep_days": days, "recording": base.upload(base.tone())}
        answer = api(voice.owner).post("/api/conversions/", sent)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "keep_days")

    @pytest.mark.parametrize(
        ("said", "kept"), [("", (None, False)), ("download", (None, True)), ("7", (7, False)), ("0", (0, False))]
    )
    def test_the_form_takes_them(self, said, kept, client, voice):
        client.force_login(voice.owner)
        sent = {"voice": voice.pk, "recording": base.upload(base.tone()), "keep": said}
        assert client.post("/", sent).status_code == 302
        made = Conversion.objects.get()
        assert (made.keep_days, made.delete_after_download) == kept

    def test_the_page_says_when_it_goes(self, client, ended):
        conversion = ended(0, keep_days=3)
        client.force_login(conversion.owner)
        day = conversion.expires_at.strftime("%B %Y")
        assert day in client.get(conversion.get_absolute_url()).content.decode()


@pytest.mark.django_db(transaction=True)
def test_one_that_is_killed_is_gone_on_with(ended, tmp_path, settings):
    """The real command, killed as soon as it has deleted something; nothing is left after the next."""
    for _ in range(12):
        ended(2, keep_days=1)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(settings.VAR_DIR),
        "DATABASE_URL": database_url(),
    }
    command = [sys.executable, "manage.py", "forget"]
    first = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while Conversion.objects.count() == 12 and time.monotonic() < end:
        time.sleep(0.001)
    first.send_signal(signal.SIGKILL)
    first.wait()
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert not Conversion.objects.exists()
    left = sources_and_results()
    assert len(left) <= 2, "what was killed between the row and its files; the sweep has them"
