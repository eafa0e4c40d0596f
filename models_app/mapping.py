"""The files of a voice where this machine can map them; where they come from stands in voiceproject/copies.py."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from models_app.models import VoiceModel
from rvc.assets.record import sha256_of
from rvc.errors import VoiceFileError
from voiceproject.copies import DAMAGED, local_path


def voice_path(voice: VoiceModel, tick: Callable[[], None] = lambda: None) -> Path:
    """The stored voice. Raises FileNotFoundError, StorageError, VoiceFileError("damaged"), and what `tick` raises."""
    return _whole(local_path(voice.file, voice.file_sha256, tick=tick), voice.file_sha256)


def index_path(voice: VoiceModel, tick: Callable[[], None] = lambda: None) -> Path:
    """The stored index of a voice that has one; as `voice_path`."""
    return _whole(local_path(voice.index_file, voice.index_file_sha256, tick=tick), voice.index_file_sha256)


def _whole(path: Path, sha256: str) -> Path:
    """Disks lose bits: a voice that is not what was stored would sound wrong, and nobody would know why."""
    if sha256 and _digest(path, path.stat().st_mtime_ns) != sha256:
        raise VoiceFileError("damaged", DAMAGED, field="voice")
    return path


@lru_cache(256)
def _digest(path: Path, _changed: int) -> str:
    """Read once by each process, as long as the file says that it is as before."""
    return sha256_of(path)
