"""What a text says is still to be understood in another voice: a recogniser that knows nothing of us writes it down.

Minutes of one core, so only where long tests are wished for; `-s` shows what was heard.
"""

import re
import sys
from difflib import SequenceMatcher

import numpy as np
import pytest
from django.utils.module_loading import import_string

from models_app.bundled import install_starter
from rvc.codec import decode
from rvc.codec.limits import DecodeLimits
from tts.models import Speech
from tts.wishes import Wish

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.usefixtures("own_folder")]
TEXT = (
    "The station was quiet when the last train came in. An old man with a brown coat stepped down and looked for his "
    "daughter. She was waiting near the clock with two cups of hot tea. They walked home along the river and talked "
    "about the summer, the garden and the little dog that slept in the kitchen every night."
)
OTHER = (
    "Please send the signed paper before Friday because our office closes early. Nobody can change these numbers "
    "without permission from both managers. Her new computer needs more memory, and every window should stay open."
)
ENOUGH, BY_CHANCE = 0.45, 0.2
"""Shares of the words, in order. Measured: 0.62, and 0.06 of the words of another text."""


@pytest.fixture
def spoken(alice, tmp_path):
    """(N,) samples at 16 kHz of the text in the starter voice."""
    voice, _ = install_starter()
    wish = Wish(TEXT, language="en", engines=("pyttsx3",))
    speech = Speech.objects.submit(alice, voice, wish, voice.speech_options(seed=1))
    import_string(speech.conversion.task)(str(speech.pk))
    conversion = Speech.objects.get().conversion
    assert conversion.state == "done", conversion.error_message
    path = tmp_path / "result.wav"
    path.write_bytes(conversion.result.read())
    return decode(path, tmp_path, DecodeLimits()).samples


def words(text):
    return re.findall(r"[a-z']+", text.lower())


def share(text, heard):
    """How many of the words of a text were heard, in their order."""
    matching = SequenceMatcher(None, words(text), heard, autojunk=False).get_matching_blocks()
    return sum(block.size for block in matching) / len(words(text))


def test_a_recogniser_finds_the_words(spoken):
    pocketsphinx = pytest.importorskip("pocketsphinx")
    decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(spoken, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    heard = words(decoder.hyp().hypstr)
    found, chance = share(TEXT, heard), share(OTHER, heard)
    assert found >= ENOUGH, f"{found:.0%}: {' '.join(heard)}"
    assert chance < BY_CHANCE, f"{chance:.0%} of another text, so the figure above means nothing"
    sys.stdout.write(f"{found:.0%} of the words, {chance:.0%} of another text's: {' '.join(heard)}\n")
