"""Texts while workers are killed: none is lost, none is said twice, and nothing is left lying about."""

import shutil

import soundfile
from django.conf import settings

from conversions.models import Conversion, Piece
from models_app import ingest
from models_app.bundled import ENCODER, FOLDER
from models_app.models import VoiceModel
from rvc.assets import AssetStore
from tests import base
from tests.faults.base import FaultCase
from tts.models import Speech
from tts.wishes import Wish

TEXTS = ["Wait.\n\nGo."] * 3 + ["Go."] * 17
"""Those of two passages come first: one of them is interrupted between the two."""
FILES = settings.VAR_DIR / "files"


class SpeechTests(FaultCase):
    def start(self):
        super().start(timeout=120, settings_module="tests.settings_faults_domain", RVC_THREADS="1")

    def setUp(self):
        store = AssetStore(settings.ASSETS_DIR)
        if not store.installed(ENCODER):
            store.import_from(FOLDER / "encoder.zip")
        super().setUp()
        shutil.rmtree(FILES, ignore_errors=True)
        path = settings.VAR_DIR / "voice.pth"
        base.write_tiny_voice(path)
        self.voice = VoiceModel(owner=self.alice, name="Tiny")
        self.voice.store(ingest.check(path))
        self.voice.checks.all().delete()
        self.addCleanup(self.forget)

    def forget(self):
        for row in (*Conversion.objects.all(), *VoiceModel.objects.all()):
            row.delete()

    def test_twenty_at_once_and_a_worker_killed_in_the_middle(self):
        for text in TEXTS:
            Speech.objects.submit(self.alice, self.voice, Wish(text), self.voice.options())
        self.wait(lambda: Piece.objects.filter(conversion__state="running").exists(), 60, "something can be heard")
        running = Conversion.objects.running().filter(pieces__number=0).first()
        if running is not None:
            self.kill(running.worker_pid)
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
        assert running is None or Conversion.objects.get(pk=running.pk).attempt == 2
        assert list((settings.VAR_DIR / "work").glob("*")) == []
        self.assert_files("results", Conversion.objects.values_list("result", flat=True))
        self.assert_files("sources", Conversion.objects.values_list("source", flat=True))
        self.assert_files("pieces", Piece.objects.values_list("file", flat=True))

    def assert_files(self, folder, names):
        assert sorted(f"{folder}/{path.name}" for path in (FILES / folder).glob("*")) == sorted(names)
