"""A wish on its way into the queue: row, source file and hint come together, or not at all."""

import errno
from dataclasses import fields
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import IntegrityError, transaction
from django_q.models import OrmQ

from conversions import recordings
from conversions.models import Conversion
from jobs.models import State
from rvc.errors import AudioError
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db


def test_it_works(submit, alice, voice):
    conversion = submit(pitch_shift=3, output_format="mp3")
    stored = Conversion.objects.get()
    assert stored == conversion
    assert (stored.state, stored.owner, stored.voice, stored.voice_name) == (State.QUEUED, alice, voice, "Tiny")
    assert (stored.source_name, stored.source_type, stored.source_seconds) == ("tone.wav", "audio/wav", 1.0)
    assert stored.options == ConversionOptions(pitch_shift=3, output_format="mp3", seed=stored.seed)
    assert stored.source.read() == base.tone()


def test_every_option_is_a_column_with_the_same_default():
    columns = {field.name: field for field in Conversion._meta.concrete_fields}
    for option in fields(ConversionOptions):
        assert columns[option.name].default == option.default, option.name
        assert type(columns[option.name].default) is type(option.default), option.name


def test_it_draws_a_seed_and_keeps_a_given_one(submit):
    assert submit(seed=7).seed == 7
    assert 0 < submit().seed < 2**32


def test_the_queue_hears_of_it_after_the_commit(submit, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        conversion = submit()
        assert not OrmQ.objects.exists()
    assert len(callbacks) == 1
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("jobs.tasks.serve", (conversion.queue,))


def test_the_source_is_stored_under_a_name_of_ours(submit):
    conversion = submit(name="../../etc/<b>x</b>.wav")
    assert conversion.source.name == f"sources/{conversion.pk.hex}"
    assert conversion.source_name == "b>.wav"


@pytest.fixture
def large_upload():
    """An upload that Django has put on disk."""
    upload = TemporaryUploadedFile("tone.wav", "audio/wav", len(base.tone()), None)
    upload.write(base.tone())
    upload.seek(0)
    return upload


def test_it_takes_a_large_upload_from_its_temporary_file(alice, voice, large_upload):
    upload = large_upload
    conversion = Conversion.objects.submit(alice, voice, upload, ConversionOptions())
    upload.close()
    assert conversion.source.size == len(base.tone())
    assert base.files_left() - {f"files/sources/{conversion.pk.hex}", *voice_files(voice)} == set()


def test_it_copies_where_there_are_no_hard_links(large_upload, monkeypatch):
    def refuse(self, target):
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert recordings.probe(large_upload).seconds == 1.0


def test_no_recording_is_read_as_a_whole():
    class Stream(BytesIO):
        def read(self, size=-1):
            assert size > 0, "everything at once"
            return super().read(size)

    assert recordings.probe(File(Stream(base.tone()), "tone.wav")).seconds == 1.0


def voice_files(voice):
    return {f"files/{voice.file.name}", f"files/{voice.index_file.name}"}


def wrong_recordings(voice_file):
    return {
        "empty": (b"", "empty_file"),
        "text": (b"dear sir or madam, " * 50, "not_audio"),
        "page": (b"<html><script>alert(1)</script></html>", "not_audio"),
        "voice": (voice_file.read_bytes(), "not_audio"),
        "short": (base.tone(0.01), "audio_too_short"),
        "three hours": (three_hours(), "audio_too_long"),
    }


def three_hours() -> bytes:
    """Three hours of silence at 8 kHz in FLAC: a small file with a long sound in it."""
    import io

    import numpy as np
    import soundfile

    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", samplerate=8000, channels=1, format="FLAC") as file:
        for _ in range(180):
            file.write(np.zeros(60 * 8000, np.int16))
    return buffer.getvalue()


def test_it_refuses_wrong_recordings_and_keeps_nothing(submit, voice, voice_file, subtests):
    for name, (content, code) in wrong_recordings(voice_file).items():
        with subtests.test(name):
            with pytest.raises(AudioError) as error:
                recordings.probe(base.upload(content))
            with pytest.raises(AudioError):
                submit(sound=content)
            assert (error.value.code, error.value.field) == (code, "recording")
    assert not Conversion.objects.exists()
    assert base.files_left() == voice_files(voice)


def test_silence_is_a_recording(submit):
    assert submit(sound=base.tone(level=0)).state == State.QUEUED


def test_it_takes_the_file_back_when_the_row_fails(alice, voice, submit, monkeypatch):
    before = base.files_left() | voice_files(voice)

    def refuse(self, **kwargs):
        raise IntegrityError

    monkeypatch.setattr(Conversion, "save", refuse)
    with pytest.raises(IntegrityError), transaction.atomic():
        submit()
    assert base.files_left() == before


def test_files_go_with_the_row(done, voice, django_capture_on_commit_callbacks):
    assert len(base.files_left()) == 4
    with django_capture_on_commit_callbacks(execute=True):
        done.delete()
    assert base.files_left() == voice_files(voice)


def test_it_outlives_its_voice(done, voice):
    voice.delete()
    done.refresh_from_db()
    assert (done.voice, done.voice_name) == (None, "Tiny")


def test_only_what_did_not_succeed_is_tried_again(conversion, django_capture_on_commit_callbacks):
    assert not conversion.retry(), "it still waits"
    conversion.cancel()
    with django_capture_on_commit_callbacks(execute=True):
        assert conversion.retry()
    assert (conversion.state, conversion.attempt, conversion.error_code) == (State.QUEUED, 0, "")
    assert OrmQ.objects.count() == 1


def test_a_result_is_not_made_again(done):
    assert not done.retry()
