import os
import shutil
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from conversions.models import Conversion
from jobs.models import State, WorkerBeat
from models_app.management.commands.voices import find
from models_app.models import VoiceModel
from rvc.arguments import add_options, chosen_options
from rvc.codec import format_of
from rvc.errors import RVCError

POLL_SECONDS = 0.2
NOBODY_WORKS = "No worker is running: start `python3 run.py manage runworkers`, or use --local. Waiting ..."


class Command(BaseCommand):
    help = "Convert a recording through the queue, as the pages do, and wait for the result."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path)
        self.add_common(parser)

    def add_common(self, parser: ArgumentParser) -> None:
        """What every wish for a sound in a voice has."""
        parser.add_argument("target", type=Path)
        parser.add_argument("--voice", required=True, help="name or id")
        parser.add_argument("--owner", help="user name; the first superuser when left out")
        parser.add_argument("--local", action="store_true", help="work in this process, without a worker")
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.talkative = options["verbosity"] > 1
        try:
            conversion = self._submit(**options)
        except RVCError as error:
            raise CommandError(f"{error.message} ({error.code})") from error
        if options["local"]:
            import_string(conversion.task)(str(conversion.pk))
        self._wait(conversion)
        self._deliver(conversion, options["target"])

    def _submit(self, **options: Any) -> Conversion:
        if not options["source"].is_file():
            raise CommandError(f"There is no file {options['source']}.")
        voice, owner, chosen = self._wished(**options)
        with options["source"].open("rb") as handle:
            source = File(handle, name=options["source"].name)
            return Conversion.objects.submit(owner, voice, source, voice.options(**chosen))

    def _wished(self, **options: Any) -> tuple[VoiceModel, User, dict[str, Any]]:
        """The voice, for whom, and the options that were chosen."""
        if not os.access(options["target"].parent, os.W_OK):
            raise CommandError(f"Nothing can be written to the folder {options['target'].parent}.")
        chosen = chosen_options(options)
        chosen["output_format"] = format_of(options["target"], chosen.get("output_format"))
        return find(options["voice"]), owner_of(options["owner"]), chosen

    def _wait(self, conversion: Conversion) -> None:
        shown = None
        conversion.refresh_from_db()
        if not conversion.is_final and not WorkerBeat.objects.serving(conversion.queue).exists():
            self.stderr.write(NOBODY_WORKS)
        while True:
            conversion.refresh_from_db()
            now = f"{conversion.state} {conversion.stage} {conversion.progress:.0%}"
            if now != shown:
                self._show(now, last=conversion.is_final)
            if conversion.is_final:
                return
            shown = now
            self._pause()

    def _pause(self) -> None:
        time.sleep(POLL_SECONDS)

    def _show(self, now: str, *, last: bool) -> None:
        """One moving line on a terminal; elsewhere, when asked to be talkative, a line for each change."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{now}", ending="\n" if last else "")
        elif self.talkative:
            self.stderr.write(now)

    def _deliver(self, conversion: Conversion, target: Path) -> None:
        if conversion.state != State.DONE:
            raise CommandError(conversion.error_message or f"The conversion was {conversion.state}.")
        with conversion.result.open("rb") as stored, target.open("wb") as file:
            shutil.copyfileobj(stored, file)
        for warning in conversion.warnings:
            self.stderr.write(warning)
        self.stdout.write(f"{target}: {conversion.result_seconds:.2f} s at {conversion.result_rate} Hz")
        if spent := sum(conversion.facts.get("timings", {}).values()):
            self.stdout.write(f"{spent:.1f} s of work, {conversion.result_seconds / spent:.2f} × real time")


def owner_of(name: str | None) -> User:
    users = get_user_model().objects
    owner = users.filter(username=name).first() if name else users.filter(is_superuser=True).order_by("pk").first()
    if owner is None:
        raise CommandError(f"There is no user {name!r}." if name else "Make an administrator, or name an --owner.")
    return owner
