"""When a text is heard, and when it is done: `python3 run.py bench --speech --engines pyttsx3,piper`.

A text is spoken in the starter voice as a worker does it, in this process, in a scratch folder and a database of its
own: once as the first of a fresh worker, which loads everything, and once more as a worker does that has worked before.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

SENTENCES = (
    "The station clock had stopped at half past nine, and nobody in the waiting room seemed to mind.",
    "A woman in a green coat was reading aloud to two small boys, who leaned on her from both sides.",
    "She did the voices of the fox, the miller and the miller's wife, each of them a little worse than the last.",
    "When the train came in at last, the boys did not want to leave.",
    "How does it end? they asked her, and she said that she would tell them on the way.",
)
PARAGRAPH = 5
"""Sentences."""
OWN = Path(__file__).resolve().parents[2] / "var"
"""Where `assets fetch` puts its files: they are used, never written."""


def main() -> int:
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="voiceproject-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "voiceproject.settings",
        "ENV_FILE": os.devnull,
        "LOG_LEVEL": "WARNING",
        "SECRET_KEY": "a benchmark keeps no secrets, " * 2,
        "VAR_DIR": str(folder),
        "ASSETS_DIR": os.environ.get("ASSETS_DIR") or str(OWN / "assets"),
        "PIPER_DIR": str(options.piper.resolve()),
        "KOKORO_DIR": os.environ.get("KOKORO_DIR") or str(OWN / "kokoro"),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "TTS_ENGINES": options.engines,
        "RVC_THREADS": str(options.threads),
    }
    import django

    django.setup()
    try:
        refuse_what_cannot_speak(options.engines)
        measure(options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="pyttsx3", help="each by itself: pyttsx3,piper")
    parser.add_argument("--characters", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2, help="texts that each engine speaks")
    parser.add_argument("--threads", type=int, default=0, help="of the conversion; 0 for all cores")
    parser.add_argument(
        "--piper", type=Path, metavar="DIR", default=Path(os.environ.get("PIPER_DIR") or OWN / "piper"),
        help="folder with Piper voices besides those that `assets fetch` brought",
    )  # fmt: skip
    return parser.parse_args()


def refuse_what_cannot_speak(names: str) -> None:
    """Before anything is measured: raises SystemExit with what an engine lacks, or that there is none."""
    from tts.engines.base import SpeechError
    from tts.engines.registry import engine

    for name in names.split(","):
        try:
            trouble = engine(name).trouble()
        except SpeechError as error:
            raise SystemExit(error.message) from None
        if trouble is not None:
            raise SystemExit(f"The engine {name} cannot speak yet. {trouble.sentence}")


def measure(options) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from models_app.bundled import install_starter

    call_command("migrate", verbosity=0)
    voice, _ = install_starter()
    person = User.objects.create_user("person")
    say(f"{os.cpu_count()} cores, load before: {', '.join(f'{figure:.2f}' for figure in os.getloadavg())}")
    for engine in options.engines.split(","):
        for number in range(options.rounds):
            spoken(person, voice, engine, number, options.characters)


def spoken(person, voice, engine, number, characters) -> None:
    from django.utils.module_loading import import_string

    from tts.models import Speech
    from tts.wishes import Wish

    wish = Wish(text_of(characters), language="en", engines=(engine,))
    speech = Speech.objects.submit(person, voice, wish, voice.speech_options(seed=1))
    began = time.monotonic()
    import_string(speech.conversion.task)(str(speech.pk))
    whole = time.monotonic() - began
    conversion = Speech.objects.get(pk=speech.pk).conversion
    if conversion.state != "done":
        raise SystemExit(f"{engine}: {conversion.error_message or conversion.state}")
    facts = conversion.facts
    first = facts["speech"]["first_piece_seconds"]
    which = "first of a worker" if number == 0 else f"text {number + 1}"
    say(
        f"{engine}, {which}: {len(speech.text)} characters, {conversion.result_seconds:.1f} s of sound in "
        f"{facts['pieces']} pieces: heard after {first:.2f} s, done after {whole:.1f} s ({first / whole:.1%}); "
        + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in facts["timings"].items())
    )


def text_of(characters: int) -> str:
    """So many characters of sentences, in paragraphs."""
    text, number = "", 0
    while len(text) < characters:
        text += SENTENCES[number % len(SENTENCES)]
        number += 1
        text += "\n\n" if number % PARAGRAPH == 0 else " "
    return text[:characters]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
