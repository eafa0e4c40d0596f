"""Turn a stranger's file into one of ours. These functions run in a throwaway child; they take and give plain JSON."""

from pathlib import Path
from typing import Any

from rvc.voicefile.index import copy_index
from rvc.voicefile.voice import read_voice, write_voice


def convert_voice(source: str, target: str) -> dict[str, Any]:
    """Check the voice file at `source` and store it at `target` as safetensors. Returns its header as JSON values.

    Raises VoiceFileError; see `read_voice`.
    """
    voice = read_voice(Path(source))
    write_voice(voice, Path(target))
    return voice.header.to_json()


def convert_index(source: str, target: str, width: int | None = None) -> dict[str, int]:
    """Check the index file at `source`, whose vectors must be `width` wide, and store it at `target`.

    Returns the number of vectors, their width, the number of lists, and how many are searched. Raises VoiceFileError.
    """
    return copy_index(Path(source), Path(target), width=width)
