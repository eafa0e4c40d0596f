"""A batch whose workers are killed while it is taken in and while it is converted. Real supervisor and engine."""

import io
import zipfile

from conversions.batches import intake
from conversions.batches.intake import Wish
from conversions.batches.models import Batch, Unpacking
from conversions.batches.outgoing import pieces
from conversions.models import Conversion
from tests import base
from tests.faults.domain import VoiceCase
from tests.hostile.make_archives import zipped

FILES = 8


class BatchTests(VoiceCase):
    def start(self):
        super().start(queues="cpu,import", workers=1)

    def submit(self):
        songs = [(f"{number:02}.wav", base.tone(2)) for number in range(FILES)]
        data = zipped(*songs, ("notes.txt", b"these are no sounds"))
        wish = Wish(self.voice, self.voice.options())
        return Batch.objects.submit(self.alice, wish, intake.look([base.upload(data, "songs.zip")]))

    def results(self):
        """Of those that are done: their file, its bytes and its time."""
        done = Conversion.objects.filter(state="done")
        return {row.pk: (row.result.name, row.attempt, row.result.path, row.result.read()) for row in done}

    def test_what_is_done_is_not_done_again(self):
        batch = self.submit()
        self.wait(lambda: Unpacking.objects.running().filter(taken__gt=1).exists(), 60, "it is taken in")
        self.kill(Unpacking.objects.get().worker_pid)
        self.wait(lambda: Unpacking.objects.final().exists(), 90, "all of it is taken in")
        self.wait(lambda: self.busy(after=2), 90, "two are done, one is under way")
        self.kill(self.supervisor.pid, *self.tree())
        self.supervisor.wait(10)
        before = self.results()
        assert 2 <= len(before) < FILES
        self.start()
        self.wait(lambda: Batch.objects.get().ended_at, 120, "the batch has ended")
        after = self.results()
        assert len(after) == FILES, "none lost, none twice"
        assert {pk: after[pk] for pk in before} == before
        assert {attempt for _, attempt, *_ in before.values()} == {1}
        assert [attempt for _, attempt, *_ in after.values()].count(1) >= FILES - 1
        job = Unpacking.objects.get()
        assert (job.state, job.attempt, job.taken, job.zip.name) == ("done", 2, FILES + 1, "")
        assert [(row.path, row.code) for row in batch.refusals.all()] == [("notes.txt", "not_audio")]
        self.assert_the_zip_is_whole(batch)
        kept = {path for path in base.files_left() if path.startswith(("files/batches", "files/results", "work"))}
        assert kept == {f"files/{name}" for name, *_ in after.values()}

    def busy(self, after):
        return Conversion.objects.filter(state="done").count() >= after and Conversion.objects.running().exists()

    def assert_the_zip_is_whole(self, batch):
        with zipfile.ZipFile(io.BytesIO(b"".join(pieces(batch)))) as opened:
            assert opened.testzip() is None
            assert opened.namelist() == [f"{number:02}.wav" for number in range(FILES)] + ["report.csv"]
