"""The fault cases of people's own work: the real engine, with a voice small enough to be quick."""

import shutil

from django.conf import settings

from conversions.batches.models import Batch
from conversions.models import Conversion
from models_app import ingest
from models_app.bundled import ENCODER, FOLDER
from models_app.models import VoiceModel
from rvc.assets import AssetStore
from tests import base
from tests.faults.base import FaultCase

FILES = settings.VAR_DIR / "files"


class VoiceCase(FaultCase):
    def start(self, **more):
        wanted = {"timeout": 120, "settings_module": "tests.settings_faults_domain", "RVC_THREADS": "1"}
        super().start(**wanted | more)

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
        for row in (*Batch.objects.all(), *Conversion.objects.all(), *VoiceModel.objects.all()):
            row.delete()
