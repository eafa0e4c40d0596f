"""People who use the site: what they ask for, what they change their minds about, and a book of all of it."""

import collections
import io
import wave
from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model

from conversions.models import Conversion
from jobs.models import State
from models_app.models import VoiceImport
from rvc.options import ConversionOptions
from tests.jobs.chores.models import Chore
from voiceproject.errors import SlowDown

SAMPLE = settings.BASE_DIR / "models_app/starter/sample.wav"
MOST_WAITING = 15
ODD = ("bug", "content")
DEADLY = ("poison", "hang", "memory")
"""These take their worker along."""


@dataclass
class Wish:
    """One job that was accepted, and what its owner did about it since."""

    model: type[Model]
    pk: object
    kind: str
    frames: int = 0
    """Of the recording, at its own rate."""
    cancelled: bool = False
    retries: int = 0
    deleted: bool = False

    @property
    def row(self):
        return self.model.objects.filter(pk=self.pk).first()


class People:
    def __init__(self, site, lot) -> None:
        self.site, self.lot = site, lot
        self.book: list[Wish] = []
        self.turned_away = 0
        self.calm = False
        """Nobody asks for what kills its worker: processes are to grow old."""
        with wave.open(str(SAMPLE)) as sample:
            self.rate = sample.getframerate()
            self.sound = sample.readframes(sample.getnframes())

    def active(self) -> int:
        return sum(model.objects.active().count() for model in (Conversion, VoiceImport, Chore))

    def ask(self) -> None:
        """Somebody asks for something, unless enough is waiting already."""
        if self.active() >= MOST_WAITING:
            return
        [what] = self.lot.choices([self.conversion, self.voice_import, self.chore, self.odd_chore], [5, 1, 4, 0.4])
        try:
            self.book.append(what(self.lot.choice(self.site.people)))
        except SlowDown:
            self.turned_away += 1

    def meddle(self) -> None:
        """Somebody cancels, retries or deletes something of the last hour's, whatever state it is in."""
        standing = [wish for wish in self.book[-60:] if not wish.deleted]
        if standing:
            wish = self.lot.choice(standing)
            [verb] = self.lot.choices([self.cancel, self.retry, self.delete], [4, 4, 2])
            verb(wish, wish.row)

    def cancel(self, wish, row) -> None:
        if row.cancel():
            wish.cancelled = True

    def retry(self, wish, row) -> None:
        if row.retry():
            wish.cancelled = False
            wish.retries += 1

    def delete(self, wish, row) -> None:
        row.delete()
        wish.deleted = True

    def conversion(self, person) -> Wish:
        frames = self.lot.randrange(self.rate // 2, 3 * self.rate)
        first = self.lot.randrange(len(self.sound) // 2 - frames)
        recording = SimpleUploadedFile("slice.wav", self._wav(first, frames))
        options = ConversionOptions(
            pitch_shift=self.lot.choice([0.0, -2.0, 3.5]),
            output_format=self.lot.choice(["wav", "flac"]),
            index_rate=0.2,
        )
        row = Conversion.objects.submit(person, self.site.voice, recording, options)
        return Wish(Conversion, row.pk, "conversion", frames)

    def voice_import(self, person) -> Wish:
        row = VoiceImport.objects.submit(person, "https://nowhere.invalid/voice.pth")
        return Wish(VoiceImport, row.pk, "import")

    def chore(self, person, kind="ok") -> Wish:
        row = Chore.objects.create(owner=person, kind=kind, seconds=self.lot.choice([0.0, 0.1, 1.0, 4.0]))
        row.hint()
        return Wish(Chore, row.pk, kind)

    def odd_chore(self, person) -> Wish:
        return self.chore(person, self.lot.choice(ODD if self.calm else ODD + DEADLY))

    def states(self) -> collections.Counter:
        models = (Conversion, VoiceImport, Chore)
        return collections.Counter(state for model in models for state in model.objects.values_list("state", flat=True))

    def busy(self) -> bool:
        return any(
            model.objects.filter(state__in=(State.QUEUED, State.RUNNING)).exists()
            for model in (Conversion, VoiceImport, Chore)
        )

    def _wav(self, first: int, frames: int) -> bytes:
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.sound[2 * first : 2 * (first + frames)])
        return buffer.getvalue()
