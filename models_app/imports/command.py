"""What `manage.py voices import` does: the wish of somebody with a terminal, through the same row as every other."""

import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from jobs.tasks import perform
from models_app.imports.work import work
from models_app.models import VoiceImport

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LOOK_SECONDS = 0.5


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("url", help="a file, or a repository page of the model hub")
    parser.add_argument("--owner", required=True, help="user name")
    parser.add_argument("--index", default="", metavar="URL", help="the .index file that belongs to it")
    parser.add_argument("--name", default="", help="the file's name when left out")
    parser.add_argument("--sha256", default="", help="of the file; another one is refused")
    parser.add_argument("--consent", default="", metavar="WHY", help="why the voice may be used")


def run(owner: "User", options: dict[str, Any]) -> str:
    """Import, here or in the worker that is quicker to claim it; what became of it."""
    wish = {"index_url": options["index"], "name": options["name"], "sha256": options["sha256"]}
    job = VoiceImport.objects.submit(owner, options["url"], consent_statement=options["consent"], **wish)
    perform(VoiceImport, str(job.pk), work)
    job.refresh_from_db()
    while not job.is_final:
        time.sleep(LOOK_SECONDS)
        job.refresh_from_db()
    if job.found:
        lines = [f"  {voice['url']}" + _with_index(voice) for voice in job.found]
        return "\n".join([f"{len(lines)} voices are there; import one of them:", *lines])
    if job.voice is None:
        raise CommandError(f"{job.error_message or 'It was cancelled.'} ({job.error_code or job.state})")
    return f"Added {job.voice.name} as {job.voice.pk}. {job.voice.missing_asset_message}".strip()


def _with_index(voice: dict[str, Any]) -> str:
    return f" --index {voice['index_url']}" if voice["index_url"] else ""
