"""What speaks the texts."""

from pathlib import Path

from voiceproject.settings.place import VAR_DIR, env

# Engines of speech, in the order in which they are offered; each says itself what it lacks. docs/speech.md has them.
TTS_ENGINES = env.list("TTS_ENGINES", default=["pyttsx3", "piper", "kokoro", "gtts", "openai", "azure"])
TTS_LANGUAGE = env.str("TTS_LANGUAGE", "en")  # of texts of which nothing else is known
PIPER_DIR = Path(env.str("PIPER_DIR", str(VAR_DIR / "piper")))  # voices: NAME.onnx with NAME.onnx.json
KOKORO_DIR = Path(env.str("KOKORO_DIR", str(VAR_DIR / "kokoro")))  # an .onnx, its config.json, voices
TTS_PRIVATE_SERVERS = env.bool("TTS_PRIVATE_SERVERS", False)  # the addresses below may be of this machine's own network
GTTS = env.bool("GTTS", False)  # texts go to Google
OPENAI_SPEECH_KEY = env.str("OPENAI_SPEECH_KEY", "")  # texts go to whoever OPENAI_SPEECH_URL is
OPENAI_SPEECH_URL = env.str("OPENAI_SPEECH_URL", "https://api.openai.com/v1")
OPENAI_SPEECH_MODEL = env.str("OPENAI_SPEECH_MODEL", "gpt-4o-mini-tts")
OPENAI_SPEECH_VOICES = env.list("OPENAI_SPEECH_VOICES", default=[])
AZURE_SPEECH_KEY = env.str("AZURE_SPEECH_KEY", "")  # texts go to Microsoft
AZURE_SPEECH_REGION = env.str("AZURE_SPEECH_REGION", "")
AZURE_SPEECH_URL = env.str("AZURE_SPEECH_URL", "")  # instead of a region

SPEECH_CHARACTERS = env.int("SPEECH_CHARACTERS", 5000)  # of one text
DOCUMENT_CHARACTERS = env.int("DOCUMENT_CHARACTERS", 300_000)  # of a whole document, spoken as a batch
SPEECH_WAIT_SECONDS = env.int("SPEECH_WAIT_SECONDS", 60)  # whoever asks for it may wait so long for the sound itself
