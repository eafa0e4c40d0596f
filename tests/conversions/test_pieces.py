"""What can be heard before the end: pieces in order, for whoever may hear the result, and nothing of them left."""

import io
import struct
import threading
import wave

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from conversions.models import Conversion, Piece
from conversions.streaming import heard
from jobs.models import LeaseLost, State
from rvc.errors import Cancelled
from tests import base
from tests.conversions.test_events import leave
from voiceproject.seats import OF_A_PERSON, seats

pytestmark = pytest.mark.django_db
RATE = 16000


@pytest.fixture
def running(conversion):
    return Conversion.objects.claim(conversion.pk)


@pytest.fixture
def add(tmp_path):
    """A piece of half a second of tone, as a worker publishes it."""

    def add(conversion, number=0, level=0.3):
        path = tmp_path / "piece.wav"
        path.write_bytes(base.tone(0.5, level=level))
        return Piece.objects.add(conversion, path, number=number, seconds=0.5, progress=0.1 * number)

    return add


def frames(number, level=0.3):
    with wave.open(io.BytesIO(base.tone(0.5, level=level))) as sound:
        return sound.readframes(sound.getnframes())


def test_it_is_heard_before_the_end(running, add, api, alice):
    first = add(running)
    assert first.file.name == f"pieces/{running.pk.hex}-{running.token[:8]}-0000.wav"
    body = api(alice).get(f"/api/conversions/{running.pk}/").json()
    assert (body["ready_seconds"], body["result"]) == (0.5, None)
    add(running, 1, level=0.1)
    running.fail("job_crashed", "It ends here.")
    content = b"".join(heard(running))
    assert content[44:] == frames(0) + frames(1, level=0.1)
    assert content[:4] + content[8:16] == b"RIFFWAVEfmt "
    assert struct.unpack("<HHI", content[20:28]) == (1, 1, RATE)


@pytest.mark.django_db(transaction=True)
def test_the_stream_goes_on_while_the_work_does(running, add, client, alice):
    client.force_login(alice)
    add(running)
    response = client.get(reverse("conversions:stream", args=[running.pk]))
    assert (response.status_code, response["Content-Type"]) == (200, "audio/wav")
    assert "Content-Length" not in response
    stream = iter(response)
    assert next(stream)[:4] == b"RIFF"
    assert next(stream) == frames(0)[: 2 << 14]

    def finish():
        add(running, 1)
        running.finish()
        connection.close()

    worker = threading.Timer(0.3, finish)
    worker.start()
    assert b"".join(stream) == frames(1)
    worker.join()


@pytest.mark.parametrize("address", ["/conversions/{}/stream/", "/api/conversions/{}/stream/"])
def test_who_listens_too_often_is_told_so(running, client, alice, address):
    client.force_login(alice)
    url = address.format(running.pk)
    held = [client.get(url) for _ in range(OF_A_PERSON)]
    refused = client.get(url)
    assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    assert client.head(url).status_code == 200
    for answer in held:
        leave(answer)
    assert seats().taken.total() == 0


def test_the_next_attempt_goes_on_where_the_listener_is(running, add):
    add(running)
    stream = heard(running)
    next(stream)
    Conversion.objects.running().take_back("killed")
    running.pieces.all().clear()
    again = Conversion.objects.claim(running.pk)
    add(again)
    add(again, 1, level=0.2)
    again.finish()
    assert b"".join(stream) == frames(0) + frames(1, level=0.2)


def test_when_it_is_done_the_stream_is_the_result(done, client, alice):
    client.force_login(alice)
    response = client.get(reverse("conversions:stream", args=[done.pk]))
    assert b"".join(response) == done.result.read()
    assert response["Accept-Ranges"] == "bytes"


def test_what_ended_without_a_result_has_no_stream(conversion, client, alice):
    client.force_login(alice)
    conversion.cancel()
    assert client.get(reverse("conversions:stream", args=[conversion.pk])).status_code == 404


@pytest.mark.parametrize(("end", "error"), [("cancel", Cancelled), ("take_back", LeaseLost)])
def test_nothing_is_published_for_a_job_that_is_not_ours(running, add, end, error):
    before = base.files_left()
    if end == "cancel":
        Conversion.objects.get(pk=running.pk).cancel()
    else:
        Conversion.objects.running().take_back("killed")
    with pytest.raises(error):
        add(running)
    assert (Piece.objects.count(), base.files_left()) == (0, before)


def test_pieces_go_with_their_conversion(running, add, django_capture_on_commit_callbacks):
    add(running)
    with django_capture_on_commit_callbacks(execute=True):
        running.delete()
    assert not any(name.startswith(("files/pieces", "files/sources")) for name in base.files_left())


def test_pieces_go_some_time_after_the_end(running, add, django_capture_on_commit_callbacks):
    add(running)
    add(running, 1)
    call_command("forget")
    running.finish()
    call_command("forget")
    assert Piece.objects.count() == 2, "somebody may listen"
    Conversion.objects.update(finished_at="2026-01-01T00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        call_command("forget")
    assert Piece.objects.count() == 0
    assert not any(name.startswith("files/pieces") for name in base.files_left())
    assert Conversion.objects.get().state == State.DONE


def test_a_guessed_length_is_corrected(conversion, alice):
    from jobs.quotas import usage

    conversion.note_length(31.0)
    conversion.note_length(31.0)
    assert round(60 * usage(alice).minutes, 3) == 31.0
