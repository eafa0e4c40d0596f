"""Text to the sounds of a language, by the eSpeak NG library of espeakng-loader. In a throwaway child only.

espeak_TextToPhonemes takes one clause off the text at a time and moves a pointer on, by one sign too many: it has
looked at the next. It does not say how a clause ended, so that is read where it ended.
"""

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from tts.engines.errors import SpeechError

RETRIEVAL, DO_NOT_EXIT, UTF8, IPA = 1, 0x8000, 1, 0x02
FLAG = re.compile(r"\([a-z]{2,3}(?:-[a-z0-9]+)*\)")
"""How the library marks words of another language."""
TITLE = re.compile(r"\b(?:Mrs?|Ms|Dr|Prof|St|Sr|Jr)\.$")
"""A dot that ends no sentence, and that the library takes for the end of a clause all the same."""
ENDS = {
    **dict.fromkeys(".…。｡।۔", "."),
    **dict.fromkeys("?？؟", "?"),
    **dict.fromkeys("!！", "!"),
    **dict.fromkeys(",，、،–—", ","),
    **dict.fromkeys(":：", ":"),
    **dict.fromkeys(";；؛", ";"),
}
OF_SENTENCES = frozenset(".?!")
TAIL = 4
"""Signs at the end of a clause among which its punctuation is: brackets and quotation marks may follow."""
LONGEST_SENTENCE = 500
"""Sounds after which a sentence is cut at the end of a clause."""


class _Voice(ctypes.Structure):
    """espeak_VOICE: what is looked for."""

    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("name", "languages", "identifier")),
        *((name, ctypes.c_ubyte) for name in ("gender", "age", "variant", "xx1")),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def sentences(text: str, voice: str) -> list[list[str]]:
    """The sounds of each sentence: IPA in single code points (NFD), with blanks and . ? ! , : ; among them.

    voice: a name of the library. Raises SpeechError: unknown_language, engine_failed.
    """
    found: list[list[str]] = [[]]
    for clause, sounds in _clauses(_library(voice), text):
        end = _end_of(clause)
        said = FLAG.sub("", sounds).strip()
        if said and found[-1]:
            found[-1].append(" ")
        found[-1] += unicodedata.normalize("NFD", said)
        if end and found[-1]:
            found[-1].append(end)
        if end in OF_SENTENCES or len(found[-1]) > LONGEST_SENTENCE:
            found.append([])
    return [sentence for sentence in found if any(sound not in " .?!,:;" for sound in sentence)]


def _library(voice: str) -> Any:
    library = _started()
    wanted = _Voice(languages=voice.encode())  # some have a file of another name: en-gb
    if library.espeak_SetVoiceByName(voice.encode()) and library.espeak_SetVoiceByProperties(ctypes.byref(wanted)):
        raise SpeechError("unknown_language", f"eSpeak NG does not know the language {voice[:40]!r}.")
    return library


@cache
def _started() -> Any:
    import espeakng_loader  # noqa: PLC0415 - only in a child

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    if library.espeak_Initialize(RETRIEVAL, 0, data, DO_NOT_EXIT) < 0:
        raise SpeechError("engine_failed", "eSpeak NG could not be started.")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
    return library


def _clauses(library: Any, text: str) -> Iterator[tuple[str, str]]:
    """Each clause as it was written, and its sounds."""
    data = text.encode()
    buffer = ctypes.create_string_buffer(data)
    begin = ctypes.addressof(buffer)
    place, done = ctypes.c_void_p(begin), 0
    while place.value is not None:
        sounds = library.espeak_TextToPhonemes(ctypes.byref(place), UTF8, IPA) or b""
        ahead = len(data) if place.value is None else min(place.value - begin, len(data))
        upto = ahead if place.value is None else _one_back(data, ahead)
        yield data[done:upto].decode("utf-8", "replace"), sounds.decode("utf-8", "replace")
        done = upto


def _one_back(data: bytes, place: int) -> int:
    """The beginning of the character before `place` in UTF-8."""
    place -= 1
    while place > 0 and data[place] & 0xC0 == 0x80:
        place -= 1
    return max(place, 0)


def _end_of(clause: str) -> str:
    """The punctuation that ends a clause, as one of . ? ! , : ; or "" for none."""
    written = clause.rstrip()
    if TITLE.search(written):
        return ""
    if clause.count("\n") > 1:
        return "."
    return next((ENDS[sign] for sign in reversed(written[-TAIL:]) if sign in ENDS), "")
