"""What a worker measures while it converts, against the files themselves; where it shows; who may see it."""

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from conversions import findings, tasks
from conversions.models import Conversion
from jobs.models import State
from rvc.spectrogram import BANDS, HIGHEST, LOWEST
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]

URL = "/api/conversions/{}/"


def buzz(hertz, seconds=2.0, rate=16000, level=0.3):
    """A WAV of a tone with the overtones of a voice; half of it is silence."""
    time = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * hertz * number * time) / number for number in range(1, 20))
    wave[len(wave) // 2 :] = 0
    buffer = io.BytesIO()
    soundfile.write(buffer, level * wave, rate, "PCM_16", format="WAV")
    return buffer.getvalue()


@pytest.fixture
def run():
    def run(conversion):
        tasks.convert(str(conversion.pk))
        conversion.refresh_from_db()
        assert (conversion.state, conversion.error_message) == (State.DONE, "")
        return conversion

    return run


def level(file):
    samples, _ = soundfile.read(io.BytesIO(file.read()))
    return 20 * np.log10(np.sqrt(np.mean(samples**2)))


def pixels(conversion):
    with Image.open(conversion.picture) as opened:
        return np.asarray(opened)


def test_it_works(run, submit, api, alice, bob, django_capture_on_commit_callbacks):
    conversion = run(submit(sound=buzz(150.0), pitch_shift=7))
    source, result = (conversion.facts["sound"][side] for side in ("source", "result"))
    assert source["seconds"] == result["seconds"] == 2.0
    assert source["level_db"] == pytest.approx(level(conversion.source), abs=0.1)
    assert result["level_db"] == pytest.approx(level(conversion.result), abs=0.1)
    assert source["peak_db"] == pytest.approx(20 * np.log10(np.abs(_samples(conversion.source)).max()), abs=0.06)
    assert source["clipped"] == result["clipped"] == 0
    assert source["pitch"]["median_hz"] == pytest.approx(150, rel=0.02)
    assert source["pitch"]["voiced_share"] == pytest.approx(0.5, abs=0.06)
    assert source["pitch"]["method"] == result["pitch"]["method"] == "swift-f0"
    assert conversion.facts["index"] == {"name": "tiny.index", "vectors": 64}
    assert conversion.facts["timings"]["measure"] > 0
    shows_what_the_synthesizer_was_told(pixels(conversion))
    answer_with_the_picture(conversion, api, alice, bob)
    goes_with_its_row(conversion, django_capture_on_commit_callbacks)


def _samples(file):
    file.seek(0)
    return soundfile.read(io.BytesIO(file.read()))[0]


def shows_what_the_synthesizer_was_told(picture):
    assert picture.shape == (2 * BANDS + 3, 100)
    heard, told = (LOWEST * (HIGHEST / LOWEST) ** ((row - 1.0) / 254) for row in picture[2 * BANDS : 2 * BANDS + 2])
    assert np.median(heard[10:40]) == pytest.approx(150, rel=0.03)
    assert np.median(told[10:40]) == pytest.approx(150 * 2 ** (7 / 12), rel=0.03)
    assert not picture[2 * BANDS, 60:].any(), "silence has no pitch"
    assert picture[:BANDS, 10:40].max() > 150 > picture[:BANDS, 60:90].max()


def answer_with_the_picture(conversion, api, alice, bob):
    facts = api(alice).get(URL.format(conversion.pk)).json()["facts"]
    assert facts["source"]["pitch"]["median_hz"] == pytest.approx(150, rel=0.02)
    answer = api(alice).get(facts["picture"])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    assert api(bob).get(facts["picture"]).status_code == 404


def goes_with_its_row(conversion, callbacks):
    assert conversion.picture.name.startswith("pictures/")
    files = (conversion.source, conversion.result, conversion.picture)
    assert conversion.stored_bytes == sum(file.size for file in files)
    with callbacks(execute=True):
        conversion.delete()
    assert not any(name.startswith(("files/pictures", "files/results")) for name in base.files_left())


def test_clipping_is_counted_where_it_is_heard(run, submit):
    conversion = run(submit(sound=buzz(150.0, level=3.0)))
    samples = _samples(conversion.source)
    assert conversion.facts["sound"]["source"]["clipped"] == np.count_nonzero(np.abs(samples) >= 1 - 2**-15) > 100
    assert conversion.facts["sound"]["source"]["peak_db"] == 0.0


def test_silence_and_a_click_are_measured_too(run, submit):
    silence = run(submit(sound=base.tone(1.0, level=0), index_rate=0)).facts
    assert silence["sound"]["source"]["level_db"] is None
    assert silence["sound"]["source"]["pitch"]["median_hz"] is None
    assert silence["index"] == {"reason": "rate_zero"}
    assert run(submit(sound=base.tone(0.05))).facts["sound"]["source"]["seconds"] == 0.05


def test_before_the_end_nothing_is_known(conversion, api, alice):
    facts = api(alice).get(URL.format(conversion.pk)).json()["facts"]
    assert facts == {
        "source": None,
        "result": None,
        "index": None,
        "f0_method": None,
        "device": None,
        "timings": {},
        "picture": None,
    }
    assert api(alice).get(f"{URL.format(conversion.pk)}picture/").status_code == 404


def test_staff_read_it_too(done, client, staff):
    Conversion.objects.filter(pk=done.pk).update(facts=said(100.0, 200.0).facts)
    client.force_login(staff)
    page = client.get(f"/admin/conversions/conversion/{done.pk}/change/").content.decode()
    assert "−20.5 dBFS" in page
    assert "The pitch rose from 100 Hz (G2) to 200 Hz (G3), 12 semitones higher." in page


def said(before, after):
    sides = {
        side: {"seconds": 2.0, "level_db": -20.5, "peak_db": None, "clipped": count, "pitch": pitch(hertz)}
        for side, hertz, count in (("source", before, 0), ("result", after, 1234))
    }
    return Conversion(facts={"sound": sides, "index": {"name": "joe.index", "vectors": 4321}}, index_rate=0.5)


def pitch(hertz):
    return {"median_hz": hertz, "low_hz": hertz, "high_hz": hertz, "voiced_share": 0.614, "method": "dio"}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (99.0, 187.0, "The pitch rose from 99 Hz (G2) to 187 Hz (F♯3), 11 semitones higher."),
        (440.0, 415.3, "The pitch fell from 440 Hz (A4) to 415 Hz (G♯4), 1 semitone lower."),
        (100.0, 101.0, "The pitch stayed: 100 Hz (G2) before, 101 Hz (G♯2) after."),
        (None, 100.0, ""),
    ],
)
def test_the_pitch_is_told_in_a_sentence(before, after, words):
    assert findings.pitch_words(said(before, after)) == words


def test_numbers_are_told_in_words():
    rows = {label: (before, after) for label, before, after in findings.findings(said(100.0, 200.0))}
    assert rows["Length"] == ("2.00 s", "2.00 s")
    assert rows["Level"][0] == "−20.5 dBFS"
    assert rows["Peak"] == ("silent", "silent")
    assert rows["Clipping"] == ("none", "1,234 samples at full scale")
    assert rows["Pitch range"] == ("100 Hz (G2) to 100 Hz (G2)", "200 Hz (G3) to 200 Hz (G3)")
    assert rows["Voiced"] == ("61 % of the time", "61 % of the time")
    assert findings.index_words(said(1.0, 1.0)) == "joe.index: 4,321 vectors, at a strength of 0.50"
    assert findings.findings(Conversion()) == []
    assert findings.index_words(Conversion()) == "not used"
