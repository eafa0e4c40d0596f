"""One view serves every stored file: ranges, validators, and headers that make a browser do no harm."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.signals import request_finished
from django.db import close_old_connections
from django.db.models import FileField
from django.db.models.fields.files import FieldFile
from django.http import Http404

from voiceproject.files import Slice, clean_label, quarantine, serve

CONTENT = bytes(range(100))


@pytest.fixture(autouse=True)
def _no_database():
    """The end of a response looks after database connections, and there is none here."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


@pytest.fixture
def file(tmp_path):
    storage = FileSystemStorage(tmp_path)
    field = FileField(storage=storage)
    field.name = field.attname = "file"
    return FieldFile(None, field, storage.save("stored", ContentFile(CONTENT)))


@pytest.fixture
def get(file, rf):
    def request(query="", media_type="audio/wav", filename="tone.wav", **headers):
        return serve(rf.get(f"/{query}", headers=headers), file, media_type=media_type, filename=filename)

    return request


def body(response):
    content = b"".join(response)
    response.close()
    return content


RANGES = {
    "bytes=0-9": (206, CONTENT[:10], "bytes 0-9/100"),
    "bytes=90-": (206, CONTENT[90:], "bytes 90-99/100"),
    "bytes=90-5000": (206, CONTENT[90:], "bytes 90-99/100"),
    "bytes=-5": (206, CONTENT[-5:], "bytes 95-99/100"),
    "bytes=-5000": (206, CONTENT, "bytes 0-99/100"),
    "bytes=100-": (416, b"", "bytes */100"),
    "bytes=5000-6000": (416, b"", "bytes */100"),
    "bytes=-0": (416, b"", "bytes */100"),
    "bytes=5-1": (200, CONTENT, None),
    "bytes=-": (200, CONTENT, None),
    "bytes=a-b": (200, CONTENT, None),
    "lines=0-1": (200, CONTENT, None),
    "bytes=" + ",".join(["0-1"] * 1000): (200, CONTENT, None),
    "bytes=0-9,20-29": (200, CONTENT, None),
    "bytes=0-" + "9" * 5000: (200, CONTENT, None),
}


@pytest.mark.parametrize("wanted", RANGES, ids=lambda wanted: wanted[:20])
def test_it_answers_ranges(get, wanted):
    status, content, content_range = RANGES[wanted]
    response = get(range=wanted)
    assert (response.status_code, body(response)) == (status, content)
    assert response.get("Content-Range") == content_range
    assert int(response.get("Content-Length", len(content))) == len(content)


def test_it_sends_the_whole_file_with_careful_headers(get):
    response = get()
    assert (response.status_code, body(response)) == (200, CONTENT)
    assert response["Content-Type"] == "audio/wav"
    assert response["Content-Disposition"] == 'inline; filename="tone.wav"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "sandbox" in response["Content-Security-Policy"]


def test_it_sends_attachments(get):
    assert get("?download")["Content-Disposition"] == 'attachment; filename="tone.wav"'
    assert get(media_type="application/octet-stream")["Content-Disposition"].startswith("attachment")


def test_it_keeps_names_on_one_line(get):
    header = get(filename='é"\\x.wav')["Content-Disposition"]
    assert header.isascii()
    assert "\n" not in header


def test_it_answers_validators(get):
    etag = get()["ETag"]
    assert get(if_none_match=etag).status_code == 304
    assert get(range="bytes=0-9", if_range=etag).status_code == 206
    assert get(range="bytes=0-9", if_range='"another"').status_code == 200


def test_it_closes_the_file_when_the_client_drops(tmp_path):
    (tmp_path / "stored").write_bytes(CONTENT)
    part = Slice((tmp_path / "stored").open("rb"), 10, 50)
    assert next(iter(part)) == CONTENT[10:60]
    part.close()
    assert part.handle.closed


def test_a_lost_file_is_not_found(file, rf):
    file.storage.delete(file.name)
    with pytest.raises(Http404):
        serve(rf.get("/"), file, media_type="audio/wav", filename="tone.wav")


LABELS = {
    "../../etc/passwd": "passwd",
    "C:\\Windows\\x.wav": "x.wav",
    "a\0b.wav": "ab.wav",
    "é" * 300: "é" * 120,
    "gpj.\u202etxt.wav": "gpj.txt.wav",
    "two\r\nlines\t.wav": "twolines.wav",
    "  many   spaces .wav": "many spaces .wav",
    "": "recording",
    "\u200b": "recording",
    "..": "recording",
    "<img src=x onerror=alert(1)>.wav": "<img src=x onerror=alert(1)>.wav",
}


@pytest.mark.parametrize("name", LABELS)
def test_it_cleans_labels(name):
    assert clean_label(name, fallback="recording") == LABELS[name]


def test_a_folder_may_vanish_while_the_quarantine_is_swept(own_folder, monkeypatch):
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda home: [home / "gone", *listed(home)])
    with quarantine("check-") as folder:
        assert Path(folder).is_dir()
