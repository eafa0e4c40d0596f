"""Files of people in a bucket, on a server of its own, and what happens when that server is away."""

import http.server
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Erasure
from accounts.tasks import erase
from conversions.models import Conversion, Piece
from conversions.streaming import heard
from conversions.tasks import convert
from jobs.models import State
from models_app.blending import blend
from models_app.exports import export
from models_app.models import VoiceModel
from models_app.tasks import check_voice
from monitoring.health import findings
from rvc.errors import StorageError
from rvc.options import ConversionOptions
from tests import base, buckets
from voiceproject.copies import copies, local_path

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversion(bucket, alice, voice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks():
        return Conversion.objects.submit(alice, voice, base.upload(base.tone(0.5)), ConversionOptions())


class Refusing(http.server.BaseHTTPRequestHandler):
    """Lets nobody in."""

    def refuse(self):
        self.answer(403, 0)

    def answer(self, status, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", '"one"')
        self.end_headers()

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = refuse

    def log_message(self, *_):
        pass


class Breaking(Refusing):
    """Sends half of what it has."""

    def do_HEAD(self):
        self.answer(200, 1000)

    def do_GET(self):
        self.answer(206, 1000)
        self.wfile.write(b"x" * 500)


@contextmanager
def served(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def refusing():
    with served(Refusing) as address:
        yield address


@pytest.fixture
def away(settings, own_folder):
    """A server that is not there."""
    buckets.use(settings, f"http://127.0.0.1:{buckets.free_port()}", "bucket")


class TestNames:
    def test_it_works(self, bucket, object_server):
        assert default_storage.save("results/a", ContentFile(b"0123456789")) == "results/a"
        assert buckets.names(object_server, bucket) == {"results/a"}
        assert default_storage.size("results/a") == 10
        assert default_storage.exists("results/a")
        assert default_storage.listdir("") == (["results"], [])
        assert default_storage.listdir("results") == ([], ["a"])
        default_storage.delete("results/a")
        assert not default_storage.exists("results/a")
        default_storage.delete("results/a")

    def test_what_is_not_there_is_a_missing_file(self, bucket):
        for ask in (default_storage.open, default_storage.size, default_storage.get_modified_time):
            with pytest.raises(FileNotFoundError):
                ask("results/a")

    def test_a_bucket_that_is_gone_is_no_missing_file(self, bucket, object_server):
        buckets.client(object_server).delete_bucket(Bucket=bucket)
        for ask in (default_storage.open, default_storage.exists, default_storage.listdir):
            with pytest.raises(StorageError) as caught:
                ask("results/a")
            assert caught.value.code == "storage_denied"

    def test_an_object_is_read_from_anywhere(self, bucket):
        content = bytes(range(256)) * 3000
        default_storage.save("results/a", ContentFile(content))
        with default_storage.open("results/a") as file:
            assert file.size == len(content)
            assert file.read(10) == content[:10]
            file.seek(500_000)
            assert file.read(1000) == content[500_000:501_000]
            file.seek(-5, 2)
            assert file.read() == content[-5:]
            assert file.read() == b""
        with file.open() as again:
            assert again.read() == content

    def test_an_empty_object_is_read(self, bucket):
        default_storage.save("results/a", ContentFile(b""))
        assert default_storage.open("results/a").read() == b""


class TestBucket:
    def test_it_is_made_once(self, settings, own_folder, object_server):
        buckets.use(settings, object_server, "fresh")
        assert default_storage.make_bucket()
        assert not default_storage.make_bucket()
        assert default_storage.save("results/a", ContentFile(b"x"))

    def test_a_server_that_refuses_is_said(self, settings, own_folder, refusing):
        buckets.use(settings, refusing, "fresh")
        with pytest.raises(StorageError) as caught:
            default_storage.make_bucket()
        assert caught.value.code == "storage_denied"


class TestDownloads:
    def test_the_site_sends_the_file_itself(self, conversion, client, alice):
        client.force_login(alice)
        url = f"/conversions/{conversion.pk}/source/"
        whole = client.get(url)
        assert (whole.status_code, whole.getvalue()) == (200, base.tone(0.5))
        assert "Location" not in whole.headers
        part = client.get(url, headers={"range": "bytes=100-199", "if-range": whole["ETag"]})
        assert (part.status_code, part.getvalue()) == (206, base.tone(0.5)[100:200])
        assert part["Content-Range"] == f"bytes 100-199/{len(base.tone(0.5))}"
        assert client.get(url, headers={"if-none-match": whole["ETag"]}).status_code == 304
        assert client.get(url, headers={"range": "bytes=99999999-"}).status_code == 416

    def test_a_stranger_gets_none_of_it(self, conversion, client, bob):
        client.force_login(bob)
        assert client.get(f"/conversions/{conversion.pk}/source/").status_code == 404

    def test_a_file_that_is_gone_is_not_found(self, conversion, client, alice):
        conversion.source.storage.delete(conversion.source.name)
        client.force_login(alice)
        assert client.get(f"/conversions/{conversion.pk}/source/").status_code == 404


class TestTrouble:
    def send(self, api, alice, voice):
        body = {"voice": str(voice.pk), "recording": base.upload(base.tone(0.5))}
        return api(alice).post("/api/conversions/", body)

    def test_a_storage_that_is_away_is_said(self, voice, away, api, alice):
        answer = self.send(api, alice, voice)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unreachable")
        assert answer["Retry-After"]
        assert not Conversion.objects.exists()

    def test_a_storage_that_refuses_is_said(self, voice, own_folder, refusing, settings, api, alice):
        buckets.use(settings, refusing, "bucket")
        answer = self.send(api, alice, voice)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_denied")
        assert not Conversion.objects.exists()

    def test_half_a_file_is_no_file(self, own_folder, settings):
        with served(Breaking) as address:
            buckets.use(settings, address, "bucket")
            with default_storage.open("voices/one") as file, pytest.raises(StorageError) as caught:
                file.read()
        assert caught.value.code == "storage_unreachable"

    def test_pages_say_it_too(self, conversion, away, client, alice):
        client.force_login(alice)
        answer = client.get(f"/conversions/{conversion.pk}/source/")
        assert answer.status_code == 503
        assert b"does not answer" in answer.content

    def test_readyz_says_it(self, bucket, settings, refusing):
        assert {finding.name: finding.ok for finding in findings()}["storage"]
        from django.core.cache import cache

        cache.clear()
        buckets.use(settings, refusing, "bucket")
        [found] = [finding for finding in findings() if finding.name == "storage"]
        assert not found.ok
        assert "refuses" in found.message


class TestWork:
    """What a worker does with files that it has to fetch first."""

    def test_a_conversion_is_done(self, conversion, encoder, bucket, object_server, client, alice):
        assert convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert (conversion.state, conversion.error_message) == (State.DONE, "")
        assert {conversion.source.name, conversion.result.name} < buckets.names(object_server, bucket)
        assert set(copies().names()) == {conversion.voice.file.name, conversion.voice.index_file.name}
        client.force_login(alice)
        result = client.get(f"/conversions/{conversion.pk}/result/?download=1")
        assert len(result.getvalue()) == conversion.result.size

    def test_it_waits_while_the_storage_is_away(self, conversion, encoder, settings, object_server, bucket):
        buckets.use(settings, f"http://127.0.0.1:{buckets.free_port()}", bucket)
        assert convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert (conversion.state, conversion.attempt) == (State.QUEUED, 0)
        Conversion.objects.update(not_before=None)
        buckets.use(settings, object_server, bucket)
        assert convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert conversion.state == State.DONE

    def test_a_voice_that_is_damaged_in_storage_is_said(self, conversion, encoder, object_server, bucket):
        name = conversion.voice.file.name
        server, place = buckets.client(object_server), {"Bucket": bucket, "Key": name}
        content = bytearray(server.get_object(**place)["Body"].read())
        content[-1] ^= 1
        server.put_object(**place, Body=bytes(content))
        convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert (conversion.state, conversion.error_code) == (State.REJECTED, "damaged")
        assert name not in copies().names()

    def test_a_voice_that_is_gone_from_storage_is_said(self, conversion, encoder):
        conversion.voice.file.storage.delete(conversion.voice.file.name)
        convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert (conversion.state, conversion.error_code) == (State.FAILED, "voice_missing")

    def test_a_voice_is_tried_exported_and_blended(self, bucket, encoder, alice, make_voice):
        one, other = make_voice(alice), make_voice(alice, name="Other")
        assert check_voice(str(one.checks.get().pk))
        one.refresh_from_db()
        assert one.state == "ready"
        assert one.preview.size > 1000
        for kind in ("pth", "safetensors", "index"):
            made = export(one, kind)
            assert sum(map(len, made.pieces())) == made.size
        assert blend(one, other, 0.5, by=alice, owner=alice).file.size > 1000

    def test_what_belongs_to_nobody_leaves_the_copies_as_well(self, bucket, voice):
        path = local_path(voice.file)
        VoiceModel.objects.filter(pk=voice.pk).update(file="voices/another")
        with pytest.raises(CommandError, match="voices/another"):
            call_command("storage", "--sweep")
        assert not path.exists()

    def test_what_was_to_be_kept_for_a_while_goes(
        self, conversion, encoder, bucket, object_server, django_capture_on_commit_callbacks
    ):
        convert(str(conversion.pk))
        Conversion.objects.update(keep_days=1, finished_at=timezone.now() - timedelta(days=2))
        with django_capture_on_commit_callbacks(execute=True):
            call_command("forget")
        assert not Conversion.objects.exists()
        assert {name.partition("/")[0] for name in buckets.names(object_server, bucket)} == {"voices"}

    def test_what_is_ready_is_heard_before_the_end(self, conversion, tmp_path):
        path = tmp_path / "piece.wav"
        path.write_bytes(base.tone(0.2))
        claimed = Conversion.objects.claim(conversion.pk)
        Piece.objects.add(claimed, path, number=0, seconds=0.2, progress=0.5)
        claimed.fail("storage_full", "No room.")
        assert b"".join(heard(conversion))[44:] == base.tone(0.2)[44:]

    def test_everything_of_somebody_is_deleted(
        self, conversion, encoder, alice, bucket, object_server, django_capture_on_commit_callbacks
    ):
        assert convert(str(conversion.pk))
        with django_capture_on_commit_callbacks(execute=True):
            erasure = Erasure.objects.create(owner=alice)
            assert erase(str(erasure.pk))
        erasure.refresh_from_db()
        assert (erasure.state, erasure.error_message) == (State.DONE, "")
        assert buckets.names(object_server, bucket) == set()
        assert copies().names() == []


class TestCommand:
    def test_check_finds_what_is_missing_and_what_belongs_to_nothing(self, conversion, capsys):
        call_command("storage", "--check")
        said = capsys.readouterr().out
        assert "sources: 1 files" in said
        conversion.source.storage.delete(conversion.source.name)
        with pytest.raises(CommandError, match="a row names it and it is missing"):
            call_command("storage", "--check")

    def test_sweep_removes_what_belongs_to_nothing(self, conversion, monkeypatch, object_server, bucket):
        from conversions.management.commands import storage

        default_storage.save("results/late", ContentFile(b"x"))
        call_command("storage", "--sweep")
        assert default_storage.exists("results/late"), "it may be on its way to its row"
        monkeypatch.setattr(storage, "YOUNG", -storage.YOUNG)
        call_command("storage", "--sweep")
        assert not default_storage.exists("results/late")
        assert conversion.source.name in buckets.names(object_server, bucket)
