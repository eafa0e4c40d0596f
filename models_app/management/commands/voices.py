import contextlib
import json
from argparse import ArgumentParser
from math import isfinite
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from models_app.blending import blend
from models_app.bundled import install_starter
from models_app.checking import check_outdated
from models_app.exports import export_name, kinds, save_export
from models_app.imports import command as importing
from models_app.indexes import remove_index, replace_index
from models_app.models import Visibility, VoiceCheck, VoiceModel, tags_from_text
from models_app.tasks import check_voice, usual_pitch_in
from rvc.errors import RVCError

SHOWN = (
    "id", "slug", "name", "owner", "visibility", "shared_words", "tag_words", "language", "version", "f0",
    "sample_rate", "speakers", "speaker_names", "encoder", "missing_asset", "state", "state_message", "has_index",
    "size_bytes", "recommended", "usual_f0", "description", "licence", "origin", "quality", "consent_statement",
    "consent_at", "use_count", "report", "created_at",
)  # fmt: skip
COLUMNS = ("id", "name", "owner", "visibility", "version", "sample_rate", "encoder", "has_index", "state")


class Command(BaseCommand):
    help = "List, add, check, show, blend, export and remove voices; install the starter voice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list").add_argument("--json", action="store_true")
        add = verbs.add_parser("add")
        add.add_argument("file", type=Path, help="a .pth, .safetensors or .onnx file, or a .zip that holds one")
        add.add_argument("--index", type=Path, help="the .index file that came with it")
        add.add_argument("--name", help="the file's name when left out")
        add.add_argument("--owner", help="user name; the voice belongs to the server when left out")
        add.add_argument("--everyone", action="store_true", help="everyone may use it")
        add.add_argument("--tags", default="", help="words to find it by, with commas between")
        add.add_argument("--consent", default="", help="why it may be used")
        importing.add_arguments(verbs.add_parser("import"))
        verbs.add_parser("remove").add_argument("voice", help="name or id")
        show = verbs.add_parser("show")
        show.add_argument("voice", help="name or id")
        show.add_argument("--json", action="store_true")
        check = verbs.add_parser("check", help="try whether voices speak, and make their previews")
        check.add_argument("voices", nargs="*", metavar="VOICE", help="name or id")
        check.add_argument("--all", action="store_true", help="every voice there is")
        check.add_argument("--outdated", action="store_true", help="those that this version has not tried yet")
        check.add_argument("--local", action="store_true", help="work in this process, without a worker")
        blending = verbs.add_parser("blend", help="make a new voice of two that are built alike")
        blending.add_argument("first", help="name or id")
        blending.add_argument("second", help="name or id")
        blending.add_argument("--share", type=float, default=0.5, help="how much of the first, between 0 and 1")
        blending.add_argument("--name", default="", help="both names when left out")
        blending.add_argument("--owner", help="user name; the voice belongs to the server when left out")
        index = verbs.add_parser("index", help="give a voice another index, or none")
        index.add_argument("voice", help="name or id")
        index.add_argument("file", nargs="?", type=Path, help="the new .index file; the index is removed without one")
        usual = verbs.add_parser("usual-pitch", help="say where a voice usually speaks")
        usual.add_argument("voice", help="name or id")
        usual.add_argument("pitch", help="Hz, or a recording of that person in which it is measured; none to forget it")
        export = verbs.add_parser("export")
        export.add_argument("voice", help="name or id")
        export.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder to write into")
        verbs.add_parser("install-starter")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        try:
            getattr(self, f"do_{verb.replace('-', '_')}")(**options)
        except RVCError as error:
            raise CommandError(f"{error.message} ({error.code})") from error

    def do_list(self, **options: Any) -> None:
        voices = VoiceModel.objects.select_related("owner")
        if options["json"]:
            self.stdout.write(json.dumps([facts(voice) for voice in voices], default=str, indent=2))
            return
        for voice in voices:
            self.stdout.write("  ".join(str(facts(voice)[name] or "-") for name in COLUMNS))

    def do_add(self, **options: Any) -> None:
        for path in filter(None, (options["file"], options["index"])):
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        voice = VoiceModel.objects.add(
            checkpoint=options["file"],
            index=options["index"],
            name=options["name"] or options["file"].stem,
            owner=_user(options["owner"]),
            visibility=Visibility.EVERYONE if options["everyone"] else Visibility.PRIVATE,
            consent_statement=options["consent"],
            tags=_tags(options["tags"]),
        )
        self.stdout.write(f"Added {voice.name} as {voice.pk}. {voice.missing_asset_message}".strip())
        for file in voice.report["files"] if voice.report["zip"] else ():
            words = f"taken as the {file['kind']}, because {file['why']}." if file["taken"] else file["why"]
            self.stdout.write(f"  {file['name']}: {words}")

    def do_import(self, **options: Any) -> None:
        self.stdout.write(importing.run(_user(options["owner"]), options))

    def do_remove(self, **options: Any) -> None:
        voice = find(options["voice"])
        voice.remove(None)
        self.stdout.write(f"Removed {voice.name}.")

    def do_show(self, **options: Any) -> None:
        voice = find(options["voice"])
        if options["json"]:
            self.stdout.write(json.dumps(facts(voice), default=str, indent=2))
            return
        for name, value in facts(voice).items():
            self.stdout.write(f"{name:14} {value}")

    def do_check(self, **options: Any) -> None:
        if options["outdated"]:
            if count := check_outdated():
                self.stdout.write(f"{count} voice(s) of an older version will be tried.")
            return
        if not options["voices"] and not options["all"]:
            raise CommandError("Say which voices to check, or --all; `manage.py voices list` shows them.")
        voices = list(VoiceModel.objects.all()) if options["all"] else [find(words) for words in options["voices"]]
        for voice in voices:
            check = VoiceCheck.objects.ask(voice, by=None)
            if options["local"]:
                check_voice(str(check.pk))
            voice.refresh_from_db()
            words = [voice.name, voice.get_state_display() if options["local"] else "queued", voice.state_message]
            self.stdout.write(": ".join(filter(None, words)))

    def do_blend(self, **options: Any) -> None:
        owner, name = _user(options["owner"]), options["name"]
        first, second = find(options["first"]), find(options["second"])
        voice = blend(first, second, options["share"], by=None, owner=owner, name=name)
        self.stdout.write(f"Made {voice.name} as {voice.pk}: {voice.origin}. It has no index.")

    def do_index(self, **options: Any) -> None:
        voice, file = find(options["voice"]), options["file"]
        if file is None:
            self.stdout.write("Removed the index." if remove_index(voice, None) else "It has no index.")
        elif not file.is_file():
            raise CommandError(f"There is no file {file}.")
        else:
            replace_index(voice, file, None)
            self.stdout.write(f"{voice.name} has {voice.index_facts['vectors']} vectors now.")

    def do_usual_pitch(self, **options: Any) -> None:
        voice, words = find(options["voice"]), options["pitch"]
        voice.usual_f0 = None if words == "none" else _usual_pitch(words)
        try:
            voice.clean_fields(exclude={field.name for field in voice._meta.fields} - {"usual_f0"})
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        voice.edit(None, usual_f0=voice.usual_f0)
        said = "is not known" if voice.usual_f0 is None else f"is {voice.usual_f0:.1f} Hz"
        self.stdout.write(f"The usual pitch of {voice.name} {said} now.")

    def do_export(self, **options: Any) -> None:
        voice, folder = find(options["voice"]), options["out"]
        there = [path for kind in kinds(voice) if (path := folder / export_name(voice, kind)).exists()]
        if there:
            raise CommandError(f"{there[0]} is there already; nothing was written.")
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds(voice):
            self.stdout.write(str(save_export(voice, kind, folder)))

    def do_install_starter(self, **options: Any) -> None:
        voice, new = install_starter()
        self.stdout.write(f"{voice.name} is {'installed' if new else 'there already'}: {voice.pk}")


