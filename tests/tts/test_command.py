"""A text from the command line goes through the same queue."""

import re
import zipfile

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


BOOK = "# The station\n\nIt was *late*.\n\n# The train\n\nNobody came."
LINE = re.compile(r": ([\d.]+) s at 40000 Hz, 2 parts")


@pytest.mark.usefixtures("encoder")
def test_a_document_becomes_one_recording(voice, tmp_path, capfd):
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    target = tmp_path / "out.flac"
    call_command("speak", f"@{tmp_path / 'book.md'}", str(target), "--voice", "tiny", "--local", "--verbosity", "2")
    assert [one.text for one in Speech.objects.order_by("conversion__batch_position")] == [
        "The station\n\nIt was late.", "The train\n\nNobody came.",
    ]  # fmt: skip
    first, second = (one.conversion.result_seconds for one in Speech.objects.all())
    said = capfd.readouterr()
    assert soundfile.info(target).duration == pytest.approx(first + second + 0.7, abs=0.01)
    assert float(LINE.search(said.out)[1]) == pytest.approx(first + second + 0.7, abs=0.01)
    assert f"[{'#' * 30}] 100%, 2 of 2 parts" in said.err


@pytest.mark.usefixtures("encoder")
def test_a_zip_has_the_parts_apart(voice, tmp_path):
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    given = ("--voice", "tiny", "--local", "--output-format", "flac")
    call_command("speak", f"@{tmp_path / 'book.md'}", str(tmp_path / "out.zip"), *given)
    with zipfile.ZipFile(tmp_path / "out.zip") as opened:
        assert opened.namelist() == ["1 The station.flac", "2 The train.flac", "report.csv"]


def test_what_went_wrong_with_a_part_is_said(voice, tmp_path):
    """Nothing is written then: the rest can be had from the page of the batch."""
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    voice.file.storage.delete(voice.file.name)
    with pytest.raises(CommandError, match=r"1 The station\.txt: "):
        call_command("speak", f"@{tmp_path / 'book.md'}", str(tmp_path / "out.wav"), "--voice", "tiny", "--local")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("…", (), "nothing in this text that can be said. \\(text_says_nothing\\)"),
        ("Hi", ("--engines", "nobody"), "no engine 'nobody'"),
        ("Hi", ("--pause", "9"), "A pause is 0 to 5 seconds"),
        ("@/nowhere.txt", (), "/nowhere.txt cannot be read"),
        ("@/nowhere.epub", (), "/nowhere.epub cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(voice, tmp_path, text, given, words):
    with pytest.raises(CommandError, match=words):
        call_command("speak", text, str(tmp_path / "out.wav"), "--voice", "tiny", *given)
    assert not Speech.objects.exists()
