"""Checks of voices: asked for once, done by a worker, and what they say of voices that speak and that do not."""

import io

import numpy as np
import pytest
import soundfile
import torch
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now

from jobs.models import State
from models_app import checking, ingest, tasks
from models_app.bundled import install_starter
from models_app.models import VoiceCheck, VoiceModel, VoiceState
from tests import base
from tests.rvc.golden import golden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]


@pytest.fixture(autouse=True)
def _own_folder(own_folder):
    """Every test here has a folder of its own."""


@pytest.fixture
def no_assets(settings, tmp_path):
    """An engine on a machine where nothing is installed."""
    settings.ASSETS_DIR = tmp_path / "no-assets"
    tasks.converter.cache_clear()
    yield
    tasks.converter.cache_clear()


@pytest.fixture
def broken_voice(tmp_path, voice_file, alice):
    """A voice of Alice's with one tensor multiplied."""

    def make(name, factor):
        content = torch.load(voice_file, weights_only=True)
        content["weight"][name] = content["weight"][name].float() * factor
        torch.save(content, tmp_path / "broken.pth")
        voice = VoiceModel(owner=alice, name="Broken")
        voice.store(ingest.check(tmp_path / "broken.pth"))
        return voice

    return make


def run(voice):
    check = VoiceCheck.objects.submit(voice)
    tasks.check_voice(str(check.pk))
    check.refresh_from_db()
    voice.refresh_from_db()
    return check


def kept(voice):
    """The files a voice may leave."""
    return {f"files/{field.name}" for field in (voice.file, voice.index_file, voice.preview) if field}


def test_it_works(voice):
    check = run(voice)
    assert (check.state, check.error_message) == (State.DONE, "")
    assert (voice.state, voice.state_message) == (VoiceState.READY, "")
    assert voice.preview.name.endswith(".mp3")
    assert voice.preview.size < 120_000
    samples, rate = soundfile.read(io.BytesIO(voice.preview.read()), dtype="float32")
    assert len(samples) / rate == pytest.approx(checking.SENTENCE_SECONDS, abs=0.1)
    assert np.abs(samples).max() > 0.01
    assert base.files_left() == kept(voice)


def test_a_voice_that_is_added_is_checked(voice, alice):
    check = VoiceCheck.objects.get()
    assert (check.voice, check.owner, check.state) == (voice, alice, State.QUEUED)


def test_a_voice_of_the_server_is_checked_for_nobody(make_voice):
    make_voice(None)
    assert VoiceCheck.objects.get().owner is None


def test_the_starter_is_checked_when_the_first_start_is_over():
    voice, new = install_starter()
    assert new
    check = VoiceCheck.objects.get(voice=voice)
    assert VoiceCheck.objects.claim(check.pk) is None
    VoiceCheck.objects.update(not_before=Now())
    assert VoiceCheck.objects.claim(check.pk) is not None


@pytest.mark.parametrize(
    "name",
    [
        "tiny_v1_40k_f0.pth",
        "tiny_applio_mrf_40k.pth",
        "tiny_applio_refinegan_32k.pth",
        "tiny_rvc_webui.onnx",
        "tiny_wokada_nof0.onnx",
    ],
)
def test_every_kind_of_voice_is_tried_without_its_encoder(name):
    voice = VoiceModel(name=name)
    voice.store(ingest.check(golden(name)))
    check = run(voice)
    assert (check.state, check.error_message, voice.state) == (State.DONE, "", VoiceState.READY)
    assert (voice.missing_asset, bool(voice.preview)) == ("contentvec", False)


def test_one_check_that_waits_is_enough(voice, alice):
    first = VoiceCheck.objects.get()
    assert VoiceCheck.objects.submit(voice, by=alice) == first


def test_a_check_that_runs_may_have_begun_too_early(voice):
    first = VoiceCheck.objects.get()
    VoiceCheck.objects.claim(first.pk)
    assert VoiceCheck.objects.submit(voice) != first


@pytest.mark.parametrize(
    ("name", "factor", "code"),
    [
        ("dec.conv_post.weight", 0, "voice_silent"),
        ("dec.conv_post.weight", 1e9, "voice_clipped"),
        ("enc_p.proj.weight", 1e37, "voice_not_finite"),
    ],
)
def test_a_voice_that_does_not_speak_is_kept_and_says_why(broken_voice, name, factor, code):
    voice = broken_voice(name, factor)
    check = run(voice)
    assert (check.state, check.error_code) == (State.REJECTED, code)
    assert (voice.state, voice.state_message) == (VoiceState.UNUSABLE, check.error_message)
    assert not voice.preview
    assert base.files_left() == kept(voice)


