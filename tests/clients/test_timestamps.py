"""Times that leave together with sound which is still being made: those of a sentence with the first of its sound."""

import base64
import errno
import json

import numpy as np
import pytest

from clients.elevenlabs.timestamps import as_it_is_made
from clients.models import Identity, Submission
from clients.sound import Form
from conversions.models import Conversion
from conversions.pieces import Publisher
from rvc.options import ConversionOptions
from tests import base
from tts.models import Speech
from tts.wishes import Wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder")]
RATE = 16000
TEXT = "One two. Three. Four!"


@pytest.fixture
def job(alice, voice):
    """It runs; the texts of its three sentences are there, no sound is."""
    speech = Speech.objects.submit(alice, voice, Wish(TEXT, pause=0.5), ConversionOptions(output_format="wav"))
    return Conversion.objects.claim(speech.pk)


def test_it_works(job, tmp_path):
    publisher = Publisher(job, tmp_path)
    sound = np.full(RATE, 0.25, np.float32)
    publisher.add(sound, RATE, passage=0, spoken_seconds=0.5)
    submission = Submission.objects.once(Identity("key", "body"), lambda: job)
    lines = iter(as_it_is_made(submission, Form("pcm", "audio/pcm", RATE)))
    first = json.loads(next(lines))
    assert times(first) == ("One two.", 0.0, 0.5)
    publisher.add(sound, RATE, passage=2, spoken_seconds=0.8)  # of the second sentence nothing could be said
    job.result.save("result", base.upload(base.tone(2.0, rate=RATE)), save=False)
    job.finish(result=job.result.name)
    rest = [json.loads(line) for line in lines]
    [third] = [times(line) for line in rest if line["alignment"]]
    assert third == (" Three. Four!", 0.5, 1.8)
    begins = next(line["alignment"]["character_start_times_seconds"] for line in rest if line["alignment"])
    assert begins[" Three. Four!".index("F")] == 1.0, "where the second piece begins"
    assert all(line["normalized_alignment"] == line["alignment"] for line in rest)
    sizes = [len(base64.b64decode(line["audio_base64"])) for line in [first, *rest]]
    assert sum(sizes) == 2 * 2 * RATE


def test_a_conversion_that_ends_ill_breaks_the_line_quietly(job, tmp_path, caplog):
    Publisher(job, tmp_path).add(np.full(RATE, 0.25, np.float32), RATE, passage=0, spoken_seconds=0.5)
    submission = Submission.objects.once(Identity("key", "body"), lambda: job)
    lines = iter(as_it_is_made(submission, Form("pcm", "audio/pcm", RATE)))
    next(lines)
    job.fail("storage_full", "No room.")
    with caplog.at_level("INFO", "clients.sound"), pytest.raises(ConnectionResetError) as caught:
        list(lines)
    assert caught.value.errno == errno.ECONNRESET, "what gunicorn ignores"
    assert [record.getMessage() for record in caplog.records] == [
        f"The answer with the sound of {job} breaks off: storage_full"
    ]


def times(line):
    told = line["alignment"]
    return (
        "".join(told["characters"]),
        told["character_start_times_seconds"][0],
        told["character_end_times_seconds"][-1],
    )
