from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from conversions.management.commands.convert import Command as Convert
from conversions.models import Conversion
from tts.models import Speech
from tts.wishes import Wish, chain_of


class Command(Convert):
    help = "Speak a text in a voice through the queue, as the pages do, and wait for the sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", help="the words, or @FILE to read them from one")
        self.add_common(parser)
        parser.add_argument("--language", default="", help="like en or pt-BR; guessed when left out")
        parser.add_argument("--engines", default="", help="who speaks, in order: piper,pyttsx3; the offline ones")
        parser.add_argument("--engine-speaker", default="", help="a speaker of the first engine")
        parser.add_argument("--rate", type=float, default=1.0, help="0.5 to 2, 1 is usual")
        parser.add_argument("--pause", type=float, help="seconds between sentences")
        parser.add_argument("--volume", type=float, default=1.0, help="0 to 1")

    def _submit(self, **options: Any) -> Conversion:
        voice, owner, chosen = self._wished(**options)
        how = {name: options[name] for name in ("language", "engine_speaker", "rate", "pause", "volume")}
        wish = Wish(_text(options["text"]), engines=chain_of(options["engines"]), **how)
        return Speech.objects.submit(owner, voice, wish, voice.speech_options(**chosen)).conversion


def _text(words: str) -> str:
    if not words.startswith("@"):
        return words
    try:
        return Path(words[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{words[1:]} cannot be read as text: {error}.") from error
