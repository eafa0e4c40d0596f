"""Everything of a person goes when they say so, to the last byte, and nothing of anybody else."""

import hashlib
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection

from accounts.models import AccessToken, Erasure
from accounts.tasks import erase
from conversions.models import Conversion
from jobs.models import State
from models_app.models import VoiceImport, VoiceModel
from tests import base
from voiceproject.models import Keeping

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture(autouse=True)
def _own_folder(own_folder, settings):
    settings.FEATURE_CACHE_DIR = own_folder / "cache" / "features"


@pytest.fixture
def everything(alice, make_voice):
    """One of each thing that a person can have, each with bytes that nothing else has."""

    def make(user=alice, state="done", **columns):
        mark = os.urandom(64).hex()
        voice = make_voice(user, name="Mine")
        voice.show_cover(user, f"cover {mark}".encode())
        voice.preview.save("a.mp3", base.upload(f"preview {mark}".encode()))
        fingerprint = hashlib.blake2b(mark.encode(), digest_size=20).hexdigest()
        conversion = Conversion(
            owner=user, voice=voice, source_name=f"{mark[:20]}.wav", state=state, fingerprint=fingerprint, **columns
        )
        conversion.source.save("source", base.upload(f"source {mark}".encode()), save=False)
        conversion.result.save("result", base.upload(f"result {mark}".encode()), save=False)
        conversion.save()
        folder = settings.FEATURE_CACHE_DIR
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{fingerprint}.key.safetensors").write_bytes(f"features {mark}".encode())
        VoiceImport.objects.create(owner=user, url="https://files.example/a.pth", state="done", voice=voice)
        return conversion, mark

    return make


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    """Do what a worker does with an erasure."""

    def work(erasure):
        with django_capture_on_commit_callbacks(execute=True):
            erase(str(erasure.pk))
        erasure.refresh_from_db()
        return erasure

    return work


def kept(mark):
    """Where bytes of somebody are found, anywhere below VAR_DIR."""
    found = []
    for path in settings.VAR_DIR.rglob("*"):
        if path.is_file() and mark.encode() in path.read_bytes():
            found.append(str(path.relative_to(settings.VAR_DIR)))
    return sorted(found)


def test_it_works(alice, bob, everything, run):
    _, mark = everything()
    everything(bob)
    assert len(kept(mark)) == 5, "source, result, cover, preview, features"
    before = base.files_left()
    theirs = {name for name in before if not any(key in name for key in names_of(alice))}
    erasure = run(Erasure.objects.submit(alice))
    assert (erasure.state, erasure.progress) == (State.DONE, 1.0)
    assert {name: count for name, count in erasure.found.items() if count} == {
        "conversions": 1,
        "imports of voices": 1,
        "voices": 1,
    }
    assert kept(mark) == []
    assert base.files_left() == theirs, "everything of the other person, and nothing else"
    assert not Conversion.objects.filter(owner=alice).exists()
    assert not VoiceModel.objects.filter(owner=alice).exists()
    assert not VoiceImport.objects.filter(owner=alice).exists()
    assert Conversion.objects.get().owner == bob
    assert User.objects.filter(pk=alice.pk).exists()


def names_of(user):
    """Ids in the names of somebody's files."""
    rows = [*Conversion.objects.filter(owner=user), *VoiceModel.objects.filter(owner=user)]
    return [row.pk.hex for row in rows]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_waits_or_runs_is_stopped_first(state, alice, everything, run):
    conversion, mark = everything(state=state)
    erasure = Erasure.objects.submit(alice)
    conversion.refresh_from_db()
    assert conversion.state == State.CANCELLED, "before any worker comes to it"
    run(erasure)
    assert kept(mark) == []


def test_the_folder_of_work_that_was_killed_goes(alice, everything, run, own_folder):
    _, mark = everything(state="running", token="abc")
    left = own_folder / "work" / "abc" / "recording.pcm"
    left.parent.mkdir(parents=True)
    left.write_text(mark)
    run(Erasure.objects.submit(alice))
    assert kept(mark) == []


def test_a_worker_that_is_late_leaves_nothing_measured(alice, everything, run, monkeypatch):
    """It measures on between the cancel and its next beat, while the row is deleted."""
    from conversions import tasks

    conversion, mark = everything(state="queued", seed=1)
    Conversion.objects.update(state="queued")

    def deleted_meanwhile(scratch, job, progress):
        run(Erasure.objects.submit(alice))
        (settings.FEATURE_CACHE_DIR / f"{job.fingerprint}.late.safetensors").write_text(mark)
        progress("content", 0.5)
        raise AssertionError("it was told to stop")

    monkeypatch.setattr(tasks, "_convert_in", deleted_meanwhile)
    tasks.convert(str(conversion.pk))
    assert kept(mark) == []


