"""Functions that the hostile tests run inside a sandbox child."""

import sys
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

from rvc.errors import VoiceFileError
from rvc.voicefile import ingest
from rvc.voicefile.voice import read_voice
from tests.hostile.damage import mutants


def measured(function: str, source: str, target: str) -> dict[str, Any]:
    """The code a file is refused with, and the most memory that Python and numpy held meanwhile."""
    tracemalloc.start()
    code = _convert(function, source, target)
    return {"code": code, "memory_mib": tracemalloc.get_traced_memory()[1] >> 20}


def opened_files(function: str, source: str, target: str) -> list[str]:
    """Every file that was opened while one was converted."""
    names: list[str] = []
    sys.addaudithook(lambda event, values: names.append(str(values[0])) if event == "open" else None)
    _convert(function, source, target)
    return [name for name in names if not name.startswith((sys.prefix, sys.base_prefix))]


def answers(source: str, target: str, count: int, seed: int = 0, early: int = 0) -> dict[str, int]:
    """How often each code was the answer to damaged copies of a good file; `count` 0 asks about the file itself."""
    data, found = Path(source).read_bytes(), Counter[str]()
    for copy in mutants(data, seed, early=early, count=count) if count else [data]:
        Path(target).write_bytes(copy)
        try:
            read_voice(Path(target))
            found["accepted"] += 1
        except VoiceFileError as error:
            found[error.code if error.message.isprintable() else "unprintable"] += 1
    return dict(found)


def _convert(function: str, source: str, target: str) -> str:
    try:
        getattr(ingest, function)(source, target)
    except VoiceFileError as error:
        return error.code
    return "accepted"
