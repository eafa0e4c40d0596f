"""A check of a voice whose worker is killed: repeated, and nothing half-written is left. Real supervisor and engine."""

from pathlib import Path

from django.conf import settings

from models_app import ingest
from models_app.bundled import ENCODER, FOLDER
from models_app.models import VoiceCheck, VoiceModel, VoiceState
from rvc.assets import AssetStore
from tests import base
from tests.faults.base import FaultCase


class CheckTests(FaultCase):
    def start(self):
        super().start(timeout=120, settings_module="tests.settings_faults_domain")

    def test_kill_while_checking(self):
        store = AssetStore(settings.ASSETS_DIR)
        if not store.installed(ENCODER):
            store.import_from(FOLDER / "encoder.zip")
        path = settings.VAR_DIR / "voice.pth"
        base.write_tiny_voice(path)
        voice = VoiceModel(owner=self.alice, name="Tiny")
        voice.store(ingest.check(path))
        self.addCleanup(voice.delete)
        self.wait(lambda: VoiceCheck.objects.running().exclude(stage="").exists(), 30, "the check begins")
        self.kill(VoiceCheck.objects.get().worker_pid)
        self.wait(lambda: VoiceCheck.objects.final().exists(), 90, "the check ends")
        check = VoiceCheck.objects.get()
        voice.refresh_from_db()
        assert (check.state, check.error_message, check.attempt) == ("done", "", 2)
        assert voice.state == VoiceState.READY
        assert {path.name for path in (Path(voice.preview.path).parent).iterdir()} == {Path(voice.preview.name).name}
        assert list((settings.VAR_DIR / "work").iterdir()) == []
