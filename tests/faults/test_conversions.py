"""Real conversions whose workers are killed, whose voices are deleted, and which nobody wants any more."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import soundfile
from django.conf import settings
from django.core.management import CommandError, call_command

from conversions.models import Conversion
from tests import base
from tests.faults.domain import VoiceCase
from tests.faults.soak.judge import age

SECONDS = 12
WORK = settings.VAR_DIR / "work"


class ConversionTests(VoiceCase):
    def submit(self, count=1):
        sound = base.tone(SECONDS)
        for _ in range(count):
            Conversion.objects.submit(self.alice, self.voice, base.upload(sound), self.voice.options())

    def wait_until_converting(self):
        begun = Conversion.objects.running().filter(progress__gt=0.03)
        self.wait(begun.exists, 30, "the engine is at work")
        return begun.first()

    def wait_until_ended(self):
        self.wait(lambda: not Conversion.objects.active().exists(), 60, "every conversion ended")

    def results(self):
        return sorted(f"results/{path.name}" for path in (settings.VAR_DIR / "files/results").glob("*"))

    def test_kill_busy_and_orphans(self):
        """One worker dies in the middle, another between its file and its row: one result each, the rest is swept."""
        self.submit(2)
        self.kill(self.wait_until_converting().worker_pid)
        (settings.VAR_DIR / "files/results").mkdir(parents=True, exist_ok=True)
        (settings.VAR_DIR / "files/results/of-a-worker-that-died.wav").write_bytes(b"no row names it")
        self.wait_until_ended()
        for conversion in Conversion.objects.all():
            assert conversion.state == "done", conversion.error_message
            with conversion.result.open("rb") as handle:
                heard = soundfile.info(handle)
            assert heard.frames == SECONDS * heard.samplerate
        assert list(WORK.glob("*")) == []
        age(settings.VAR_DIR / "files")
        call_command("storage", "--sweep")
        call_command("storage", "--check")
        assert self.results() == sorted(Conversion.objects.values_list("result", flat=True))

    @pytest.mark.long
    def test_cancel(self):
        self.submit()
        conversion = self.wait_until_converting()
        asked = time.monotonic()
        assert conversion.cancel()
        self.wait(lambda: list(WORK.glob("*")) == [], 5, "its folder is gone")
        assert time.monotonic() - asked < 5
        assert os.kill(conversion.worker_pid, 0) is None, "the worker lives on"
        conversion.refresh_from_db()
        assert (conversion.state, self.results()) == ("cancelled", [])

    def test_delete_in_use(self):
        self.submit(3)
        self.wait_until_converting()
        file = Path(self.voice.file.path)
        self.voice.remove(self.alice)
        self.wait_until_ended()
        ends = set(Conversion.objects.values_list("state", "error_code"))
        assert ends <= {("done", ""), ("failed", "voice_deleted")}
        assert ("failed", "voice_deleted") in ends
        assert not file.exists()

    def test_disk_full(self):
        """A disk of real files, too small for the result: the job says so, and succeeds once there is room."""
        folder = settings.VAR_DIR / "files/results"
        folder.mkdir(parents=True, exist_ok=True)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False)
        if mount.returncode:
            self.skipTest("only the superuser mounts disks")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        self.submit()
        self.wait_until_ended()
        conversion = Conversion.objects.get()
        assert (conversion.state, conversion.error_code) == ("failed", "storage_full")
        assert self.results() == []
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        assert conversion.retry()
        self.wait_until_ended()
        conversion.refresh_from_db()
        assert (conversion.state, self.results()) == ("done", [conversion.result.name])

    def test_bitrot(self):
        """One bit of a stored voice is not what it was: no conversion sounds wrong without a word."""
        path = Path(self.voice.file.path)
        content = bytearray(path.read_bytes())
        content[-100] ^= 1
        path.write_bytes(content)
        self.submit()
        self.wait_until_ended()
        assert set(Conversion.objects.values_list("state", "error_code")) == {("rejected", "damaged")}
        with pytest.raises(CommandError, match=f"{self.voice.file.name}: it is not what was stored"):
            call_command("storage", "--check")

    @pytest.mark.long
    def test_fenced(self):
        """A worker that was stopped finds on waking that another has done its work: its own result is dropped."""
        self.submit()
        conversion = self.wait_until_converting()
        os.kill(conversion.worker_pid, signal.SIGSTOP)
        try:
            self.wait_until_ended()
        finally:
            os.kill(conversion.worker_pid, signal.SIGCONT)
        self.wait(lambda: list(WORK.glob("*")) == [], 5, "the late twin left")
        conversion.refresh_from_db()
        assert (conversion.state, conversion.attempt) == ("done", 2)
        assert self.results() == [conversion.result.name]
