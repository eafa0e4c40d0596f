"""Throwaway children of engines: the confined process that reads strangers' files speaks strangers' texts as well."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rvc import sandbox
from rvc.errors import RVCError, StorageError
from tts.engines.errors import SpeechError

LIMITS = sandbox.Limits(memory_bytes=1 << 30, cpu_seconds=60, wall_seconds=600.0, file_bytes=64 << 20)


def in_child(
    function: str, arguments: Mapping[str, Any], *, timeout: float, limits: sandbox.Limits = LIMITS
) -> dict[str, Any]:
    """What the child answers. Raises SpeechError: its own, engine_timeout, or engine_failed when it died."""
    bounded = replace(limits, wall_seconds=min(limits.wall_seconds, timeout))
    died = ("engine_failed", "The engine gave up on this text.")
    began = time.monotonic()
    try:
        answer: dict[str, Any] = sandbox.run(function, arguments, limits=bounded, died=died)
    except (SpeechError, StorageError):
        raise
    except RVCError as error:
        if error.code == died[0] and time.monotonic() - began >= bounded.wall_seconds:
            sentence = f"The engine took longer than {bounded.wall_seconds:g} seconds."
            raise SpeechError("engine_timeout", sentence) from error
        raise SpeechError(error.code, error.message) from error
    return answer
