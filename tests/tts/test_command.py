"""A text from the command line goes through the same queue."""

import pytest
import soundfile
from django.core.management import CommandError, call_command

from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folder", "staff")]


@pytest.mark.usefixtures("encoder")
def test_it_works_in_this_process(voice, tmp_path, capfd):
    target = tmp_path / "out.flac"
    given = ("--voice", "tiny", "--local", "--rate", "1.5", "--engines", "pyttsx3", "--seed", "5")
    call_command("speak", "Hello there.", str(target), *given)
    speech = Speech.objects.get()
    assert (speech.text, speech.rate, speech.engine) == ("Hello there.", 1.5, "pyttsx3")
    assert (speech.conversion.owner.username, speech.conversion.seed) == ("staff", 5)
    assert soundfile.info(target).duration == pytest.approx(speech.conversion.result_seconds, abs=1e-3)
    assert "s at 40000 Hz" in capfd.readouterr().out


def test_a_text_comes_from_a_file(voice, tmp_path, monkeypatch):
    from tts.management.commands.speak import Command

    monkeypatch.setattr(Command, "_wait", lambda *given: None)
    monkeypatch.setattr(Command, "_deliver", lambda *given: None)
    (tmp_path / "text.txt").write_text("Guten Tag, das ist ein Brief.", encoding="utf-8")
    call_command("speak", f"@{tmp_path / 'text.txt'}", str(tmp_path / "out.wav"), "--voice", "tiny")
    assert (Speech.objects.get().text, Speech.objects.get().language) == ("Guten Tag, das ist ein Brief.", "de")


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("…", (), "nothing in this text that can be said. \\(text_says_nothing\\)"),
        ("Hi", ("--engines", "nobody"), "no engine 'nobody'"),
        ("Hi", ("--pause", "9"), "A pause is 0 to 5 seconds"),
        ("@/nowhere.txt", (), "/nowhere.txt cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(voice, tmp_path, text, given, words):
    with pytest.raises(CommandError, match=words):
        call_command("speak", text, str(tmp_path / "out.wav"), "--voice", "tiny", *given)
    assert not Speech.objects.exists()
