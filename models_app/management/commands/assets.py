"""manage.py assets: see, check, download and carry in the pretrained files."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from models_app.assets import asset_store
from models_app.checking import check_those_waiting_for
from models_app.models import VoiceModel
from rvc.assets import AssetStatus, AssetStore
from rvc.errors import AssetError


class Command(BaseCommand):
    help = "Lists, verifies, downloads and imports the pretrained files that voices and pitch estimators need."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="What there is and what is installed.")
        listing.add_argument("--json", action="store_true", help="For programs.")
        verify = actions.add_parser("verify", help="Hash the installed files again.")
        verify.add_argument("names", nargs="*", metavar="NAME", help="Default: everything installed.")
        fetch = actions.add_parser("fetch", help="Download, or continue a download.")
        fetch.add_argument("names", nargs="*", metavar="NAME")
        fetch.add_argument("--all", action="store_true", help="Everything the hub has.")
        carry = actions.add_parser("import", help="Take known files out of files, folders, .zip and .whl archives.")
        carry.add_argument("paths", nargs="+", metavar="PATH", type=Path)
        carry.add_argument("--as", dest="name", help="a content encoder of your own, in the layout of HuBERT, by name")

    def handle(self, *_args: Any, **options: Any) -> None:
        action: Callable[[AssetStore, dict[str, Any]], None] = getattr(self, f"_{options['action']}")
        action(asset_store(), options)

    def _list(self, store: AssetStore, options: dict[str, Any]) -> None:
        if options["json"]:
            lines = [{**asdict(status), "path": str(status.path)} for status in store.status()]
            self.stdout.write(json.dumps(lines, indent=2))
            return
        for status in store.status():
            self.stdout.write(f"{status.name:22}{status.state:11}{_megabytes(status.size):>10}  {status.purpose}")
            self.stdout.write(f"{'':43}  {status.licence}")
            if status.state == "recorded":
                for line in _recorded(status):
                    self.stdout.write(f"{'':43}  {line}")

    def _verify(self, store: AssetStore, options: dict[str, Any]) -> None:
        names = options["names"] or [status.name for status in store.status() if status.state != "missing"]
        self._each(names, lambda name: f"{name}: {store.verify(name).state}")

    def _fetch(self, store: AssetStore, options: dict[str, Any]) -> None:
        names = options["names"]
        if options["all"]:
            names = [status.name for status in store.status() if status.fetchable]
        if not names:
            raise CommandError(
                "Say which assets to fetch, or --all; `python3 run.py manage assets list` shows their names."
            )

        def bring(name: str) -> str:
            path = store.fetch(name, self._progress(name))
            return f"{name}: {path}" + _waited([name])

        self._each(names, bring)

    def _import(self, store: AssetStore, options: dict[str, Any]) -> None:
        if options["name"]:
            self._import_own(store, options["name"], options["paths"])
            return

        def take(path: Path) -> str:
            names = store.import_from(path, self._progress(path.name))
            lines = [_imported(status) for status in store.status() if status.name in names]
            return "\n".join(lines) + _waited(name for name in names if store.installed(name))

        self._each(options["paths"], take)

    def _import_own(self, store: AssetStore, name: str, paths: list[Path]) -> None:
        if len(paths) > 1:
            raise CommandError("Only one folder or file can be taken under one name.")

        def take(path: Path) -> str:
            status = store.import_as(path, name, _load)
            return "\n".join((f"{name}: {status.state}", *_recorded(status))) + _waited([name])

        self._each(paths, take)

    def _each(self, things: Iterable[Any], work: Callable[[Any], str]) -> None:
        """Do all of them, say what failed in one sentence each, and exit with 1 if anything did."""
        failures = 0
        for thing in things:
            try:
                self.stdout.write(work(thing))
            except AssetError as error:
                failures += 1
                self.stderr.write(self.style.ERROR(error.message))
        if failures:
            sys.exit(1)

    def _progress(self, label: str) -> Callable[[int, int | None], None]:
        """A line that counts up on a terminal; nothing elsewhere, where every update would be a line of a log."""
        if not self.stdout.isatty():
            return lambda _done, _total: None

        def show(done: int, total: int | None) -> None:
            share = f"{done / total:4.0%} of {_megabytes(total)}" if total else _megabytes(done)
            self.stdout.write(f"\r{label}: {share}", ending="\n" if done == total else "")
            self.stdout.flush()

        return show


def _imported(status: AssetStatus) -> str:
    return f"{status.name}: {status.state}" if status.installed else f"{status.name}: in part, files are still missing"


def _recorded(status: AssetStatus) -> list[str]:
    return [f"{name}: sha256 {digest}, recorded at its first use" for name, digest in status.digests.items()]


def _load(name: str, folder: Path) -> None:
    """Whether an encoder can be loaded at all; its numbers show in the previews of the voices that use it."""
    import torch  # noqa: PLC0415 - only who brings an encoder waits for it

    from rvc.content import load_encoder  # noqa: PLC0415

    load_encoder(name, folder, torch.device("cpu"))


def _waited(names: Iterable[str]) -> str:
    """Have the voices tried that waited for these, and say how many there were."""
    if VoiceModel._meta.db_table not in connection.introspection.table_names():
        return ""  # files may be carried in before the database is made
    count = check_those_waiting_for(names)
    return f"\n{count} voice(s) that waited for it will be tried." if count else ""


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
