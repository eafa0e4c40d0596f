"""Kokoro, a network of 82 million weights with voices in several languages: offline and natural.

Its files are an .onnx, its config.json with the table of sounds, and voices: NAME.bin, or many in one .npz.
"""

import base64
import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from zipfile import BadZipFile

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from tts.engines.base import Engine, Sound, Speaker, SpeechError, Trouble, Utterance
from tts.engines.piper import LIMITS, PACKAGES, check_asset, threads
from tts.engines.speaking import Voice, said

ASSET = "kokoro"
GET_IT = "run `python3 run.py manage assets fetch kokoro`, or put {what} into {folder}"
WIDTH, ROWS = 256, 510
ROW_BYTES = WIDTH * 4
CONFIG_BYTES = 1 << 20
NAME = re.compile(r"([a-z])([fm])_\w{1,40}")
LANGUAGES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
"""The first letter of a voice's name. Japanese and Chinese are left out: eSpeak NG does not read their writing."""
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True)
class Files:
    """What lies in one folder. voices: name to the file it is in."""

    folder: Path
    models: tuple[Path, ...]
    config: Path
    voices: dict[str, Path]

    @property
    def missing(self) -> list[str]:
        needed = {"an .onnx": self.models, "its config.json": self.config.is_file(), "voices": self.voices}
        return [what for what, there in needed.items() if not there]


class Kokoro(Engine):
    """Offline; each voice has its language."""

    name = "kokoro"
    label = "Kokoro"
    patience = 300.0  # it may speak slower than one listens, and share the machine
    preferred: ClassVar[dict[str, str]] = {"en": "af_heart", "en-gb": "bf_emma"}

    def trouble(self) -> Trouble | None:
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            names = " and ".join(missing).replace("_", "-")
            return Trouble("engine_unavailable", f"The package {names} is missing: run `python3 run.py`.")
        files = _files()
        if not files.missing:
            return None
        way = GET_IT.format(what=", ".join(files.missing), folder=settings.KOKORO_DIR)
        return Trouble("needs_voice", f"Its files are missing: {way}.")

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        return tuple(_speaker(name) for name in sorted(_files().voices))

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        files = _files()
        check_asset(files.folder)
        wish = {
            "language": _speaker(utterance.speaker).language,
            "ids": _ids(files.config),
            "styles": base64.b64encode(_styles(files, utterance.speaker).tobytes()).decode(),
            "speed": utterance.rate,
        }
        child = Voice("tts.engines.kokoro_child:KokoroSpeaker", files.models[0], threads(), LIMITS)
        sound = said(child, {"text": utterance.text, "voice": wish}, folder, timeout)
        return replace(sound, facts={"version": files.models[0].name, **sound.facts})


def _speaker(name: str) -> Speaker:
    language, gender = name[0], name[1]
    return Speaker(name, name[3:].capitalize(), LANGUAGES[language], GENDERS[gender])


def _files() -> Files:
    """The operator's own files where they are whole, else the pretrained ones."""
    own, pretrained = (_found(folder) for folder in (settings.KOKORO_DIR, settings.ASSETS_DIR / ASSET))
    return own if not own.missing else pretrained


def _found(folder: Path) -> Files:
    voices = {path.stem: path for path in (*folder.glob("*.bin"), *folder.glob("voices/*.bin")) if _is_voice(path)}
    for many in (*folder.glob("*.npz"), *folder.glob("voices*.bin")):
        voices |= dict.fromkeys(_names(many, many.stat().st_mtime_ns), many)
    known = {name: path for name, path in voices.items() if (match := NAME.fullmatch(name)) and match[1] in LANGUAGES}
    return Files(folder, tuple(sorted(folder.glob("*.onnx"))), folder / "config.json", known)


def _is_voice(path: Path) -> bool:
    size = path.stat().st_size
    return size > 0 and size % ROW_BYTES == 0 and size <= ROWS * ROW_BYTES


@lru_cache(maxsize=8)
def _names(path: Path, _changed: int) -> tuple[str, ...]:
    """The voices in an archive of many; () for a file that is none."""
    try:
        with np.load(path, allow_pickle=False) as found:
            return tuple(found.files)
    except (OSError, ValueError, BadZipFile, AttributeError):
        return ()


def _styles(files: Files, name: str) -> NDArray[np.float32]:
    """(N, 256): the styles of a voice by number of sounds."""
    path = files.voices[name]
    try:
        if path.stem == name:
            styles = np.fromfile(path, "<f4").reshape(-1, WIDTH)
        else:
            with np.load(path, allow_pickle=False) as found:
                styles = found[name].astype("<f4").reshape(-1, WIDTH)
    except (OSError, ValueError, BadZipFile, KeyError, TypeError) as error:
        raise SpeechError("engine_failed", f"The voice {name} cannot be read.") from error
    if not 0 < len(styles) <= ROWS or not np.isfinite(styles).all():
        raise SpeechError("engine_failed", f"The voice {name} is damaged.")
    return np.ascontiguousarray(styles)


def _ids(config: Path) -> dict[str, int]:
    try:
        found = json.loads(config.read_text(encoding="utf-8")) if config.stat().st_size <= CONFIG_BYTES else {}
        known = {str(sound): int(number) for sound, number in found["vocab"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SpeechError("engine_failed", "Kokoro's config.json cannot be read.") from error
    return known
