"""Uploads are counted while they arrive, and too much is answered with 413."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from voiceproject.uploads import MIB, LimitedUpload, UploadRefused


@pytest.fixture
def small(settings, own_folder):
    """A server that takes 1 MB of a recording, and 2 MB of a voice."""
    settings.MAX_RECORDING_MB = 1
    settings.MAX_VOICE_MB = 2
    return own_folder


def file_of(megabytes):
    return SimpleUploadedFile("a.wav", b"x" * int(megabytes * MIB))


@pytest.mark.django_db
@pytest.mark.parametrize("megabytes", [1.5, 8])
def test_the_api_says_413(small, api, alice, megabytes):
    response = api(alice).post("/api/conversions/", {"recording": file_of(megabytes)})
    assert response.status_code == 413
    error = response.json()["error"]
    assert error["code"] == "too_large"
    assert "MB" in error["message"]
    assert not list((small / "uploads").iterdir())


@pytest.mark.django_db
def test_the_page_says_413(small, client, alice):
    client.force_login(alice)
    response = client.post("/", {"recording": file_of(1.5)})
    assert response.status_code == 413
    for limit in ("recordings of up to 1 MB", "voice files of up to 2 MB"):
        assert limit in response.content.decode()
    assert not list((small / "uploads").iterdir())


@pytest.mark.django_db
def test_a_voice_may_be_larger_than_a_recording(small, api, alice):
    assert api(alice).post("/api/voices/", {"checkpoint": file_of(1.5)}).status_code == 422
    assert api(alice).post("/api/voices/", {"checkpoint": file_of(2.5)}).status_code == 413


def test_it_stops_at_the_chunk_that_is_too_much(settings):
    settings.MAX_RECORDING_MB = 1
    handler = LimitedUpload()
    handler.new_file("recording", "a.wav", "audio/wav", None)
    for start in range(0, MIB, 1 << 16):
        assert handler.receive_data_chunk(b"x" * (1 << 16), start)
    with pytest.raises(UploadRefused):
        handler.receive_data_chunk(b"x", MIB)


def test_each_file_is_counted_by_itself(settings):
    settings.MAX_VOICE_MB = 1
    handler = LimitedUpload()
    for field in ("checkpoint", "index"):
        handler.new_file(field, "a", "application/octet-stream", None)
        assert handler.receive_data_chunk(b"x" * MIB, 0)


def test_a_length_that_is_too_much_is_refused_unread(settings):
    settings.MAX_RECORDING_MB, settings.MAX_VOICE_MB, settings.BATCH_MB = 5, 1, 3
    LimitedUpload().handle_raw_input(None, {}, 6 * MIB, None)
    with pytest.raises(UploadRefused):
        LimitedUpload().handle_raw_input(None, {}, 6 * MIB + 1, None)


def test_only_a_zip_of_recordings_may_be_as_large_as_a_batch(settings):
    settings.MAX_RECORDING_MB, settings.BATCH_MB = 1, 3
    handler = LimitedUpload()
    handler.new_file("recording", "a", "application/zip", None)
    for place, piece in enumerate((b"PK\x03\x04", b"x" * 2 * MIB)):
        assert handler.receive_data_chunk(piece, place)
    with pytest.raises(UploadRefused):
        handler.receive_data_chunk(b"x" * MIB, 3)
    handler.new_file("recording", "a.zip", "application/zip", None)
    with pytest.raises(UploadRefused):
        handler.receive_data_chunk(b"x" * 2 * MIB, 0)
