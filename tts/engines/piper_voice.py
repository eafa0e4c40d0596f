"""Piper voices of this server: pairs of NAME.onnx and NAME.onnx.json, what the second says, and where they lie."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from django.conf import settings

from tts.engines.base import Speaker

CONFIG_BYTES = 1 << 20
MOST_SPEAKERS, MOST_SOUNDS, HIGHEST_ID = 2000, 4096, 1 << 16
RATES = range(8000, 48001)
ESPEAK = re.compile(r"[a-z0-9-]{1,40}", re.IGNORECASE)
NAME = re.compile(r"[\w.+-]{1,80}")
SPEAKER = re.compile(r"[^\x00-\x1f:]{1,60}")
NEEDED = ("_", "^", "$")


@dataclass(frozen=True)
class PiperVoice:
    """What has to be known of a voice. espeak: its language there, "" for voices that take letters.

    scales: noise, length, noise of the durations. speakers: name to number; empty for one speaker.
    """

    name: str
    model: Path
    language: str
    espeak: str
    rate: int
    scales: tuple[float, float, float]
    ids: Mapping[str, tuple[int, ...]]
    speakers: Mapping[str, int]

    def listed(self) -> Iterator[Speaker]:
        """Everybody this voice can be."""
        shown = self.name.replace("_", "-").replace("-", " ")
        if not self.speakers:
            yield Speaker(self.name, shown, self.language)
        for name in self.speakers:
            yield Speaker(f"{self.name}:{name}", f"{shown}, {name}", self.language)


def voices() -> dict[str, PiperVoice]:
    """Every voice that is there and whole, by name."""
    found = (_voice(path) for path in _models())
    return {voice.name: voice for voice in found if voice is not None}


def _models() -> Iterator[Path]:
    """Those of the operator's folder and of the pretrained files."""
    folder = settings.PIPER_DIR
    yield from sorted((*folder.glob("*.onnx"), *folder.glob("*/*.onnx")))
    yield from sorted(settings.ASSETS_DIR.glob("piper-*/*.onnx"))


def _voice(model: Path) -> PiperVoice | None:
    config = model.with_name(model.name + ".json")
    try:
        facts = config.stat()
    except OSError:
        return None
    return _read(model, config, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=512)
def _read(model: Path, config: Path, _changed: int, size: int) -> PiperVoice | None:
    """The voice of a model; None for a config that is none. The time of its last change is there for the cache."""
    try:
        if size > CONFIG_BYTES or not NAME.fullmatch(model.stem):
            return None
        return voice_of(model, json.loads(config.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def voice_of(model: Path, config: Mapping[str, Any]) -> PiperVoice:
    """The voice that a config describes. Raises ValueError, TypeError, KeyError or AttributeError for any other."""
    letters = config.get("phoneme_type", "espeak") == "text"
    espeak = "" if letters else str(config["espeak"]["voice"])
    rate = config["audio"]["sample_rate"]
    if type(rate) is not int or rate not in RATES or not (letters or ESPEAK.fullmatch(espeak)):
        raise ValueError("a rate or a language that cannot be")
    language = str(config.get("language", {}).get("code") or espeak).replace("_", "-")
    if not ESPEAK.fullmatch(language):
        raise ValueError("no language")
    return PiperVoice(
        model.stem, model, language, espeak, rate, _scales(config.get("inference", {})), _ids(config), _speakers(config)
    )


def _scales(found: Mapping[str, Any]) -> tuple[float, float, float]:
    usual = {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}
    noise, length, duration = (float(found.get(name, value)) for name, value in usual.items())
    if not all(isfinite(value) and 0 <= value <= 5 for value in (noise, length, duration)) or length == 0:
        raise ValueError("scales that cannot be")
    return noise, length, duration


def _ids(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    known = {str(sound): tuple(map(int, numbers)) for sound, numbers in config["phoneme_id_map"].items()}
    numbers = [number for some in known.values() for number in some]
    if not all(known.get(name) for name in NEEDED) or len(known) > MOST_SOUNDS:
        raise ValueError("no table of sounds")
    if not all(0 <= number < HIGHEST_ID for number in numbers):
        raise ValueError("numbers of sounds that cannot be")
    return known


def _speakers(config: Mapping[str, Any]) -> dict[str, int]:
    count = int(config.get("num_speakers", 1))
    named = {str(name): int(number) for name, number in config.get("speaker_id_map", {}).items()}
    if count > MOST_SPEAKERS or not all(0 <= number < count for number in named.values()):
        raise ValueError("speakers that cannot be")
    if not all(map(SPEAKER.fullmatch, named)):
        raise ValueError("names of speakers that cannot be")
    return named or ({str(number): number for number in range(count)} if count > 1 else {})
