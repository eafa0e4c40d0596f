"""Compares what lies in storage with what the rows name. A process that is killed may leave a file without a row."""

import hashlib
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
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from conversions.models import Conversion
from conversions.sweeps.models import Sweep
from jobs.events import JobEvent
from jobs.quotas import forget_days
from models_app.models import VoiceModel
from voiceproject.copies import copies

YOUNG = timedelta(hours=1)
"""What is younger may be on its way to its row."""


class Command(BaseCommand):
    help = "Find stored files that belong to nothing, and rows whose file is missing (exit status 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--check",
            action="store_true",
            help="only say what there is, and read every voice; status 1 if anything is wrong",
        )
        what.add_argument("--sweep", action="store_true", help="remove the files that belong to nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        self.sweep = options["sweep"]
        self.homeless = 0
        before = timezone.now() - YOUNG
        stored = {name for folder in _folders() for name in _stored(folder)}  # before the rows, which may gain some
        copied = set(copies().names())
        named = set(_named())
        for name in sorted(stored - named):
            self._take_file(name, before)
        for path in (*_left_behind(before), *_measured_in_nothing(before)):
            self._take_path(path)
        if self.sweep:
            JobEvent.objects.forget()
            forget_days()
            for name in copied - named:
                copies().forget(name)
        else:
            self._tell_sizes(stored)
        missing = [name for name in sorted(named - stored) if not default_storage.exists(name)]
        damaged = [] if self.sweep else sorted(set(_damaged()) - set(missing))
        self._judge(missing, damaged)

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
        self.homeless += 1
        self.stdout.write(f"{name}: {'removed' if self.sweep else 'belongs to nothing'}")

    def _tell_sizes(self, stored: set[str]) -> None:
        for folder in _folders():
            sizes = [_size(name) for name in stored if name.startswith(f"{folder}/")]
            self.stdout.write(f"{folder}: {len(sizes)} files, {filesizeformat(sum(sizes))}")

    def _judge(self, missing: list[str], damaged: list[str]) -> None:
        """Whoever reads only the exit status learns that something is wrong."""
        trouble = [f"{name}: a row names it and it is missing" for name in missing]
        trouble += [f"{name}: it is not what was stored; bring the voice once more" for name in damaged]
        if self.homeless and not self.sweep:
            way = "`python3 run.py manage storage --sweep` removes them"
            trouble.append(f"{self.homeless} files or folders belong to nothing; {way}.")
        if trouble:
            raise CommandError("\n".join(trouble))


def _folders() -> list[str]:
    """The folders of storage: one for each kind of file."""
    with suppress(FileNotFoundError):
        return sorted(default_storage.listdir("")[0])
    return []


def _stored(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]


def _size(name: str) -> int:
    try:
        return default_storage.size(name)
    except FileNotFoundError:  # deleted with its row since we looked
        return 0


def _named() -> Iterator[str]:
    """The files that the rows of all applications name."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField):
                yield from model._default_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)


def _damaged() -> Iterator[str]:
    """Files of voices whose bytes are others than those that were stored, or cannot be read."""
    for voice in VoiceModel.objects.all():
        for file, sha256 in ((voice.file, voice.file_sha256), (voice.index_file, voice.index_file_sha256)):
            if file.name and sha256:
                try:
                    with file.storage.open(file.name) as handle:
                        whole = hashlib.file_digest(handle, "sha256").hexdigest() == sha256
                except OSError:
                    whole = False
                if not whole:
                    yield str(file.name)


def _left_behind(before: datetime) -> Iterator[Path]:
    """Uploads and quarantined folders whose process is gone."""
    for path in (*Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"), *(settings.VAR_DIR / "quarantine").glob("*")):
        if _older(path, before):
            yield path


def _measured_in_nothing(before: datetime) -> Iterator[Path]:
    """Cached features of recordings that were deleted elsewhere, or while a worker measured them."""
    rows = (kind._default_manager.exclude(fingerprint="").order_by() for kind in (Conversion, Sweep))
    kept = {name for named in rows for name in named.values_list("fingerprint", flat=True).distinct()}
    for path in Path(settings.FEATURE_CACHE_DIR).glob("*"):
        if path.name.partition(".")[0] not in kept and _older(path, before):
            yield path


def _older(path: Path, before: datetime) -> bool:
    with suppress(FileNotFoundError):  # its process has just cleared it away
        return path.stat().st_mtime < before.timestamp()
    return False
