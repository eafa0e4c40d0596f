"""Files that belong to nothing are found and removed; nothing else is."""

import os
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.template.defaultfilters import filesizeformat

from conversions.models import Conversion
from tests import base

pytestmark = pytest.mark.django_db

LOST = ("files/results/a.wav", "files/sources/b", "files/voices/c.safetensors")
LEFT = ("uploads/d.upload", "quarantine/recording-e/recording")


def put(folder, *names, hours=2.0):
    then = time.time() - hours * 3600
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        for old in (path, path.parent):
            os.utime(old, (then, then))


def age(folder, hours=2.0):
    """Make all that is there old."""
    then = time.time() - hours * 3600
    for path in (folder / "files").rglob("*"):
        os.utime(path, (then, then))


def test_it_works(done, own_folder, capsys):
    age(own_folder)
    before = base.files_left()
    put(own_folder, *LOST, *LEFT)
    call_command("storage", "--sweep")
    assert base.files_left() == before
    assert not list((own_folder / "quarantine").iterdir())
    assert capsys.readouterr().out.count(": removed") == len(LOST + LEFT)


def test_a_check_removes_nothing(done, own_folder, capsys):
    put(own_folder, *LOST, *LEFT)
    before = base.files_left()
    with pytest.raises(CommandError, match="5 files or folders belong to nothing"):
        call_command("storage", "--check")
    assert base.files_left() == before
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "results/a.wav: belongs to nothing"
    assert told.count(": belongs to nothing") == len(LOST + LEFT)


def test_a_check_tells_sizes_by_kind(done, own_folder, capsys):
    call_command("storage", "--check")
    told = dict(line.split(": ") for line in capsys.readouterr().out.splitlines())
    assert told["sources"] == f"1 files, {filesizeformat(done.source.size)}"
    assert told["results"] == f"1 files, {filesizeformat(done.result.size)}"
    assert told["voices"].startswith("2 files, ")


def test_features_of_recordings_that_are_gone_are_swept(done, own_folder, settings):
    settings.FEATURE_CACHE_DIR = own_folder / "cache" / "features"
    Conversion.objects.update(fingerprint="kept")
    put(settings.FEATURE_CACHE_DIR, "kept.1.safetensors", "gone.1.safetensors")
    put(settings.FEATURE_CACHE_DIR, "young.1.safetensors", hours=0.5)
    age(own_folder)
    call_command("storage", "--sweep")
    left = {path.name for path in settings.FEATURE_CACHE_DIR.iterdir()}
    assert left == {"kept.1.safetensors", "young.1.safetensors"}


def test_what_is_young_may_get_its_row_yet(own_folder):
    put(own_folder, *LOST, *LEFT, hours=0.5)
    call_command("storage", "--sweep")
    assert base.files_left() == set(LOST + LEFT)


def test_a_row_without_its_file_is_told(done, own_folder):
    default_storage.delete(done.result.name)
    with pytest.raises(CommandError, match=f"{done.result.name}: a row names it"):
        call_command("storage", "--check")


def test_a_row_that_comes_while_it_looks_keeps_its_file(done, own_folder, monkeypatch):
    """Its file was not there when the files were listed."""
    from conversions.management.commands import storage

    named = storage._named

    def named_before_it_came():
        names = list(named())
        Conversion.objects.update(result=default_storage.save("results/late", ContentFile(b"x")))
        age(own_folder)
        return names

    monkeypatch.setattr(storage, "_named", named_before_it_came)
    call_command("storage", "--sweep")
    assert default_storage.exists("results/late")


def test_an_empty_server_has_nothing_to_say(own_folder, capsys):
    call_command("storage", "--check")
    assert capsys.readouterr().out == ""
