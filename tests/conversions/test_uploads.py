"""The older way: send a recording, have it converted by its name, fetch the result by a name."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Erasure, count_everything
from accounts.tasks import erase
from conversions.models import Conversion, Upload
from jobs.quotas import usage
from tests import base

NOBODYS = uuid.UUID("907497e3-4eb4-455c-9440-f16b1d70ea75")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]


@pytest.fixture
def send(api, alice):
    def send(content=None, *, user=alice, name="my song.wav"):
        return api(user).post("/api/uploads/", {"file": base.upload(content or base.tone(), name)})

    return send


@pytest.fixture
def process(api, alice, voice):
    def process(filename, *, user=alice, **wish):
        return api(user).post("/api/process", {"filename": filename, "voice": str(voice.pk), **wish}, format="json")

    return process


def test_it_works(send, process, api, alice, voice):
    sent = send()
    assert sent.status_code == 201
    said = sent.json()
    assert (said["name"], said["media_type"], said["seconds"]) == ("my song.wav", "audio/wav", 1.0)
    assert said["filename"] == f"{uuid.UUID(said['id']).hex}.wav"
    assert api(alice).get(sent["Location"]).json() == said
    answer = process(said["filename"], pitch=3, rms_mix_rate=0.5, output_format="flac")
    assert answer.status_code == 202
    job = Conversion.objects.get()
    assert (job.voice, job.source_name, job.source.read()) == (voice, "my song.wav", base.tone())
    assert (job.pitch_shift, job.loudness_mix, job.index_rate) == (3.0, 0.5, 0.75)
    body = answer.json()
    assert (body["id"], body["state"], body["filename"]) == (str(job.pk), "queued", f"{job.pk.hex}.flac")
    assert answer["Location"].endswith(f"/api/conversions/{job.pk}/")
    assert api(alice).get(body["download"]).status_code == 404, "it is not done"
    running = Conversion.objects.claim(job.pk)
    running.result.save("result", base.upload(b"the sound"), save=False)
    running.finish(result=running.result.name)
    fetched = api(alice).get(body["download"])
    assert (fetched.status_code, fetched["Content-Type"], b"".join(fetched)) == (200, "audio/flac", b"the sound")


def test_a_voice_goes_by_its_name_and_without_its_index(send, process, voice):
    answer = process(send().json()["filename"], voice=voice.name, index=False)
    assert answer.status_code == 202
    assert Conversion.objects.get().index_rate == 0.0


def test_an_upload_is_used_as_often_as_one_likes_within_a_day(send, process):
    filename = send().json()["filename"]
    old = timezone.now() - timedelta(hours=23)
    Upload.objects.update(used_at=old)
    call_command("forget")
    for shift in (1, 2):
        assert process(filename, pitch_shift=shift).status_code == 202
    assert Upload.objects.get().used_at > old
    assert Conversion.objects.count() == 2


def test_what_nobody_uses_for_a_day_is_forgotten(send, process, django_capture_on_commit_callbacks):
    filename = send().json()["filename"]
    Upload.objects.update(used_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("forget")
    assert not any("uploads/" in name for name in base.files_left())
    assert process(filename).json()["error"]["field"] == "filename"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../secret.wav", "C:\\voices\\a.wav", "files/uploads/x", "D:a.wav", ".."]
)
def test_a_path_of_the_server_is_refused(process, path):
    answer = process(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "server_path")
    assert answer.json()["error"]["field"] == "filename"


def test_a_path_to_a_voice_is_refused(send, process):
    answer = process(send().json()["filename"], voice="/voices/anna.pth")
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["field"]) == (
        422,
        "server_path",
        "voice",
    )


@pytest.mark.parametrize("name", ["path", "output", "model_path", "file_path", "owner"])
def test_words_of_others_for_paths_are_unknown(send, process, name):
    answer = process(send().json()["filename"], **{name: "x"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, name)


def test_one_thing_under_two_names_is_refused(send, process):
    answer = process(send().json()["filename"], pitch=1, pitch_shift=2)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_what_belongs_to_somebody_else_is_as_missing(send, process, voice, bob):
    voice.share(None, "everyone")
    filename = send().json()["filename"]
    hidden, missing = process(filename, user=bob), process(f"{uuid.uuid4().hex}.wav", user=bob)
    assert (hidden.status_code, hidden.content) == (422, missing.content)
    assert hidden.json()["error"] == {
        "code": "not_found",
        "message": "The filename was not found.",
        "field": "filename",
    }


@pytest.mark.parametrize("name", ["x", "x.wav", "0.wav", f"{NOBODYS.hex}.wav", f"{NOBODYS}.wav", "%00.wav"])
def test_what_is_not_there_cannot_be_fetched(api, alice, name):
    assert api(alice).get(f"/api/download/{name}").status_code == 404


def test_what_is_no_recording_is_not_kept(send):
    answer = send(b"<html>" * 50)
    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["field"]) == (
        422,
        "not_audio",
        "file",
    )
    assert (Upload.objects.count(), base.files_left()) == (0, set())


def test_it_counts_as_kept(send, alice, settings):
    settings.PERSON_STORAGE_MB = 1
    send()
    assert usage(alice).bytes == len(base.tone())
    answer = send(base.tone(40))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded")
    assert usage(alice).bytes == len(base.tone())


def test_it_goes_with_everything_of_its_person(send, alice, bob, django_capture_on_commit_callbacks):
    send()
    send(user=bob)
    assert count_everything(alice)["uploads"] == 1
    with django_capture_on_commit_callbacks(execute=True):
        erase(str(Erasure.objects.submit(alice).pk))
    assert Upload.objects.get().owner == bob


def test_a_file_without_a_row_is_swept(send, capsys):
    send()
    call_command("storage", "--check")
    assert "uploads: 1 files" in capsys.readouterr().out


def test_the_same_request_twice_is_one(send, process, api, alice, voice):
    wish = {"filename": send().json()["filename"], "voice": str(voice.pk)}
    answers = [api(alice).post("/api/process", wish, format="json", HTTP_IDEMPOTENCY_KEY="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert Conversion.objects.count() == 1
