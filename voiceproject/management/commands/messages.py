"""`manage.py messages`: brings the catalogues to the texts of the source; for whoever changes a text or translates."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from voiceproject.catalogues import catalogues, update
from voiceproject.messages import messages


class Command(BaseCommand):
    help = "Put new texts of the source into locale/*/LC_MESSAGES/django.po, and take out those that are gone."

    def handle(self, *args: Any, **options: Any) -> None:
        source = settings.BASE_DIR / "locale"
        found = messages(settings.BASE_DIR)
        for catalogue in catalogues(source):
            changed = update(catalogue, found)
            self.stdout.write(f"{catalogue.relative_to(source).parts[0]}: {'changed' if changed else 'as it was'}")
        self.stdout.write(f"{len(found)} texts")
