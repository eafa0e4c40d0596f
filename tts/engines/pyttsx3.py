"""pyttsx3 with the eSpeak NG library that espeakng-loader brings: offline, small, in 140 languages, plain of voice.

Each utterance has a child of its own (`pyttsx3_child`): the library keeps state, crashes with threads, and ends its
process when its data are missing.
"""

import re
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from tts.engines.base import Engine, Sound, Speaker, Trouble, Utterance
from tts.engines.children import in_child
from tts.engines.keeping import Listing, kept
from tts.engines.sound import read_wav

PACKAGES = ("pyttsx3", "espeakng_loader")
WORDS_A_MINUTE = 175
"""The usual pace of the library."""
VARIANT = re.compile(r"(.+)\+([mf])([1-8])")
MOST_VARIANTS = {"m": 8, "f": 5}
FEMALE = "+f3"


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
        name = "-".join(("pyttsx3", *(version(package.replace("_", "-")) for package in PACKAGES)))
        return tuple(Speaker(**one) for one in kept(name, _asked_speakers))

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


def _asked_speakers() -> Listing:
    found: Listing = in_child("tts.engines.pyttsx3_child:speakers", {}, timeout=20.0)["speakers"]
    women = [{**one, "id": one["id"] + FEMALE, "name": f"{one['name']}, female", "gender": "female"} for one in found]
    return [*found, *women]
