"""The files of a voice where this machine can map them; where they come from stands in voiceproject/copies.py."""

from collections.abc import Callable
from pathlib import Path

from models_app.models import VoiceModel
from voiceproject.copies import local_path


def voice_path(voice: VoiceModel, tick: Callable[[], None] = lambda: None) -> Path:
    """The stored voice. Raises FileNotFoundError, StorageError, VoiceFileError("damaged"), and what `tick` raises."""
    return local_path(voice.file, voice.file_sha256, tick=tick)


def index_path(voice: VoiceModel, tick: Callable[[], None] = lambda: None) -> Path:
    """The stored index of a voice that has one; as `voice_path`."""
    return local_path(voice.index_file, voice.index_file_sha256, tick=tick)
