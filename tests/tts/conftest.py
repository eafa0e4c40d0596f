import pytest

from tts.models import Speech
from tts.wishes import Wish


@pytest.fixture
def submit(voice, alice):
    """Alice asks for a text to be spoken."""

    def submit(text="Good morning, my friend.", *, user=alice, voice=voice, options=None, **wish):
        return Speech.objects.submit(user, voice, Wish(text, **wish), voice.options(**(options or {})))

    return submit
