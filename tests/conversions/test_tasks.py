"""The work itself, with the real pipeline on a tiny voice: to the end, or to one clear end of another kind."""

import io
import threading

import numpy as np
import pytest
import soundfile
from django.db import connection

from conversions import tasks
from conversions.models import Conversion
from jobs import scratch
from jobs.models import State
from rvc.errors import Cancelled
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]


@pytest.fixture
def no_assets(settings, tmp_path):
    """An engine on a machine where nothing is installed."""
    settings.ASSETS_DIR = tmp_path / "no-assets"
    tasks.converter.cache_clear()
    yield
    tasks.converter.cache_clear()


def run(conversion):
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    return conversion


def sound(conversion):
    return soundfile.read(io.BytesIO(conversion.result.read()), dtype="float32")


def kept(conversion):
    """The files a conversion with its voice may leave."""
    voice = conversion.voice
    fields = [
        conversion.source,
        conversion.result,
        conversion.picture,
        *([voice.file, voice.index_file] if voice else []),
    ]
    return {f"files/{field.name}" for field in fields if field}


def test_it_works(conversion):
    run(conversion)
    assert (conversion.state, conversion.error_message) == (State.DONE, "")
    samples, rate = sound(conversion)
    assert (len(samples), rate) == (40000, 40000)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() > 0
    assert (conversion.result_seconds, conversion.result_rate, conversion.progress) == (1.0, 40000, 1.0)
    assert base.files_left() == kept(conversion)


def test_it_keeps_how_the_result_was_made(conversion):
    facts = run(conversion).facts
    assert conversion.used_index
    assert facts["f0_method"] == "swift-f0"
    assert facts["seed"] == conversion.seed
    assert facts["device"].startswith("cpu")
    assert set(facts["versions"]) == {"torch", "numpy", "rvc"}
    assert {"decode", "f0", "content", "synthesis", "encode"} <= set(facts["timings"])
    assert all(seconds >= 0 for seconds in facts["timings"].values())
    assert facts["source"] == {"rate": 16000, "channels": 1, "codec": "wav pcm_16"}


def test_the_same_wish_gives_the_same_bytes(submit):
    first, second = (run(submit(seed=11)) for _ in range(2))
    assert first.result.read() == second.result.read()


def test_it_writes_other_formats(submit):
    conversion = run(submit(output_format="flac", output_rate=16000, index_rate=0))
    assert not conversion.used_index
    assert conversion.result.name.endswith(".flac")
    samples, rate = sound(conversion)
    assert (len(samples), rate) == (16000, 16000)


def test_silence_stays_silent(submit):
    conversion = run(submit(sound=base.tone(level=0)))
    assert conversion.state == State.DONE
    assert np.abs(sound(conversion)[0]).max() < 0.001
    assert "The recording is silent." in conversion.warnings


def test_progress_is_real_over_the_whole(conversion, monkeypatch):
    seen = []
    monkeypatch.setattr(Conversion, "beat", lambda self, *, stage, progress: seen.append((stage, progress)))
    run(conversion)
    stages = list(dict.fromkeys(stage for stage, _ in seen))
    fractions = [fraction for _, fraction in seen]
    assert stages[0] == "decode"
    assert stages[-1] == "encode"
    assert {"f0", "content", "synthesis"} <= set(stages)
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == tasks.CONVERTED


def test_a_cancelled_conversion_stops_and_leaves_nothing(conversion, monkeypatch):
    beat = Conversion.beat

    def cancel_in_the_middle(self, *, stage, progress):
        if stage == "synthesis":
            Conversion.objects.get(pk=self.pk).cancel()
        beat(self, stage=stage, progress=progress)

    monkeypatch.setattr(Conversion, "beat", cancel_in_the_middle)
    run(conversion)
    assert conversion.state == State.CANCELLED
    assert not conversion.result
    assert base.files_left() == kept(conversion)


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_attempt_leaves_the_next_one_alone(conversion, monkeypatch):
    real, started, may_leave = tasks._convert, threading.Event(), threading.Event()
    late = threading.Thread(target=in_thread, args=(conversion,))

    def overtaken(*args):
        if threading.current_thread() is late:
            started.set()
            may_leave.wait(60)
            raise Cancelled
        may_leave.set()
        late.join(60)
        return real(*args)

    monkeypatch.setattr(tasks, "_convert", overtaken)
    late.start()
    assert started.wait(60)
    assert conversion.cancel()
    assert conversion.retry()
    run(conversion)
    assert (conversion.state, conversion.error_message) == (State.DONE, "")
    assert base.files_left() == kept(conversion)


