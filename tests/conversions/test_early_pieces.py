"""A recording of several pieces is heard before its last is converted, and what was heard is the result."""

import io
import wave

import pytest

from conversions import tasks
from conversions.models import Conversion
from conversions.pieces import Piece
from jobs.models import State
from rvc.chunks import Cutting
from rvc.options import ConversionOptions
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]
SHORT = Cutting(pad=1, query=0.5, center=1.5, longest=2)


@pytest.fixture
def long(voice, alice, monkeypatch):
    """A recording that is cut into four."""
    monkeypatch.setattr(Cutting, "within", lambda *limits: SHORT)

    def long(**options):
        wish = ConversionOptions(seed=5, f0_method="dio", **options)
        return Conversion.objects.submit(alice, voice, base.upload(base.tone(5.2)), wish)

    return long


def frames(file):
    with wave.open(file) as sound:
        return sound.getframerate(), sound.readframes(sound.getnframes())


def run(conversion):
    assert tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert conversion.state == State.DONE, conversion.error_message
    return conversion


@pytest.mark.parametrize("options", [{}, {"output_rate": 16000}, {"loudness_mix": 1.0}])
def test_it_works(long, options):
    conversion = run(long(**options))
    pieces = list(conversion.pieces.all())
    assert len(pieces) == conversion.facts["pieces"] == 4
    heard = [frames(io.BytesIO(piece.file.read())) for piece in pieces]
    rate, whole = frames(io.BytesIO(conversion.result.read()))
    assert {piece_rate for piece_rate, _ in heard} == {rate}
    assert b"".join(content for _, content in heard) == whole
    assert sum(piece.seconds for piece in pieces) == pytest.approx(conversion.result_seconds)


def test_the_first_piece_is_there_before_the_last_is_made(long):
    conversion = Conversion.objects.claim(long().pk)
    seen = []

    def progress(stage, fraction):
        if stage == "content":
            seen.append(conversion.pieces.count())

    tasks.work(conversion, progress)
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3], "with each piece that begins, those before it can be heard"


def test_it_is_in_the_stream_while_it_is_made(long, api, alice):
    conversion = Conversion.objects.claim(long().pk)
    told = []

    def progress(stage, fraction):
        if stage == "content" and conversion.pieces.exists() and not told:
            told.append(api(alice).get(f"/api/conversions/{conversion.pk}/").json())

    tasks.work(conversion, progress)
    assert (told[0]["state"], told[0]["result"]) == ("running", None)
    assert told[0]["ready_seconds"] > 0.1


def test_a_result_that_is_encoded_is_heard_as_plain_sound(long):
    conversion = run(long(output_format="mp3"))
    assert [piece.file.read()[:4] for piece in conversion.pieces.all()] == [b"RIFF"] * 4


def test_another_attempt_begins_anew(long):
    conversion = long()
    stale = Piece.objects.create(conversion=conversion, number=9, seconds=1.0)
    run(conversion)
    assert not Piece.objects.filter(pk=stale.pk).exists()
    assert [piece.number for piece in conversion.pieces.all()] == [0, 1, 2, 3]


def test_one_of_many_is_not_heard_early(long, batch_of):
    conversion = long()
    batch_of(conversion)
    assert not run(conversion).pieces.exists()


def test_a_short_recording_is_heard_at_its_end(voice, alice):
    conversion = Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions())
    assert not run(conversion).pieces.exists()


@pytest.fixture
def batch_of():
    from conversions.batches.models import Batch

    def batch_of(conversion):
        wish = {"voice": conversion.voice, "voice_name": "", "options": {}}
        batch = Batch.objects.create(owner=conversion.owner, name="Songs", size=1, **wish)
        Conversion.objects.filter(pk=conversion.pk).update(batch=batch)

    return batch_of