def test_what_comes_afterwards_stays(alice, everything, run):
    erasure = Erasure.objects.submit(alice)
    conversion, mark = everything()
    run(erasure)
    assert kept(mark)
    assert Conversion.objects.get() == conversion


def test_one_that_is_killed_is_gone_on_with(alice, everything, run, monkeypatch):
    """The attempt ends after one row, as if its worker had died; the next one does the rest."""
    from accounts import tasks

    marks = [everything()[1] for _ in range(2)]
    erasure = Erasure.objects.submit(alice)
    delete = tasks._delete

    def once(row):
        delete(row)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "_delete", once)
        with pytest.raises(SystemExit):
            run(erasure)
    erasure.refresh_from_db()
    assert erasure.state == State.FAILED
    assert any(kept(mark) for mark in marks)
    assert erasure.retry()
    assert run(erasure).state == State.DONE
    assert [kept(mark) for mark in marks] == [[], []]


def test_a_second_wish_takes_the_place_of_one_that_waits(alice, everything, run):
    Erasure.objects.submit(alice)
    _, mark = everything()
    run(Erasure.objects.submit(alice))
    assert kept(mark) == []
    assert Erasure.objects.count() == 1


@pytest.mark.parametrize("too", [False, True])
def test_tokens_go_when_that_is_wished(too, alice, run):
    AccessToken.objects.issue(alice)
    run(Erasure.objects.submit(alice, tokens=too))
    assert AccessToken.objects.exists() != too


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="the file of SQLite")
def test_the_database_file_holds_no_names_either(alice, everything):
    _, mark = everything()
    name = mark[:20].encode()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA database_list")
        file = cursor.fetchone()[2]
    assert name in read(file)
    erase(str(Erasure.objects.submit(alice).pk))
    assert name not in read(file)
    assert name not in read(f"{file}-wal")


def read(path):
    return Path(path).read_bytes()


class TestPage:
    def ask(self, client, **said):
        return client.post("/account/erase/", {"name": "alice", "password": PASSWORD, **said})

    def test_it_asks_twice_and_tells_the_end(self, client, alice, everything, run):
        _, mark = everything()
        client.force_login(alice)
        assert "conversions: 1" in client.get("/account/erase/").content.decode()
        assert self.ask(client).url == "/account/"
        assert "is being deleted" in client.get("/account/").content.decode()
        run(Erasure.objects.get())
        page = client.get("/account/").content.decode()
        assert "is deleted" in page
        assert "Delete everything of mine" in page
        assert kept(mark) == []

    @pytest.mark.parametrize("said", [{"name": "alise"}, {"name": ""}, {"password": "wrong"}, {"password": ""}])
    def test_without_name_and_password_nothing_goes(self, said, client, alice):
        client.force_login(alice)
        assert self.ask(client, **said).status_code == 422
        assert not Erasure.objects.exists()

    def test_guessing_the_password_is_throttled(self, client, alice, bob):
        cache.clear()
        client.force_login(alice)
        guesses = [self.ask(client, password=str(guess), username=str(guess)).status_code for guess in range(21)]
        assert guesses == [422] * 20 + [429]
        assert self.ask(client).status_code == 429
        assert not Erasure.objects.exists()
        client.force_login(bob)
        assert self.ask(client, name="bob").status_code == 302


class TestAPI:
    def test_it_works(self, api, alice, everything, run):
        _, mark = everything()
        told = api(alice).get("/api/me/data/").json()
        assert (told["found"]["conversions"], told["erasure"]) == (1, None)
        answer = api(alice).delete("/api/me/data/", {"confirm": "alice"}, format="json")
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        run(Erasure.objects.get())
        told = api(alice).get("/api/me/data/").json()
        assert (told["found"]["conversions"], told["erasure"]["state"]) == (0, "done")
        assert kept(mark) == []

    @pytest.mark.parametrize("said", [{}, {"confirm": "yes"}, {"confirm": "bob"}, {"confirm": "alice", "owner": 1}])
    def test_without_the_right_word_nothing_goes(self, said, api, alice):
        assert api(alice).delete("/api/me/data/", said, format="json").status_code == 400
        assert not Erasure.objects.exists()


def test_staff_who_delete_an_account_leave_no_bytes(
    client, staff, alice, bob, everything, django_capture_on_commit_callbacks
):
    _, mark = everything()
    Keeping.objects.wish(alice, 5)
    Erasure.objects.create(owner=alice, state="done")
    _, theirs = everything(bob)
    client.force_login(staff)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/{settings.ADMIN_PATH}auth/user/{alice.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not User.objects.filter(username="alice").exists()
    assert kept(mark) == []
    assert len(kept(theirs)) == 5