def _usual_pitch(words: str) -> float:
    """The number, or what is measured in the recording of this path."""
    with contextlib.suppress(ValueError):
        if isfinite(number := float(words)):
            return number
    path = Path(words)
    if not path.is_file():
        raise CommandError(f"{words} is neither a number nor a recording.")
    measured = usual_pitch_in(path)
    if not measured:
        raise CommandError(f"Hardly anything is voiced in {words}.")
    return round(measured, 1)


def find(words: str) -> VoiceModel:
    """The one voice of this name or id, whoever owns it."""
    try:
        return VoiceModel.objects.find(words)
    except VoiceModel.DoesNotExist as error:
        raise CommandError(f"There is no voice {words!r}; `python3 run.py manage voices list` shows them.") from error
    except VoiceModel.MultipleObjectsReturned as error:
        raise CommandError(f"Several voices are called {words!r}: give the id.") from error


def facts(voice: VoiceModel) -> dict[str, Any]:
    return {name: getattr(voice, name) for name in SHOWN} | {"owner": voice.owner and voice.owner.get_username()}


def _tags(text: str) -> list[str]:
    try:
        return tags_from_text(text)
    except ValidationError as error:
        raise CommandError(error.message) from error


def _user(name: str | None) -> Any:
    if name is None:
        return None
    users = get_user_model()
    try:
        return users.objects.get_by_natural_key(name)
    except users.DoesNotExist as error:
        raise CommandError(f"There is no user {name!r}.") from error
