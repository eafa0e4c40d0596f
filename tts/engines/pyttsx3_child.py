"""Children of pyttsx3: each speaks one text, or lists the voices, and ends. Run only inside `rvc.sandbox`.

What pyttsx3 2.99 does on Linux, and what is done about it: it finds no library that was not installed with the system
(the one of espeakng-loader is loaded before it is imported, with the path of its data, without which the library ends
the process); a rate that is set on the engine it keeps changes nothing (a new engine); voices it does not know are
passed over in silence (what was set is read back); `runAndWait` returns before the file is there (the end of the
utterance is waited for).
"""

import ctypes
import os
import time
from pathlib import Path
from typing import Any

from tts.engines.errors import SpeechError

LISTED_WITHOUT_DICTIONARY = frozenset({"gmq/fo", "trk/kaa", "art/xex"})
"""Languages whose words the library of espeakng-loader 0.2.4 does not have."""
GLANCE = 0.005


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
    engine.setProperty("voice", voice)
    engine.setProperty("rate", words_a_minute)
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
