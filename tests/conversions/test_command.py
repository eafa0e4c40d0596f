"""A conversion from the command line goes through the same queue."""

import re

import pytest
import soundfile
from django.core.management import CommandError, call_command

from conversions.management.commands.convert import Command
from conversions.models import Conversion
from jobs.models import State
from tests import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def tone(tmp_path):
    path = tmp_path / "tone.wav"
    path.write_bytes(base.tone(0.5))
    return path


@pytest.mark.usefixtures("encoder", "staff")
def test_it_works_in_this_process(voice, tone, tmp_path, capfd):
    target = tmp_path / "out.flac"
    call_command("convert", str(tone), str(target), "--voice", "tiny", "--local", "--pitch-shift", "2", "--seed", "5")
    assert soundfile.info(target).frames == 20000
    conversion = Conversion.objects.get()
    assert (conversion.owner.username, conversion.pitch_shift, conversion.seed) == ("staff", 2.0, 5)
    assert conversion.output_format == "flac"
    assert "0.50 s at 40000 Hz" in capfd.readouterr().out


def test_it_waits_for_a_worker(voice, tone, tmp_path, monkeypatch, alice, capsys):
    def worker(command):
        """The worker that is done while the command sleeps."""
        waiting = Conversion.objects.get()
        waiting.result.save("result", base.upload(base.tone(0.1)), save=False)
        Conversion.objects.update(state=State.DONE, result=waiting.result.name, result_seconds=0.1, result_rate=16000)

    monkeypatch.setattr(Command, "_pause", worker)
    call_command("convert", str(tone), str(tmp_path / "out.wav"), "--voice", str(voice.pk), "--owner", "alice")
    assert (tmp_path / "out.wav").read_bytes() == base.tone(0.1)
    assert "No worker is running" in capsys.readouterr().err


def test_a_failure_is_told(voice, tone, tmp_path, monkeypatch, alice):
    def worker(command):
        Conversion.objects.update(state=State.FAILED, error_message="It broke.")

    monkeypatch.setattr(Command, "_pause", worker)
    with pytest.raises(CommandError, match="It broke"):
        call_command("convert", str(tone), str(tmp_path / "out.wav"), "--voice", "tiny", "--owner", "alice")
    assert not (tmp_path / "out.wav").exists()


def test_mistakes_are_one_sentence(voice, tone, tmp_path, alice):
    out = str(tmp_path / "out.wav")
    text = tmp_path / "text.wav"
    text.write_text("a letter")
    mistakes = {
        ("missing.wav", out, "--voice", "tiny"): "There is no file missing.wav.",
        (str(tone), "/nowhere/out.wav", "--voice", "tiny"): "Nothing can be written to the folder /nowhere.",
        (str(tone), out, "--voice", "nobody"): "There is no voice 'nobody'",
        (str(tone), out, "--voice", "tiny"): "Make an administrator, or name an --owner.",
        (str(tone), out, "--voice", "tiny", "--owner", "nobody"): "There is no user 'nobody'.",
        (str(tone), "out.xyz", "--voice", "tiny", "--owner", "alice"): "out.xyz must end in one of .flac, ",
        (str(text), out, "--voice", "tiny", "--owner", "alice"): "(not_audio)",
        (str(tone), out, "--voice", "tiny", "--owner", "alice", "--protect", "0.9"): "(bad_option)",
    }
    for words, sentence in mistakes.items():
        with pytest.raises(CommandError, match=re.escape(sentence)):
            call_command("convert", *words)
    assert not Conversion.objects.exists()