def in_thread(conversion):
    try:
        tasks.convert(str(conversion.pk))
    finally:
        connection.close()


def test_a_result_that_comes_too_late_is_dropped(conversion, monkeypatch):
    stored = tasks.stored

    def lose_the_lease(job, files):
        names = stored(job, files)
        Conversion.objects.filter(pk=job.pk).update(token="another")
        return names

    monkeypatch.setattr(tasks, "stored", lose_the_lease)
    run(conversion)
    assert conversion.state == State.RUNNING
    assert not conversion.result
    assert base.files_left() == kept(conversion)


def test_a_deleted_voice_is_told(conversion, voice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        voice.delete()
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.FAILED, "voice_deleted")


def test_a_voice_deleted_at_the_end_costs_no_result(conversion, voice, monkeypatch):
    encode = tasks._encode

    def delete_the_voice(*args):
        voice.delete()
        return encode(*args)

    monkeypatch.setattr(tasks, "_encode", delete_the_voice)
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.DONE, "")
    assert conversion.used_index


@pytest.fixture
def own_features(settings, tmp_path):
    """An engine whose features no other process of this run keeps or drops."""
    settings.FEATURE_CACHE_DIR = tmp_path / "features"
    tasks.converter.cache_clear()
    yield settings.FEATURE_CACHE_DIR
    tasks.converter.cache_clear()


def test_deleting_a_recording_deletes_what_was_measured_in_it(
    submit, voice, bob, own_features, django_capture_on_commit_callbacks
):
    type(voice).objects.update(visibility="everyone")
    first, second, another = submit(), submit(user=bob), submit(sound=base.tone(0.7))
    for conversion in (first, second, another):
        run(conversion)
        assert conversion.state == State.DONE
    assert first.fingerprint == second.fingerprint != another.fingerprint
    for conversion, kept in ((first, True), (second, False)):
        with django_capture_on_commit_callbacks(execute=True):
            conversion.delete()
        still = set(own_features.glob(f"{first.fingerprint}.*"))
        assert bool(still) == kept, "as long as somebody has the same recording"
    assert set(own_features.glob("*")) == set(own_features.glob(f"{another.fingerprint}.*")) != set()


def test_a_recording_that_vanished_is_told(conversion):
    conversion.source.storage.delete(conversion.source.name)
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.FAILED, "source_missing")
    assert "send it once more" in conversion.error_message


@pytest.mark.parametrize("name", ["file", "index_file"])
def test_a_voice_whose_file_vanished_is_told(conversion, voice, name):
    file = getattr(voice, name)
    file.storage.delete(file.name)
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.FAILED, "voice_missing")


def test_a_missing_encoder_is_told(conversion, no_assets):
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.FAILED, "needs_asset")
    assert "python3 run.py manage assets" in conversion.error_message


def test_a_recording_broken_inside_is_rejected(submit):
    conversion = submit(sound=broken_inside())
    run(conversion)
    assert (conversion.state, conversion.error_code) == (State.REJECTED, "audio_damaged")
    assert base.files_left() == kept(conversion)


def broken_inside() -> bytes:
    """Float samples that begin as sound and end as not-a-number: the header is fine."""
    samples = np.zeros(80000, np.float32)
    samples[-10:] = np.nan
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16000, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def test_what_a_killed_attempt_left_is_cleared(conversion, settings):
    for owner in (conversion.pk.hex, "a conversion that is gone"):
        scratch = settings.VAR_DIR / "work" / owner / "old"
        scratch.mkdir(parents=True)
        (scratch / "decoded.f32").write_bytes(b"x")
    run(conversion)
    assert base.files_left() == kept(conversion)


def test_clearing_spares_a_job_that_is_claimed_meanwhile(settings):
    home = settings.VAR_DIR / "work"
    claimed = home / "claimed"

    def claim_afterwards(execute, *args):
        answer = execute(*args)
        claimed.mkdir(parents=True, exist_ok=True)
        return answer

    with connection.execute_wrapper(claim_afterwards):
        scratch.clear_abandoned(home)
    assert claimed.exists()
