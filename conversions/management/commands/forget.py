from typing import Any

from django.core.management.base import BaseCommand

from conversions.models import Conversion


class Command(BaseCommand):
    help = "Delete the conversions whose time is over, with their recordings and results. The worker does it by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        count = Conversion.objects.forget_outdated()
        self.stdout.write(f"{count} conversions were deleted: their time was over.")
