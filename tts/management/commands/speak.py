from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.management.base import CommandError
from django.utils.module_loading import import_string

from conversions.batches.failures import failures
from conversions.batches.models import Batch
from conversions.batches.outgoing import pieces
from conversions.management.commands.convert import NOBODY_WORKS
from conversions.management.commands.convert import Command as Convert
from conversions.models import Conversion
from jobs.models import WorkerBeat
from rvc.errors import RVCError
from tts.documents import intake
from tts.documents.joining import join
from tts.models import Speech
from tts.wishes import Wish, chain_of

ZIP = ".zip"
BAR = 30


class Command(Convert):
    help = "Speak a text or a document in a voice through the queue, as the pages do, and wait for the sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", help="the words, or @FILE: a .txt, .md or .epub; a target .zip has its parts apart")
        self.add_common(parser)
        parser.add_argument("--language", default="", help="like en or pt-BR; guessed when left out")
        parser.add_argument("--engines", default="", help="who speaks, in order: piper,pyttsx3; the offline ones")
        parser.add_argument("--engine-speaker", default="", help="a speaker of the first engine")
        parser.add_argument("--rate", type=float, default=1.0, help="0.5 to 2, 1 is usual")
        parser.add_argument("--pause", type=float, help="seconds between sentences")
        parser.add_argument("--volume", type=float, default=1.0, help="0 to 1")

    def handle(self, *args: Any, **options: Any) -> None:
        words, target = options["text"], options["target"]
        try:
            if not words.startswith("@") or _is_short(Path(words[1:]), target):
                super().handle(*args, **options)
            else:
                self.talkative = options["verbosity"] > 1
                self._speak_document(Path(words[1:]), **options)
        except RVCError as error:
            raise CommandError(f"{error.message} ({error.code})") from error

    def _submit(self, **options: Any) -> Conversion:
        voice, owner, chosen = self._wished(**options)
        words = options["text"]
        wish = _wish(_read(Path(words[1:])) if words.startswith("@") else words, **options)
        return Speech.objects.submit(owner, voice, wish, voice.speech_options(**chosen)).conversion

    def _speak_document(self, path: Path, **options: Any) -> None:
        target, apart = options["target"], options["target"].suffix.lower() == ZIP
        form = options.get("output_format") or "wav"
        voice, owner, chosen = self._wished(
            **{**options, "target": target.with_suffix(f".{form}") if apart else target}
        )
        written, chosen["output_format"] = chosen["output_format"], chosen["output_format"] if apart else "wav"
        with path.open("rb") as handle:
            document = intake.look(File(handle, name=path.name))
        batch = intake.submit(owner, voice, _wish("", **options), voice.speech_options(**chosen), document)
        if options["local"]:
            for conversion in batch.conversions.order_by("batch_position"):
                self._show(_bar(batch), last=False)
                import_string(conversion.task)(str(conversion.pk))
        self._wait_for_all(batch)
        if found := failures(batch):
            raise CommandError("\n".join(f"{failure.file}: {failure.sentence}" for failure in found))
        if apart:
            with target.open("wb") as file:
                file.writelines(pieces(batch))
            self.stdout.write(f"{target}: {batch.size} parts")
            return
        seconds, rate = join(batch, target, written)
        self.stdout.write(f"{target}: {seconds:.2f} s at {rate} Hz, {batch.size} parts")

    def _wait_for_all(self, batch: Batch) -> None:
        queues = batch.conversions.active().values_list("queue", flat=True).distinct()
        if any(not WorkerBeat.objects.serving(queue).exists() for queue in queues):
            self.stderr.write(NOBODY_WORKS)
        shown = ""
        while True:
            now, left = _bar(batch), batch.totals.left
            if now != shown:
                self._show(now, last=not left)
            if not left:
                return
            shown = now
            self._pause()


def _bar(batch: Batch) -> str:
    """How far a document is: of its sound, and in parts."""
    batch.known = None
    totals = batch.totals
    done = round(BAR * totals.progress)
    return f"[{'#' * done}{'.' * (BAR - done)}] {totals.progress:4.0%}, {totals.ended} of {batch.size} parts"


def _wish(text: str, /, **options: Any) -> Wish:
    how = {name: options[name] for name in ("language", "engine_speaker", "rate", "pause", "volume")}
    return Wish(text, engines=chain_of(options["engines"]), **how)


def _is_short(path: Path, target: Path) -> bool:
    """Whether a file is one text: plain, and not too long for one."""
    kind = intake.ENDINGS.get(path.suffix.lower(), "text")
    if kind != "text" or target.suffix.lower() == ZIP:
        if not path.is_file():
            raise CommandError(f"{path} cannot be read: there is no such file.")
        return False
    return len(_read(path)) <= settings.SPEECH_CHARACTERS or path.suffix.lower() not in intake.ENDINGS


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text: {error}.") from error
