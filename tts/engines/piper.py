"""Voices in Piper's format, spoken by onnxruntime: offline and natural. Operators bring the voices.

A child that reads nothing but the voice speaks: see `piper_child` and `speaking`.
"""

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from rvc import sandbox
from rvc.assets import AssetStore
from rvc.errors import AssetError
from tts.engines.base import Engine, Sound, Speaker, SpeechError, Trouble, Utterance
from tts.engines.piper_voice import voices
from tts.engines.speaking import Voice, said

PACKAGES = ("onnxruntime", "espeakng_loader")
GET_ONE = "run `python3 run.py manage assets fetch piper-en-us-joe`, or put NAME.onnx and NAME.onnx.json into {folder}"
LIMITS = sandbox.Limits(memory_bytes=6 << 30, cpu_seconds=600, wall_seconds=600.0, file_bytes=64 << 20, open_files=64)


class Piper(Engine):
    """Offline; as natural as its voices."""

    name = "piper"
    label = "Piper voices"
    patience = 180.0

    def trouble(self) -> Trouble | None:
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            names = " and ".join(missing).replace("_", "-")
            return Trouble("engine_unavailable", f"The package {names} is missing: run `python3 run.py`.")
        if not voices():
            return Trouble("needs_voice", f"It has no voice: {GET_ONE.format(folder=settings.PIPER_DIR)}.")
        return None

    def speakers(self) -> tuple[Speaker, ...]:
        if self.trouble() is not None:
            return ()
        return tuple(speaker for voice in voices().values() for speaker in voice.listed())

    def _say(self, utterance: Utterance, folder: Path, timeout: float) -> Sound:
        name, _, speaker = utterance.speaker.partition(":")
        voice = voices()[name]
        check_asset(voice.model.parent)
        noise, length, duration = voice.scales
        wish = {
            "espeak": voice.espeak,
            "rate": voice.rate,
            "scales": (noise, length / utterance.rate, duration),
            "ids": voice.ids,
            "speaker": voice.speakers[speaker] if voice.speakers else None,
        }
        child = Voice("tts.engines.piper_child:PiperSpeaker", voice.model, threads(), LIMITS)
        sound = said(child, {"text": utterance.text, "voice": wish}, folder, timeout)
        return replace(sound, facts={"version": name, **sound.facts})


def check_asset(folder: Path) -> None:
    """Files among the pretrained ones are those that were published, or at least those that were there first."""
    if folder.parent != settings.ASSETS_DIR:
        return
    try:
        AssetStore(settings.ASSETS_DIR).path(folder.name)
    except AssetError as error:
        raise SpeechError("engine_failed", error.message) from error


def threads() -> int:
    """As many as a conversion has."""
    return settings.RVC_THREADS or max(1, (os.cpu_count() or 1) // settings.WORKERS)
