"""The starter voice that comes with the code, so that a fresh machine converts without a download."""

import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from models_app import ingest
from models_app.models import Visibility, VoiceModel
from rvc.assets import AssetStore

FOLDER = Path(__file__).parent / "starter"
STARTER_ID = uuid.uuid5(uuid.NAMESPACE_URL, "voiceproject:starter")
ENCODER = "whisper-base"
USUAL_F0 = 108.0
"""Hz: the median of three spoken paragraphs of the Piper voice that it was made of, by Harvest."""
CHECK_AFTER = timedelta(minutes=1)

DESCRIPTION = "A calm synthetic English voice, 80 to 140 Hz. A demonstration: bring a voice of your own for real work."
LICENCE = "Piper en_US joe, medium: package MIT, data set CC0; encoder: Whisper base, MIT"
ORIGIN = (
    "Flow and decoder are those of the Piper voice en_US joe (medium). Its model card says that it was fine-tuned "
    "from the voice lessac, whose corpus licence was not checked: treat this voice as a demonstration to be replaced. "
    "The text encoder was trained on that voice's synthetic output; the content encoder is openai/whisper-base."
)
QUALITY = (
    "Measured at index rate 0.2 and pitch 0 on a few English recordings: 2.9 % of the words wrong (source 0 %), "
    "speaker similarity 0.94, DNSMOS 3.4. One word is 1.4 %, so differences of a few per cent are chance. "
    "Pitch follows inside 80 to 140 Hz; a transposition arrives by about a half. "
    "No other language, no singing and no noise was tested."
)


def install_starter() -> tuple[VoiceModel, bool]:
    """The starter voice and whether it is new; its content encoder is installed besides. May be called again."""
    store = AssetStore(settings.ASSETS_DIR)
    if not store.installed(ENCODER):
        store.import_from(FOLDER / "encoder.zip")
    if voice := VoiceModel.objects.filter(pk=STARTER_ID).first():
        return voice, False
    voice = VoiceModel(
        id=STARTER_ID,
        name="Starter (Joe)",
        description=DESCRIPTION,
        visibility=Visibility.EVERYONE,
        licence=LICENCE,
        origin=ORIGIN,
        quality=QUALITY,
        recommended={"index_rate": 0.2},
        usual_f0=USUAL_F0,
    )
    voice.store(ingest.check(FOLDER / "voice.zip"))
    # The first recording of a fresh machine comes before a check that nobody waits for.
    voice.checks.waiting().update(not_before=Now() + CHECK_AFTER)
    return voice, True
