"""Children of pyttsx3: each speaks one text, or lists the voices, and ends. Run only inside `rvc.sandbox`.

What pyttsx3 2.99 does on Linux, and what is done about it: it finds no library that was not installed with the system
(the one of espeakng-loader is loaded before it is imported, with the path of its data, without which the library ends
the process); a rate that is set on the engine it keeps changes nothing (a new engine); a rate is set some time later,
in a thread, and a voice that is set meanwhile may undo it (each is waited for); voices it does not know are passed over
in silence (what was set is read back); `runAndWait` returns before the file is there (the end of the utterance is
waited for).
"""

import ctypes
import os
import time
from pathlib import Path
from typing import Any

from tts.engines.errors import SpeechError

LISTED_WITHOUT_DICTIONARY = frozenset({"gmq/fo", "trk/kaa", "art/xex"})
"""Languages whose words the library of espeakng-loader 0.2.4 does not have."""
GLANCE = 0.002
LONGEST_WAIT = 5.0
OWN_PACE = 200
"""Words a minute that pyttsx3 sets when it begins."""
RATE, CURRENT = 1, 1
"""Of espeak_GetParameter: the pace in words a minute, as it is now."""


def load_library() -> Any:
    """The library of espeakng-loader, as everything in this process finds it from now on."""
    import espeakng_loader  # noqa: PLC0415 - only in a child

    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    return ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)


def _engine() -> Any:
    load_library()
    from pyttsx3.engine import Engine  # noqa: PLC0415 - it looks for the library when it is imported

    return Engine("espeak")


def speakers() -> dict[str, list[dict[str, str]]]:
    """Every voice of the library, as the fields of a Speaker."""
    found = [
        {
            "id": voice.id,
            "name": voice.name.strip(),
            "language": (voice.languages or [""])[0],
            "gender": (voice.gender or "").lower(),
        }
        for voice in _engine().getProperty("voices")
        if voice.id not in LISTED_WITHOUT_DICTIONARY
    ]
    return {"speakers": found}


def speak(text: str, voice: str, words_a_minute: int, target: str) -> dict[str, Any]:
    """Write the text, spoken, to `target`."""
    engine = _engine()
    _set(load_library(), voice, words_a_minute)
    ended: list[bool] = []
    engine.connect("finished-utterance", lambda name, completed: ended.append(completed))
    engine.save_to_file(text, target)
    engine.runAndWait()
    while not ended:  # the parent ends a child that waits for ever
        time.sleep(GLANCE)
    used = engine.getProperty("voice")
    if used != voice:
        raise SpeechError("unknown_speaker", f"pyttsx3 speaks as {used!r}, not as {voice!r}.", field="speaker")
    if Path(target).stat().st_size == 0:
        raise SpeechError("speech_empty", "pyttsx3 wrote nothing.", field="text")
    return {"voice": used}


def _set(library: Any, voice: str, words_a_minute: int) -> None:
    """Set voice and pace, past the queue of the package, each when nothing else is being set."""
    _wait(library, OWN_PACE)
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(RATE, words_a_minute, 0)
    if not _wait(library, words_a_minute):
        raise SpeechError("engine_failed", "pyttsx3 does not take the rate.", field="rate")


def _wait(library: Any, words_a_minute: int) -> bool:
    """Wait until this pace is the one there is; whether it is, in the end."""
    until = time.monotonic() + LONGEST_WAIT
    while library.espeak_GetParameter(RATE, CURRENT) != words_a_minute or library.espeak_IsPlaying():
        if time.monotonic() > until:
            return False
        time.sleep(GLANCE)
    return True
