"""The job that brings a voice from an address: list, download, and then exactly what an upload goes through."""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.files import File
from django.db import transaction

from jobs.models import LeaseLost
from jobs.scratch import scratch_folder
from models_app import addresses
from models_app.forms import name_from_file
from models_app.imports import hub
from models_app.models import VoiceImport, VoiceModel
from rvc import sandbox
from rvc.errors import RVCError, VoiceFileError
from voiceproject.addresses import AddressError
from voiceproject.downloads import Download, check_sha256
from voiceproject.fetching import Fetcher, Visit
from voiceproject.files import clean_label

Report = Callable[[str, float], None]

# Shares of the whole: listing, the voice, its index; checking and storing have the rest.
LISTED, VOICE, INDEX, STORED = 0.02, 0.8, 0.9, 0.98
NOTE_SECONDS = 1.0
"""How often the row is told how many bytes are here."""
REFUSALS = frozenset({"url_not_allowed", "too_large", "wrong_checksum"})
"""What is wrong with the wish, not with the world."""


@dataclass
class Meter:
    """How far an import is: a stage and a fraction for the job, bytes for the row."""

    job: VoiceImport
    progress: Report
    stage: str = "connect"
    start: float = 0.0
    end: float = LISTED
    fraction: float = 0.0
    before: int = 0
    noted: float = 0.0

    def tick(self) -> None:
        """Hear of a cancel."""
        self.progress(self.stage, self.fraction)

    def enter(self, stage: str, end: float) -> None:
        self.stage, self.start, self.end = stage, self.end, end
        self.fraction = self.start
        self.before = self.job.bytes_done
        self.tick()

    def arrived(self, done: int, total: int) -> None:
        """So many bytes of the file of this stage are here, of `total` if that is known."""
        if total:
            self.fraction = self.start + (self.end - self.start) * done / total
        self.job.bytes_done = self.before + done
        self.job.bytes_total = self.before + total if total else 0
        self.tick()
        if time.monotonic() - self.noted > NOTE_SECONDS:
            self.noted = time.monotonic()
            self.job.note_bytes(self.job.bytes_done, self.job.bytes_total)


@dataclass(frozen=True)
class Wish:
    """The two files that are fetched."""

    url: str
    sha256: str
    index_url: str
    index_sha256: str


def work(job: VoiceImport, progress: Report, fetcher: Fetcher | None = None) -> dict[str, Any]:
    """Fetch, check and keep; the columns of the finished row. Several voices to choose from are an end as well."""
    if job.voice is not None:  # the attempt before this one had stored it when its worker died
        return {"voice": job.voice}
    meter = Meter(job, progress)
    meter.tick()
    visit = (fetcher or addresses.fetcher()).visit(meter.tick)
    with _verdicts():
        found = _found(job, visit)
        if len(found) > 1:
            return {"found": [candidate.to_json() for candidate in found]}
        wish = _wish(job, found)
        with scratch_folder(job) as home:
            voice = _bring(job, wish, meter, visit, home)
    return {"voice": voice, "bytes_done": job.bytes_done, "bytes_total": job.bytes_done}


def _found(job: VoiceImport, visit: Visit) -> list[hub.Candidate]:
    """What the repository holds that the address shows; nothing when it is a file's."""
    address = visit.fetcher.hosts.read(job.url)
    repository = hub.repository(address) if address.host in addresses.hubs() else None
    return hub.candidates(visit, repository) if repository else []


def _wish(job: VoiceImport, found: list[hub.Candidate]) -> Wish:
    """What a person gave counts for more than what the hub says."""
    if found:
        [one] = found
        given = job.index_url or one.index_url
        index_sha256 = job.index_sha256 or (one.index_sha256 if given == one.index_url else "")
        return Wish(one.url, job.sha256 or one.sha256, given, index_sha256)
    return Wish(job.url, job.sha256, job.index_url, job.index_sha256)


def _bring(job: VoiceImport, wish: Wish, meter: Meter, visit: Visit, home: Path) -> VoiceModel:
    meter.enter("download", VOICE)
    voice = home / "voice"
    url = _download(visit, wish.url, voice, meter)
    check_sha256(voice, wish.sha256)
    index, index_url = None, ""
    meter.enter("index", INDEX)
    if wish.index_url:
        index = home / "index"
        index_url = _download(visit, wish.index_url, index, meter)
        check_sha256(index, wish.index_sha256)
    meter.enter("check", STORED)
    with ExitStack() as opened:
        sent = File(opened.enter_context(voice.open("rb")), name=_label(url))
        beside = File(opened.enter_context(index.open("rb")), name=_label(index_url)) if index else None
        with sandbox.watched(meter.tick):
            checked = VoiceModel.objects.examine(checkpoint=sent, index=beside, owner=job.owner)
    meter.enter("store", 1.0)
    name = job.name or name_from_file(_label(url))
    origin = url.partition("?")[0]  # what follows may be a key to the file
    row = VoiceModel(owner=job.owner, name=name, source_url=origin, consent_statement=job.consent_statement)
    _store(job, row, checked)
    return row


def _download(visit: Visit, url: str, path: Path, meter: Meter) -> str:
    """Bring one file; the address that was asked for its bytes."""
    address = visit.fetcher.hosts.read(url)
    direct = hub.file_address(address) if address.host in addresses.hubs() else str(address)
    Download(visit, direct, path, settings.MAX_VOICE_MB << 20, meter.arrived).run()
    return direct


def _store(job: VoiceImport, voice: VoiceModel, checked: Any) -> None:
    """The voice and its place in the row of this job: both, or nothing."""
    with transaction.atomic():
        voice.store(checked, job.owner)
        held = job.take(voice)
        if not held:
            voice.delete()
    if not held:
        raise LeaseLost(str(job))


def _label(url: str) -> str:
    """The name of the file at the end of an address, for the report and for a voice without a name."""
    return clean_label(unquote(url.partition("?")[0].rstrip("/")).rsplit("/", 1)[-1], fallback="voice")


@contextmanager
def _verdicts() -> Iterator[None]:
    """Say of an error whether the wish was wrong, or the world is at fault and another try may help."""
    try:
        yield
    except AddressError as error:
        if error.code in REFUSALS:
            raise VoiceFileError(error.code, error.message, field=error.field) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RVCError("storage_full", "The server has no room left for this file.") from error
        raise
