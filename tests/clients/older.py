"""What a program does that was written for an older client library; run by a Python that has that library.

`older.py ADDRESS KEY VOICE RECORDING` writes files beside itself and, as its last line, what it saw, as JSON.
"""

import json
import sys
from pathlib import Path

import elevenlabs
import openai
from elevenlabs.core.api_error import ApiError

ADDRESS, KEY, VOICE, RECORDING = sys.argv[1:]


def theirs(key):
    """Before 2.8, `base_url` lost its port and became https."""
    if elevenlabs_is_old():
        place = elevenlabs.ElevenLabsEnvironment(base=ADDRESS, wss="")
        return elevenlabs.ElevenLabs(environment=place, api_key=key)
    return elevenlabs.ElevenLabs(base_url=ADDRESS, api_key=key)


def elevenlabs_is_old():
    return tuple(map(int, elevenlabs.version.__version__.split(".")[:2])) < (2, 8)


def with_openai():
    client = openai.OpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY)
    speech = client.audio.speech.create(model="tts-1", voice="Starter (Joe)", input="Good morning.")
    speech.write_to_file("openai.mp3")
    try:
        client.audio.speech.create(model="tts-1", voice="nobody", input="Good morning.")
    except openai.NotFoundError as error:
        nobody = error.code
    try:
        client.with_options(api_key="wrong").models.list()
    except openai.AuthenticationError as error:
        return {"voice": nobody, "key": error.code}


def with_elevenlabs():
    client = theirs(KEY)
    names = [voice.name for voice in client.voices.get_all().voices]
    sound = client.text_to_speech.convert(VOICE, text="Good morning.", output_format="mp3_44100_128")
    Path("spoken.mp3").write_bytes(b"".join(sound))
    with Path(RECORDING).open("rb") as recording:
        changed = client.speech_to_speech.convert(VOICE, audio=recording, output_format="mp3_44100_128")
        Path("changed.mp3").write_bytes(b"".join(changed))
    return {"names": names, "voice": refusal(KEY, "nobody"), "key": refusal("wrong", VOICE)}


def refusal(key, voice):
    try:
        b"".join(theirs(key).text_to_speech.convert(voice, text="Good morning."))
    except ApiError as error:
        return [error.status_code, error.body["detail"]["status"]]


seen = {"openai": with_openai(), "elevenlabs": with_elevenlabs()}
versions = [openai.__version__, elevenlabs.version.__version__]
sys.stdout.write(json.dumps({"versions": versions, **seen}) + "\n")
