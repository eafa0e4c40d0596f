"""Sentences of the library, the engines and the workers on pages in another language."""

import ast
import re

import pytest
from django import forms
from django.conf import settings
from django.utils.translation import override
from django.utils.translation.trans_real import translation

from voiceproject import sentences
from voiceproject.sentences import REASONS, SENTENCES, reason, told
from voiceproject.templatetags.page import told as shown

VALUE = re.compile(r"\{[^{}]*\}")
PARTED = re.compile(r"\{[^{}]*\}|`|: ")
"""Where the source may have put a sentence together."""
SAYS = ("tts/engines", "rvc/codec/limits.py", "rvc/errors.py", "rvc/options.py", "jobs/tasks.py")
"""Where whatever is raised has to be known."""
RARE = {
    "The engine wrote a file of another kind than it should.",
    "Kokoro cannot be used: {}",
    "This Piper voice cannot be used: {}",
    "This Piper voice gives samples that are not numbers.",
    "Kokoro gave samples that are not numbers.",
    "Kokoro's config.json cannot be read.",
    "The voice {} is damaged.",
    "The voice {} cannot be read.",
    "{} sent a list of voices that cannot be read.",
    "{} has no voices.",
    "One piece of text may have {} characters.",
    "{} is {} to {}.",
    "There is no option called {}.",
    "eSpeak NG could not be started.",
    "eSpeak NG does not know the language {}.",
    "gTTS (Google) answered with something that cannot be read.",
    "pyttsx3 speaks as {}, not as {}.",
    "pyttsx3 does not take the rate.",
    "pyttsx3 wrote nothing.",
    "The recording is longer than {}: cut it into shorter parts.",
    "Its files are missing: {}.",
    "It has no voice: {}.",
}
"""What only a damaged file, a strange service or a program can cause, or what is known with more of its words."""


def text_of(node):
    """A string of the source, with {} where it has a value; "" for everything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return VALUE.sub("{}", node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def texts(source):
    return filter(None, map(text_of, ast.walk(ast.parse(source))))


def raised(source):
    """What errors and troubles are made with in a file, and what is called a sentence just before."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and re.search(r"(Error|Trouble)$", ast.unparse(node.func)):
            yield from map(text_of, node.args)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sentence":
            yield text_of(node.value)


@pytest.fixture
def backwards(monkeypatch):
    """German that says every template backwards by its words, so that nothing depends on who has translated what."""
    catalogue = translation("de")._catalog
    for template in SENTENCES + REASONS:
        monkeypatch.setitem(catalogue._catalogs[0], template, f"» {template} «")
    with override("de"):
        yield


SAID = {
    "The engine took longer than 12.5 seconds.": "» The engine took longer than 12.5 seconds. «",
    "The voice Anna {x} was deleted.": "» The voice Anna {x} was deleted. «",
    "piper could not speak, pyttsx3 did: OpenAI refused: it answered 401.": (
        "» piper could not speak, pyttsx3 did: » OpenAI refused: it answered 401. « «"
    ),
    "None of the engines could say this. piper: The engine gave up on this text. gtts: Something new.": (
        "» None of the engines could say this. piper: » The engine gave up on this text. « gtts: Something new. «"
    ),
    "Kokoro: The package onnxruntime is missing: run `python3 run.py`.": (
        "Kokoro: » The package onnxruntime is missing: run `python3 run.py`. «"
    ),
    "The other side failed: it said nothing. Try again later.": (
        "» The other side failed: it said nothing. Try again later. «"
    ),
    "The recording is damaged: it ends before its declared length.": (
        "» The recording is damaged: » it ends before its declared length «. «"
    ),
    "This index cannot be used: it is a web page: the download was not the file itself.": (
        "» This index cannot be used: » it is » a web page: the download was not the file itself « «. «"
    ),
    "rmvpe is not installed (Pitch estimator, fast): run `x`.": (
        "» rmvpe is not installed (» Pitch estimator, fast «): run `x`. «"
    ),
    "Nobody has ever said this.": "Nobody has ever said this.",
    "Das ist schon übersetzt: ja.": "Das ist schon übersetzt: ja.",
    "": "",
}


@pytest.mark.parametrize("sentence", SAID)
def test_a_known_sentence_is_translated_with_its_values(backwards, sentence):
    assert told(sentence) == SAID[sentence]
    assert shown(sentence) == SAID[sentence]


def test_errors_of_fields_are_translated_where_they_are_shown(backwards):
    class Wish(forms.Form):
        text = forms.CharField()

    form = Wish({"text": "…"})
    form.add_error("text", "There is nothing in this text that can be said.")
    form.add_error(None, "<b>The document is empty.</b>")
    assert "<li>» There is nothing in this text that can be said. «</li>" in str(form["text"].errors)
    assert "&lt;b&gt;" in str(form.non_field_errors())


def test_in_english_they_stay(backwards):
    with override("en"):
        assert all(told(sentence) == sentence for sentence in SAID)


def test_each_is_said_somewhere():
    """Who changes a sentence changes it here too."""
    packages = [path for top in ("rvc", "tts", "jobs", "conversions", "models_app", "voiceproject")
                for path in (settings.BASE_DIR / top).rglob("*.py") if path.name != "sentences.py"]  # fmt: skip
    said = "\n".join(text for path in packages for text in texts(path.read_text(encoding="utf-8")))
    parts = {template: [part.strip(" .;,") for part in PARTED.split(template)] for template in SENTENCES + REASONS}
    assert [template for template, words in parts.items() if not all(word in said for word in words)] == []


@pytest.mark.parametrize("place", SAYS)
def test_what_is_raised_is_known(place):
    path = settings.BASE_DIR / place
    files = [path] if path.is_file() else path.rglob("*.py")
    found = {text for file in files for text in raised(file.read_text(encoding="utf-8")) if text.endswith(".")}
    known = [pattern for _, pattern in sentences._patterns(SENTENCES)]
    assert {text for text in found - RARE if not any(pattern.fullmatch(text) for pattern in known)} == set()


def test_a_reason_is_translated_by_itself_too(backwards):
    assert reason("it leads into a private network") == "» it leads into a private network «"
    for words in ("nobody knows why", "it is of a kind that nobody knows"):
        assert reason(words) == words
    with override("en"):
        assert reason("it leads into a private network") == "it leads into a private network"
