"""pyttsx3 with the eSpeak NG library that espeakng-loader brings: offline, small, in 140 languages, plain of voice.

Each utterance has a child of its own (`pyttsx3_child`): the library keeps state, crashes with threads, and ends its
process when its data are missing.
"""

import json
import re
import time
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings

from rvc import sandbox
from rvc.errors import RVCError, StorageError
from tts.engines.base import Engine, Sound, Speaker, SpeechError, Trouble, Utterance
from tts.engines.sound import read_wav

PACKAGES = ("pyttsx3", "espeakng_loader")
WORDS_A_MINUTE = 175
"""The usual pace of the library."""
VARIANT = re.compile(r"(.+)\+([mf])([1-8])")
MOST_VARIANTS = {"m": 8, "f": 5}
FEMALE = "+f3"
LIMITS = sandbox.Limits(memory_bytes=1 << 30, cpu_seconds=60, file_bytes=64 << 20)
DIED = ("engine_failed", "pyttsx3 gave up on this text.")


class Pyttsx3(Engine):
    """Offline, and there on every machine."""

    name = "pyttsx3"
    label = "pyttsx3 (eSpeak NG)"
    preferred: ClassVar[Mapping[str, str]] = {"en": "gmw/en-us", "fr": "roa/fr"}

    def trouble(self) -> Trouble | None:
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if not missing:
            return None
        names = " and ".join(missing).replace("_", "-")
        return Trouble("engine_unavailable", f"The package {names} is missing: run `python3 run.py`.")

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        return tuple(Speaker(**one) for one in _kept_speakers())

    def _named(self, name: str, known: Any) -> Speaker:
        """One of the list, or one of its variants: +m1 to +m8, +f1 to +f5."""
        match = VARIANT.fullmatch(name)
        if match is None or int(match[3]) > MOST_VARIANTS[match[2]]:
            return super()._named(name, known)
        plain = super()._named(match[1], known)
        return Speaker(name, plain.name, plain.language, "male" if match[2] == "m" else "female")

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        target = folder / "said.wav"
        arguments = {
            "text": utterance.text,
            "voice": utterance.speaker,
            "words_a_minute": round(WORDS_A_MINUTE * utterance.rate),
            "target": str(target),
        }
        facts = in_child("tts.engines.pyttsx3_child:speak", arguments, timeout=timeout)
        sound = read_wav(target)
        return Sound(sound.samples, sound.rate, {"version": version("pyttsx3"), **facts})


def in_child(
    function: str, arguments: dict[str, Any], *, timeout: float, limits: sandbox.Limits = LIMITS, died: Any = DIED
) -> dict[str, Any]:
    """What a throwaway child answers; a SpeechError where it dies or takes too long."""
    bounded = sandbox.Limits(
        limits.memory_bytes, limits.cpu_seconds, min(limits.wall_seconds, timeout), limits.file_bytes
    )
    began = time.monotonic()
    try:
        answer: dict[str, Any] = sandbox.run(function, arguments, limits=bounded, died=died)
    except (SpeechError, StorageError):
        raise
    except RVCError as error:
        if time.monotonic() - began >= bounded.wall_seconds:
            sentence = f"The engine took longer than {bounded.wall_seconds:g} seconds."
            raise SpeechError("engine_timeout", sentence) from error
        raise SpeechError(error.code, error.message) from error
    return answer


def _kept_speakers() -> list[dict[str, str]]:
    """The list of speakers, asked of the library once for each of its versions."""
    versions = "-".join(version(package.replace("_", "-")) for package in PACKAGES)
    kept = settings.VAR_DIR / "cache" / "speech" / f"pyttsx3-{versions}.json"
    try:
        found: list[dict[str, str]] = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = _asked_speakers()
        _keep(kept, found)
    return found


def _asked_speakers() -> list[dict[str, str]]:
    found = in_child("tts.engines.pyttsx3_child:speakers", {}, timeout=20.0)["speakers"]
    women = [{**one, "id": one["id"] + FEMALE, "name": f"{one['name']}, female", "gender": "female"} for one in found]
    return [*found, *women]


def _keep(path: Path, found: list[dict[str, str]]) -> None:
    part = path.with_suffix(f".{time.monotonic_ns()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(path)
    except OSError:  # it is asked again the next time
        part.unlink(missing_ok=True)
