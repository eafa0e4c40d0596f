"""The catalogues of translations: how texts get into them, and that they are whole."""

import os
import re

import polib
import pytest
from django.conf import settings

from voiceproject.catalogues import INCOMPLETE, catalogues, compile_catalogues, key_of, update
from voiceproject.messages import calls_of_python, calls_of_template, collect, messages

LOCALE = settings.BASE_DIR / "locale"
ALL = list(catalogues(LOCALE))
FOUND = messages(settings.BASE_DIR)
PLACEHOLDER = re.compile(r"%\(\w+\)s|%[sd]|\{\w*(?::[^}]*)?\}|</?\w+[^>]*>")


def read(calls):
    found = {}
    collect(found, calls)
    return found


def test_texts_of_templates_are_found():
    template = """{% load i18n %}
    <p title="{% translate 'A title' %}">{{ _("A value") }}</p>
      {% blocktranslate with name=voice.name trimmed %}
        Hello {{ name }},
        50 % off
      {% endblocktranslate %}
  {% blocktranslate count n=list|length %}{{ n }} file{% plural %}{{ n }} files{% endblocktranslate %}
    {% translate "May" context "month" %} {{ "not this" }} {# Translators: a remark #}"""
    assert read(calls_of_template(template)) == {
        ("", "A title"): "",
        ("", "A value"): "",
        ("", "Hello %(name)s, 50 %% off"): "",
        ("", "%(n)s file"): "%(n)s files",
        ("month", "May"): "",
    }


def test_texts_of_python_are_found():
    source = """
said = _("One" " and two")
later = gettext_lazy("Later")
many = ngettext("{n} day", "{n} days", n).format(n=n)
odd = translation.pgettext("verb", "Open")
known_when_it_runs = _(name)
other("not this")
"""
    assert read(calls_of_python(source)) == {
        ("", "One and two"): "",
        ("", "Later"): "",
        ("", "{n} day"): "{n} days",
        ("verb", "Open"): "",
    }


class TestUpdate:
    @pytest.fixture
    def catalogue(self, tmp_path):
        path = tmp_path / "de" / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True)
        path.write_text(
            'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
            '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
            'msgid "Stays"\nmsgstr "Bleibt"\n\nmsgid "Goes"\nmsgstr "Geht"\n'
        )
        return path

    def test_translations_stay_and_the_gap_is_marked(self, catalogue):
        assert update(catalogue, {("", "New"): "", ("", "Stays"): "", ("", "{n} day"): "{n} days"})
        found = polib.pofile(str(catalogue))
        assert [(entry.msgid, entry.msgstr) for entry in found] == [("New", ""), ("Stays", "Bleibt"), ("{n} day", "")]
        assert found[2].msgstr_plural == {0: "", 1: ""}
        assert found.metadata[INCOMPLETE] == "yes"
        assert not update(catalogue, {("", "New"): "", ("", "Stays"): "", ("", "{n} day"): "{n} days"})
        assert update(catalogue, {("", "Stays"): ""})
        assert INCOMPLETE not in polib.pofile(str(catalogue)).metadata

    def test_only_what_changed_is_compiled(self, catalogue, tmp_path):
        assert compile_catalogues(tmp_path, tmp_path / "var") == ["de"]
        compiled = polib.mofile(str(tmp_path / "var" / "de" / "LC_MESSAGES" / "django.mo"))
        assert compiled.find("Stays").msgstr == "Bleibt"
        assert compile_catalogues(tmp_path, tmp_path / "var") == []
        os.utime(catalogue, (1, 1))  # an older one, after a step back
        assert compile_catalogues(tmp_path, tmp_path / "var") == ["de"]


def test_there_is_one_for_each_language_but_english():
    found = {path.parts[-3].lower().replace("_", "-") for path in ALL}
    assert found | {"en"} == {code for code, _ in settings.LANGUAGES}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.parts[-3])
class TestEach:
    def test_it_has_every_text_of_the_source_and_no_other(self, path):
        known = {key_of(entry): entry.msgid_plural for entry in polib.pofile(str(path))}
        assert known == FOUND, "run: python3 run.py manage messages"

    def test_it_has_no_gaps_unless_it_says_so(self, path):
        found = polib.pofile(str(path))
        gaps = [entry.msgid for entry in found if not entry.translated()]
        assert bool(gaps) == (found.metadata.get(INCOMPLETE) == "yes"), gaps[:5]

    def test_translations_keep_placeholders_and_tags(self, path):
        for entry in polib.pofile(str(path)):
            for text in filter(None, [entry.msgstr, *entry.msgstr_plural.values()]):
                allowed = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
                assert set(PLACEHOLDER.findall(text)) <= allowed, entry.msgid
                if not entry.msgid_plural:
                    assert set(PLACEHOLDER.findall(text)) == allowed, entry.msgid
