import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.module_loading import import_string

from conversions.management.commands.convert import Command as Convert
from conversions.management.commands.convert import owner_of
from conversions.models import Conversion
from models_app.management.commands.voices import find
from rvc.arguments import add_options, chosen_options
from rvc.codec import format_of
from rvc.errors import RVCError
from tts.models import Speech
from tts.wishes import Wish, chain_of


class Command(Convert):
    help = "Speak a text in a voice through the queue, as the pages do, and wait for the sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", help="the words, or @FILE to read them from one")
        parser.add_argument("target", type=Path)
        parser.add_argument("--voice", required=True, help="name or id")
        parser.add_argument("--owner", help="user name; the first superuser when left out")
        parser.add_argument("--local", action="store_true", help="work in this process, without a worker")
        parser.add_argument("--language", default="", help="like en or pt-BR; guessed when left out")
        parser.add_argument("--engines", default="", help="who speaks, in order: piper,pyttsx3; the offline ones")
        parser.add_argument("--engine-speaker", default="", help="a speaker of the first engine")
        parser.add_argument("--rate", type=float, default=1.0, help="0.5 to 2, 1 is usual")
        parser.add_argument("--pause", type=float, help="seconds between sentences")
        parser.add_argument("--volume", type=float, default=1.0, help="0 to 1")
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.talkative = options["verbosity"] > 1
        try:
            conversion = self._submit(**options)
        except RVCError as error:
            raise CommandError(f"{error.message} ({error.code})") from error
        if options["local"]:
            import_string(conversion.task)(str(conversion.pk))
        self._wait(conversion)
        self._deliver(conversion, options["target"])

    def _submit(self, **options: Any) -> Conversion:
        if not os.access(options["target"].parent, os.W_OK):
            raise CommandError(f"Nothing can be written to the folder {options['target'].parent}.")
        voice, owner = find(options["voice"]), owner_of(options["owner"])
        chosen = chosen_options(options)
        chosen["output_format"] = format_of(options["target"], chosen.get("output_format"))
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
