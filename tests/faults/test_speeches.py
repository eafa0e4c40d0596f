"""Texts while workers are killed: none is lost, none is said twice, and nothing is left lying about."""

import os
import signal

import soundfile
from django.conf import settings
from django.core.management import call_command

from conversions.models import Conversion, Piece
from tests.faults.domain import FILES, VoiceCase
from tests.faults.soak.judge import age
from tts.models import Speech
from tts.wishes import Wish

TEXTS = ["Wait.\n\nGo."] * 3 + ["Go."] * 17
"""Those of two passages come first: one of them is interrupted between the two."""


class SpeechTests(VoiceCase):
    def test_twenty_at_once_and_a_worker_killed_in_the_middle(self):
        for text in TEXTS:
            Speech.objects.submit(self.alice, self.voice, Wish(text), self.voice.options())
        self.wait(self.caught_in_the_middle, 60, "one is between its passages")
        self.kill(self.interrupted.worker_pid)
        self.wait(lambda: not Conversion.objects.active().exists(), 240, "every text was spoken")
        for speech in Speech.objects.select_related("conversion"):
            conversion = speech.conversion
            assert (conversion.state, conversion.error_message) == ("done", "")
            assert speech.engine == "pyttsx3"
            with conversion.result.open("rb") as result, conversion.source.open("rb") as source:
                heard, spoken = soundfile.info(result), soundfile.info(source)
            assert abs(heard.duration - spoken.duration) < 0.01
            assert conversion.pieces.count() == len(speech.wish.passages)
        assert Speech.objects.count() == len(TEXTS)
        assert Conversion.objects.get(pk=self.interrupted.pk).attempt == 2
        assert list((settings.VAR_DIR / "work").glob("*")) == []
        age(FILES)
        call_command("storage", "--sweep")
        self.assert_files("results", Conversion.objects.values_list("result", flat=True))
        self.assert_files("sources", Conversion.objects.values_list("source", flat=True))
        self.assert_files("pieces", Piece.objects.values_list("file", flat=True))

    def caught_in_the_middle(self):
        """One that has said its first passage and not yet its second: its worker is held until it is killed."""
        for running in Conversion.objects.running().filter(pieces__number=0):
            os.kill(running.worker_pid, signal.SIGSTOP)
            if Conversion.objects.running().filter(pk=running.pk, attempt=1).exists():
                self.interrupted = running
                return True
            os.kill(running.worker_pid, signal.SIGCONT)
        return False

    def assert_files(self, folder, names):
        assert sorted(f"{folder}/{path.name}" for path in (FILES / folder).glob("*")) == sorted(names)
