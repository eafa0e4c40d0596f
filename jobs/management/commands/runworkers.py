from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = "Works on jobs until it is stopped, and keeps its worker processes alive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=settings.WORKERS, help="jobs at the same time")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["workers"] < 1:
            raise CommandError("At least one worker is needed.")
        Supervisor(options["workers"]).run()
