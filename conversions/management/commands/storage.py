"""Compares what lies in storage with what the rows name. A process that is killed may leave a file without a row."""

import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db.models import FileField
from django.utils import timezone

FOLDERS = ("previews", "results", "sources", "voices")
YOUNG = timedelta(hours=1)
"""What is younger may be on its way to its row."""


class Command(BaseCommand):
    help = "Find stored files that belong to nothing, and rows whose file is missing (exit status 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help="only say what there is")
        what.add_argument("--sweep", action="store_true", help="remove the files that belong to nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        self.sweep = options["sweep"]
        before = timezone.now() - YOUNG
        stored = {name for folder in FOLDERS for name in _stored(folder)}  # before the rows, which may gain some
        named = set(_named())
        for name in sorted(stored - named):
            self._take_file(name, before)
        for path in _left_behind(before):
            self._take_path(path)
        if missing := [name for name in sorted(named - stored) if not default_storage.exists(name)]:
            raise CommandError("\n".join(f"{name}: a row names it and it is missing" for name in missing))

    def _take_file(self, name: str, before: datetime) -> None:
        try:
            young = default_storage.get_modified_time(name) > before
        except FileNotFoundError:  # deleted with its row since we looked
            return
        if not young:
            self._say(name)
            if self.sweep:
                default_storage.delete(name)

    def _take_path(self, path: Path) -> None:
        self._say(str(path.relative_to(settings.VAR_DIR)))
        if self.sweep and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif self.sweep:
            path.unlink(missing_ok=True)

    def _say(self, name: str) -> None:
        self.stdout.write(f"{name}: {'removed' if self.sweep else 'belongs to nothing'}")


def _stored(folder: str) -> list[str]:
    if not default_storage.exists(folder):
        return []
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]


def _named() -> Iterator[str]:
    """The files that the rows of all applications name."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField):
                yield from model._default_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)


def _left_behind(before: datetime) -> Iterator[Path]:
    """Uploads and quarantined folders whose process is gone."""
    for path in (*Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"), *(settings.VAR_DIR / "quarantine").glob("*")):
        with suppress(FileNotFoundError):  # its process has just cleared it away
            if path.stat().st_mtime < before.timestamp():
                yield path
