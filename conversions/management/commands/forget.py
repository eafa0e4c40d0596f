from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from conversions.batches.keeping import forget_outdated
from conversions.models import Conversion, Piece, Upload
from jobs.scratch import clear_abandoned


class Command(BaseCommand):
    help = "Delete the conversions whose time is over, with their recordings and results. The worker does it by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        count = Conversion.objects.forget_outdated()
        forget_outdated()
        Piece.objects.passed().clear()
        Upload.objects.unused().clear()
        clear_abandoned(settings.VAR_DIR / "work")  # parts of recordings that killed workers have left
        self.stdout.write(f"{count} conversions were deleted: their time was over.")