def test_a_voice_that_takes_for_ever_is_stopped(voice, monkeypatch):
    monkeypatch.setattr(checking, "SELF_TEST_SECONDS", 0.0)
    assert run(voice).error_code == "too_complex"
    assert "far too long" in voice.state_message


def test_without_its_encoder_a_voice_is_tried_and_waits_for_its_preview(voice, no_assets):
    check = run(voice)
    assert (check.state, voice.state) == (State.DONE, VoiceState.READY)
    assert not voice.preview
    assert voice.missing_asset == "whisper-base"


def test_the_preview_is_made_once_the_encoder_is_there(voice, make_voice, alice):
    waits, other = voice, make_voice(alice, name="Other", preview="previews/there.mp3")
    VoiceCheck.objects.all().delete()
    assert checking.check_those_waiting_for(["contentvec"]) == 0
    assert checking.check_those_waiting_for(["whisper-base"], by=alice) == 1
    assert VoiceCheck.objects.get().voice == waits != other


def test_a_new_preview_takes_the_place_of_the_old_one(voice, django_capture_on_commit_callbacks):
    run(voice)
    first = voice.preview.name
    with django_capture_on_commit_callbacks(execute=True):
        run(voice)
    assert voice.preview.name != first
    assert base.files_left() == kept(voice)


def test_a_preview_says_the_same_each_time(voice):
    run(voice)
    first = voice.preview.read()
    run(voice)
    assert voice.preview.read() == first


@pytest.mark.parametrize("stage", ["content", "synthesis"])
def test_a_cancelled_check_leaves_no_preview(voice, monkeypatch, stage):
    beat = VoiceCheck.beat

    def cancel_in_the_middle(self, *, progress, **now):
        if now["stage"] == stage:
            VoiceCheck.objects.get(pk=self.pk).cancel()
        beat(self, progress=progress, **now)

    monkeypatch.setattr(VoiceCheck, "beat", cancel_in_the_middle)
    check = run(voice)
    assert check.state == State.CANCELLED
    assert not voice.preview
    assert base.files_left() == kept(voice)


@pytest.mark.parametrize("change", [{"token": "another"}, {"state": State.CANCELLED}])
def test_a_check_that_comes_too_late_changes_nothing(voice, monkeypatch, change):
    keep = checking.keep_preview

    def overtaken(check, *args):
        VoiceCheck.objects.filter(pk=check.pk).update(**change)
        keep(check, *args)

    monkeypatch.setattr(checking, "keep_preview", overtaken)
    check = run(voice)
    assert check.state == change.get("state", State.RUNNING)
    assert not voice.preview
    assert base.files_left() == kept(voice)


def test_a_preview_that_cannot_be_named_is_not_kept(voice, monkeypatch):
    monkeypatch.setattr(transaction, "on_commit", None)  # what comes after the file is stored
    VoiceModel.objects.filter(pk=voice.pk).update(preview="previews/earlier.mp3")
    check = run(voice)
    assert (check.state, check.error_code) == (State.FAILED, "job_crashed")
    assert voice.preview.name == "previews/earlier.mp3"
    assert base.files_left() == kept(voice) - {"files/previews/earlier.mp3"}


def test_a_voice_that_goes_takes_its_check_along(voice, monkeypatch, django_capture_on_commit_callbacks):
    attempt = tasks._self_test

    def delete_the_voice(of, progress):
        with django_capture_on_commit_callbacks(execute=True):
            VoiceModel.objects.get(pk=voice.pk).delete()
        attempt(of, progress)

    monkeypatch.setattr(tasks, "_self_test", delete_the_voice)
    tasks.check_voice(str(VoiceCheck.objects.get().pk))
    assert not VoiceCheck.objects.exists()
    assert base.files_left() == set()


def test_the_sentence_ends_softly():
    samples = checking.sentence()
    assert len(samples) == round(checking.SENTENCE_SECONDS * 16000)
    assert samples[-1] == 0
    assert np.abs(samples).max() > 0.1


def test_the_command_checks_in_this_process(voice, capfd):
    call_command("voices", "check", "--all", "--local")
    assert capfd.readouterr().out == "Tiny: Ready\n"
    voice.refresh_from_db()
    assert (voice.state, bool(voice.preview)) == (VoiceState.READY, True)


def test_the_command_queues(voice, capsys):
    VoiceCheck.objects.all().delete()
    call_command("voices", "check", str(voice.pk))
    assert capsys.readouterr().out == "Tiny: queued\n"
    assert VoiceCheck.objects.get().state == State.QUEUED
    with pytest.raises(CommandError, match="--all"):
        call_command("voices", "check")
