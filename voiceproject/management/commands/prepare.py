"""`manage.py prepare`: what has to be true before the site is served. Safe, and quick, at every start."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, transaction

from rvc.errors import StorageError
from voiceproject.catalogues import compile_catalogues
from voiceproject.models import OneTimePassword

ONE_TIME = "DJANGO_SUPERUSER_PASSWORD_IS_ONE_TIME"
"""Set by whoever made up the password in DJANGO_SUPERUSER_PASSWORD and showed it once."""


def keep_private() -> None:
    """Password hashes and tokens lie in SQLite's file: nobody else on the machine may read it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3") and Path(database["NAME"]).is_file():
        Path(database["NAME"]).chmod(0o600)


class Command(BaseCommand):
    help = "Bring the database, the static files, the starter voice and the first administrator up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-starter", action="store_true", help="leave the bundled starter voice out")

    def handle(self, *args: Any, **options: Any) -> None:
        self.migrate()
        keep_private()
        call_command("createcachetable")
        self.make_bucket()
        self.collect_static()
        compile_catalogues(settings.BASE_DIR / "locale", settings.LOCALE_PATHS[0])
        if not options["no_starter"]:
            call_command("voices", "install-starter", stdout=self.stdout)
        call_command("voices", "check", "--outdated", stdout=self.stdout)
        self.create_first_admin()

    def migrate(self) -> None:
        try:
            call_command("migrate", interactive=False, stdout=self.stdout)
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {str(error).strip()}") from error

    def make_bucket(self) -> None:
        """On a server of one's own nobody has made it yet."""
        storage: Any = storages["default"]
        try:
            if settings.STORAGE_BUCKET and storage.make_bucket():
                self.stdout.write(f"Made the bucket {settings.STORAGE_BUCKET}.")
        except StorageError as error:
            raise CommandError(error.message) from error

    def collect_static(self) -> None:
        """Collect and compress the static files when they are not the ones collected last time."""
        stamp = Path(settings.STATIC_ROOT).with_suffix(".stamp")
        found = static_fingerprint()
        if Path(settings.STATIC_ROOT).is_dir() and stamp.is_file() and stamp.read_text() == found:
            return
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(found)
        self.stdout.write("Collected the static files.")

    def create_first_admin(self) -> None:
        """Create an administrator where there is none; a password we made up is printed here, once."""
        name = os.environ.get("DJANGO_SUPERUSER_USERNAME", "admin")
        given = os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        password = given or secrets.token_hex(12)
        people = get_user_model().objects
        with transaction.atomic():
            if people.filter(is_superuser=True).exists():
                return
            admin = people.create_superuser(name, os.environ.get("DJANGO_SUPERUSER_EMAIL", ""), password)
            if given is None or ONE_TIME in os.environ:
                OneTimePassword.objects.give(admin)
        self.stdout.write(f"Created the first administrator {name}.")
        if given is None:
            self.stdout.write(f"One-time password, shown only now: {password}")


def static_fingerprint() -> str:
    """A digest of name, size and time of every static file the project and its packages bring."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
