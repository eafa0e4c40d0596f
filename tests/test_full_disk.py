"""A disk that is full, or cannot be written: one clear sentence, nothing half-written, and it goes on when it can.

The disks are real: small ones in memory, which only the superuser may mount.
"""

import errno
import subprocess

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from conversions import tasks
from conversions.models import Conversion
from jobs.models import State
from models_app.models import VoiceModel
from rvc.codec import decode
from rvc.errors import RVCError, StorageError, storage_error
from rvc.options import ConversionOptions
from tests import base
from voiceproject.storage import storage_trouble

pytestmark = pytest.mark.django_db
SOUND = base.tone(3.0)  # 94 KiB


class Disk:
    """A disk of its own for one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"

    def fill(self, left=0):
        """Leave so many KiB, or nothing."""
        with self.filler.open("wb", buffering=0) as filler:
            with pytest.raises(OSError, match="No space left"):  # noqa: PT012 - the last of many
                while True:
                    filler.write(b"x" * 4096)
            filler.truncate(max(0, filler.tell() - left * 1024))

    def empty(self):
        self.filler.unlink()

    def writable(self, yes):
        subprocess.run(["mount", "-o", f"remount,{'rw' if yes else 'ro'}", self.folder], check=True)

    def files(self):
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file() and path != self.filler)


@pytest.fixture
def disk(own_folder):
    """Makes a folder below VAR_DIR a small disk."""
    mounted = []

    def mount(name, kib=2048):
        folder = own_folder / name
        folder.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", folder], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip("only the superuser mounts disks")
        mounted.append(folder)
        return Disk(folder)

    yield mount
    tasks.converter.cache_clear()
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def conversion(voice, alice, own_folder):
    """One that waits; its voice and its source lie on the disk of `files`, if that is small."""
    return Conversion.objects.submit(alice, voice, base.upload(SOUND), ConversionOptions())


def send(api, voice):
    return api(voice.owner).post("/api/conversions/", {"voice": str(voice.pk), "recording": base.upload(SOUND)})


def run(conversion):
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    return conversion


class TestUpload:
    @pytest.mark.parametrize("left", [0, 8, 60])
    def test_without_room_it_is_told_and_nothing_stays(self, left, disk, api, voice):
        uploads = disk("uploads")
        uploads.fill(left)
        answer = send(api, voice)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert "no room" in answer.json()["error"]["message"]
        assert uploads.files() == []
        uploads.empty()
        assert send(api, voice).status_code == 202

    def test_the_page_says_it_too(self, disk, client, voice):
        uploads = disk("uploads")
        uploads.fill()
        client.force_login(voice.owner)
        answer = client.post("/", {"voice": voice.pk, "recording": base.upload(SOUND)})
        assert answer.status_code == 507
        assert "no room left" in answer.content.decode()
        assert uploads.files() == []

    def test_a_disk_that_cannot_be_written_is_told(self, disk, api, voice):
        uploads = disk("uploads")
        uploads.writable(False)
        answer = send(api, voice)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_readonly")
        uploads.writable(True)
        assert send(api, voice).status_code == 202


WRITERS = {
    "batches": ("/api/batches/", "recording"),
    "files of a batch": ("/api/batches/{batch}/files/", "recording"),
    "uploads": ("/api/uploads/", "file"),
    "once more": ("/api/conversions/{conversion}/again/", ""),
    "speech to speech": ("/v1/speech-to-speech/{voice}", "audio"),
}
"""What else keeps files of people: its address, and the field of the file."""


@pytest.mark.parametrize("name", WRITERS)
def test_whoever_keeps_a_file_says_that_there_is_no_room(name, disk, api, make_voice, alice):
    files, client = disk("files"), api(alice)
    voice, (address, field) = make_voice(alice), WRITERS[name]
    sent = send(api, voice).json()["id"]
    batch = client.post("/api/batches/", {"voice": str(voice.pk)}).json()["id"]
    before = files.files(), Conversion.objects.count()
    files.fill(8)
    wish = {"voice": str(voice.pk)} if name == "batches" else {}
    wish |= {field: base.upload(SOUND)} if field else {}
    answer = client.post(address.format(voice=voice.pk, batch=batch, conversion=sent), wish)
    assert (answer.status_code, "storage_full" in answer.content.decode()) == (507, True)
    assert (files.files(), Conversion.objects.count()) == before


class TestStorage:
    @pytest.mark.parametrize("left", [0, 8, 60])
    def test_no_half_recording_is_kept(self, left, disk, api, make_voice, alice):
        files = disk("files")
        voice = make_voice(alice)
        before = files.files()
        files.fill(left)
        answer = send(api, voice)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert files.files() == before
        assert not Conversion.objects.exists()
        files.empty()
        assert send(api, voice).status_code == 202

    def test_the_page_says_it_too(self, disk, client, make_voice, alice):
        files = disk("files")
        voice = make_voice(alice)
        files.fill()
        client.force_login(alice)
        answer = client.post("/", {"voice": voice.pk, "recording": base.upload(SOUND)})
        assert answer.status_code == 507
        assert not Conversion.objects.exists()

    def test_no_half_voice_is_kept(self, disk, api, alice, voice_file):
        files = disk("files")
        files.fill(4)
        answer = api(alice).post("/api/voices/", {"checkpoint": base.upload(voice_file, "a.pth")})
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert files.files() == []
        assert not VoiceModel.objects.exists()
        files.empty()
        assert api(alice).post("/api/voices/", {"checkpoint": base.upload(voice_file, "a.pth")}).status_code == 201

    @pytest.mark.parametrize("left", [0, 40])
    def test_a_voice_that_cannot_be_checked_for_want_of_room_is_not_blamed(self, left, disk, api, alice, voice_file):
        quarantine = disk("quarantine")
        quarantine.fill(left)
        answer = api(alice).post("/api/voices/", {"checkpoint": base.upload(voice_file, "a.pth")})
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
        assert quarantine.files() == []

    def test_a_name_stands_for_a_whole_file(self, disk):
        files = disk("files")
        files.fill(8)
        with pytest.raises(OSError, match="No space left"):
            default_storage.save("results/a", ContentFile(b"x" * 100_000))
        assert files.files() == []
        assert default_storage.save("results/a", ContentFile(b"x" * 1000)) == "results/a"
        assert files.files() == ["a"]


@pytest.mark.usefixtures("encoder")
class TestJob:
    @pytest.mark.parametrize("left", [0, 100])
    def test_without_room_to_work_it_fails_and_can_be_tried_again(self, left, disk, conversion):
        """Nothing left: no folder. Room for the copy of the recording alone: the child that decodes has none."""
        work = disk("work", 8192)
        work.fill(left)
        run(conversion)
        assert (conversion.state, conversion.error_code) == (State.FAILED, "storage_full")
        assert work.files() == []
        work.empty()
        assert conversion.retry()
        assert run(conversion).state == State.DONE

    def test_without_room_for_the_result_it_fails_and_can_be_tried_again(self, disk, conversion, settings):
        results = disk("files/results")
        results.fill(40)
        run(conversion)
        assert (conversion.state, conversion.error_code, bool(conversion.result)) == (
            State.FAILED, "storage_full", False,
        )  # fmt: skip
        assert results.files() == []
        results.empty()
        assert conversion.retry()
        assert run(conversion).state == State.DONE
        assert len(results.files()) == 1

    def test_a_disk_that_cannot_be_written_is_told(self, disk, conversion):
        results = disk("files/results")
        results.writable(False)
        run(conversion)
        assert (conversion.state, conversion.error_code) == (State.FAILED, "storage_readonly")
        results.writable(True)
        assert conversion.retry()
        assert run(conversion).state == State.DONE

    def test_a_full_cache_costs_nobody_the_result(self, disk, conversion, settings):
        cache = disk("cache")
        settings.FEATURE_CACHE_DIR = cache.folder / "features"
        settings.FEATURE_CACHE_DIR.mkdir()
        cache.fill()
        tasks.converter.cache_clear()
        assert run(conversion).state == State.DONE
        assert cache.files() == []


def test_a_decoder_without_room_does_not_blame_the_recording(disk, tmp_path):
    work = disk("work", 256)
    work.fill(40)
    source = tmp_path / "tone.wav"
    source.write_bytes(SOUND)
    with pytest.raises(StorageError) as caught:
        decode(source, work.folder)
    assert caught.value.code == "storage_full"
    assert work.files() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a limit that only SQLite has")
def test_a_full_database_is_told(api, client, voice):
    with connection.cursor() as cursor:
        free = cursor.execute("PRAGMA freelist_count").fetchone()[0]  # what other tests have left behind would take it
        cursor.execute(f"CREATE TABLE filler AS SELECT zeroblob({4096 * (free + 1)}) AS padding")
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        said = {"description": "x" * 2000, "origin": "y" * 2000, "quality": "z" * 2000, "consent_statement": "w" * 2000}
        try:
            answer = api(voice.owner).patch(f"/api/voices/{voice.pk}/", said, format="json")
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert api(voice.owner).patch(f"/api/voices/{voice.pk}/", said, format="json").status_code == 200


def test_other_errors_are_other_errors():
    for error in (OSError(errno.ENOENT, "gone"), ValueError(), RVCError("busy", "Later."), MemoryError()):
        assert storage_error(error) is storage_trouble(error) is None


def test_settings_keep_whole_files():
    assert settings.STORAGES["default"]["BACKEND"] == "voiceproject.storage.WholeFiles"
