"""System checks of the engines of speech: what would only be noticed when somebody wants to be heard."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from tts.engines.registry import PLACES


def check_engines(**_: Any) -> Sequence[CheckMessage]:
    return [
        Error(f"TTS_ENGINES: there is no engine {name!r}.", hint=f"There are {', '.join(PLACES)}.", id="tts.E001")
        for name in map(str.strip, settings.TTS_ENGINES)
        if name not in PLACES
    ]
