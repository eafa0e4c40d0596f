"""Whether the service can do what it is there for: one check for each thing without which it cannot."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import WorkerBeat
from models_app.assets import asset_store
from models_app.models import VoiceModel, VoiceState, encoder_installed
from rvc.assets import AssetState
from rvc.errors import StorageError

STORAGE_SECONDS = 10
"""For so long the last try of the storage counts: everybody may ask, and not everybody may have files written."""
SILENT = gettext_lazy("The database does not answer.")
WAY = gettext_lazy("The page of fetched assets in the administration brings them.")
NAMES = {
    "database": gettext_lazy("Database"),
    "storage": gettext_lazy("Storage"),
    "workers": gettext_lazy("Workers"),
    "assets": gettext_lazy("Pretrained files"),
}


class Unusable(Exception):  # noqa: N818 - it says so of a thing that was checked
    """The check failed; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Finding:
    """What came of one check, in a sentence."""

    name: str
    ok: bool
    message: str

    @property
    def label(self) -> str:
        return str(NAMES[self.name])


def findings() -> list[Finding]:
    """Every check. Without a database the others cannot be asked, and fail with it."""
    first, others = _finding(database), (storage, workers, assets)
    if not first.ok:
        return [first, *(Finding(check.__name__, False, str(SILENT)) for check in others)]
    return [first, *(_finding(check) for check in others)]


def _finding(check: Callable[[], str]) -> Finding:
    try:
        return Finding(check.__name__, True, check())
    except Unusable as error:
        return Finding(check.__name__, False, str(error))
    except (DatabaseError, InterfaceError):
        return Finding(check.__name__, False, str(SILENT))


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return _("The database answers.")


def storage() -> str:
    """Tried for real: a disk that is full or read-only looks fine until somebody writes."""
    trouble = cache.get("monitoring:storage")
    if trouble is None:
        trouble = _write_and_delete()
        cache.set("monitoring:storage", trouble, STORAGE_SECONDS)
    if trouble:
        raise Unusable(_("Nothing can be written to the storage: %(trouble)s.") % {"trouble": trouble})
    return _("The storage can be written to.")


def _write_and_delete() -> str:
    """What keeps us from it; empty when nothing does."""
    try:
        name = default_storage.save(f"probes/{uuid.uuid4().hex}", ContentFile(b"written to see whether it can be"))
        default_storage.delete(name)
    except StorageError as error:
        return error.message.rstrip(".")
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def workers() -> str:
    alive = WorkerBeat.objects.alive()
    if processes := sum(alive.values_list("workers", flat=True)):
        return _("Worker processes that are there for jobs: %(count)d.") % {"count": processes}
    last = WorkerBeat.objects.order_by("beat_at").values_list("beat_at", Now()).last()
    words = _("No worker is running: start `python3 run.py manage runworkers`.")
    if last:
        words += " " + _("The last one was seen %(time)s ago.") % {"time": timesince(*last)}
    raise Unusable(words)


def assets() -> str:
    """Usable while some voice can be: a voice that lacks its encoder says so itself, and how to get it."""
    if damaged := [status.name for status in asset_store().status() if status.state == AssetState.DAMAGED]:
        raise Unusable(_("Damaged, to be fetched or imported again: %(names)s.") % {"names": ", ".join(damaged)})
    speaking = VoiceModel.objects.exclude(state=VoiceState.UNUSABLE).order_by()
    needed = set(speaking.values_list("encoder", flat=True).distinct())
    missing = sorted(name for name in needed if not encoder_installed(name))
    if missing and len(missing) == len(needed):
        words = _("No voice can be used, since these are missing: %(names)s.") % {"names": ", ".join(missing)}
        raise Unusable(f"{words} {WAY}")
    if missing:
        words = _("Some voices wait for what is missing: %(names)s.") % {"names": ", ".join(missing)}
        return f"{words} {WAY}"
    return _("What the voices need is here.") if needed else _("There is no voice yet that needs anything.")
