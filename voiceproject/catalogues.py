"""The catalogues of translations: `locale/LANGUAGE/LC_MESSAGES/django.po`, and what Django reads of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import polib

NAME = Path("LC_MESSAGES") / "django.po"
INCOMPLETE = "X-Incomplete"
"""A field in the head of a catalogue that still lacks translations, and may."""


def catalogues(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"*/{NAME.as_posix()}")))


def compile_catalogues(source: Path, target: Path) -> list[str]:
    """Write the .mo file of each catalogue that has changed; returns the names of their languages."""
    changed = []
    for catalogue in catalogues(source):
        time = catalogue.stat().st_mtime_ns
        compiled = (target / catalogue.relative_to(source)).with_suffix(".mo")
        if compiled.is_file() and compiled.stat().st_mtime_ns == time:
            continue
        compiled.parent.mkdir(parents=True, exist_ok=True)
        part = compiled.with_suffix(f".{os.getpid()}.part")  # another process may be reading, or at the same
        polib.pofile(str(catalogue)).save_as_mofile(str(part))
        os.utime(part, ns=(time, time))
        part.replace(compiled)
        changed.append(catalogue.relative_to(source).parts[0])
    return changed


Key = tuple[str, str]
"""Context and English text, by which a message is found."""


def key_of(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def update(catalogue: Path, messages: dict[Key, str]) -> bool:
    """Give a catalogue exactly these messages, with the translations that it has. Returns whether it changed.

    messages: the plural of each, or nothing, in the order in which they are to stand.
    """
    old = polib.pofile(str(catalogue), wrapwidth=0)
    known = {key_of(entry): entry for entry in old}
    new = polib.POFile(wrapwidth=0)
    new.metadata, new.header = dict(old.metadata), old.header
    for key, plural in messages.items():
        entry = known.get(key)
        new.append(entry if entry and entry.msgid_plural == plural else _entry(key, plural, _forms(old)))
    if all(entry.translated() for entry in new):
        new.metadata.pop(INCOMPLETE, None)
    else:
        new.metadata[INCOMPLETE] = "yes"
    if str(new) == str(old):
        return False
    new.save(str(catalogue))
    return True


def _entry(key: Key, plural: str, forms: int) -> polib.POEntry:
    context, text = key
    empty = dict.fromkeys(range(forms), "") if plural else {}
    return polib.POEntry(msgctxt=context or None, msgid=text, msgid_plural=plural, msgstr_plural=empty)


def _forms(catalogue: polib.POFile) -> int:
    """How many forms this language has for one, few and many."""
    rule = catalogue.metadata.get("Plural-Forms", "nplurals=2")
    return int(rule.partition("nplurals=")[2].partition(";")[0])
