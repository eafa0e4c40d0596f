"""Where the rows of voices meet the engine. The heavy parts are imported when the first job runs."""

import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.models import LeaseLost
from jobs.scratch import scratch_folder
from jobs.tasks import perform
from models_app import checking
from models_app.assets import asset_store
from models_app.imports.work import work as importing
from models_app.mapping import index_path, voice_path
from models_app.models import AssetFetch, VoiceCheck, VoiceImport, VoiceModel, VoiceState
from rvc.errors import VoiceFileError
from voiceproject.files import quarantine

if TYPE_CHECKING:
    from rvc.pipeline import Converter

Report = Callable[[str, float], None]


def check_voice(pk: str) -> bool:
    return perform(VoiceCheck, pk, _check_voice)


def import_voice(pk: str) -> bool:
    return perform(VoiceImport, pk, importing)


def fetch_asset(pk: str) -> bool:
    return perform(AssetFetch, pk, _fetch_asset)


def _fetch_asset(fetch: AssetFetch, progress: Report) -> dict[str, Any]:
    """Bring an asset, then have the voices checked that waited for it. What has arrived survives a stop."""

    def report(done: int, total: int | None) -> None:
        progress("verify" if fetch.verify else "download", done / total if total else 0.0)
        fetch.count(done, total or 0)

    if fetch.verify:
        asset_store().verify(fetch.name, report)
        return {}
    asset_store().fetch(fetch.name, report)
    checking.check_those_waiting_for([fetch.name], by=fetch.owner)
    return {}


def _check_voice(check: VoiceCheck, progress: Report) -> dict[str, Any]:
    """The self-test, then the preview if the content encoder is here; both are kept with the voice."""
    progress("self-test", checking.SELF_TEST)
    try:
        voice = _voice(check)
        _judge(check, lambda: _self_test(voice, progress))
        if not voice.missing_asset:
            with scratch_folder(check) as scratch:
                _make_preview(check, voice, scratch, progress)
    except FileNotFoundError:
        _voice(check)  # a voice that was deleted meanwhile takes its check along
        raise
    return {}


def _voice(check: VoiceCheck) -> VoiceModel:
    voice = VoiceModel.objects.filter(pk=check.voice_id).first()
    if voice is None:
        raise LeaseLost(f"{check}: the voice was deleted")
    return voice


def _judge(check: VoiceCheck, attempt: Callable[[], None]) -> None:
    """Keep with the voice whether it passed an attempt at speaking; a VoiceFileError says that it did not."""
    try:
        attempt()
    except VoiceFileError as error:
        checking.note(check, VoiceState.UNUSABLE, error.message)
        raise
    checking.note(check, VoiceState.READY)


def _self_test(voice: VoiceModel, progress: Report) -> None:
    """A stranger's graph may take as long as it likes: it is not given the hour of a long recording."""
    from rvc.device import watched
    from rvc.selftest import check_sound, speak

    until = time.monotonic() + checking.SELF_TEST_SECONDS

    def tick() -> None:
        progress("self-test", checking.SELF_TEST)
        if time.monotonic() > until:
            raise VoiceFileError("too_complex", "The voice takes far too long for half a second of sound.")

    engine = converter()
    loaded = engine.loader.voice(voice_path(voice, tick))
    with watched(tick):
        check_sound(speak(loaded, engine.device))


def _make_preview(check: VoiceCheck, voice: VoiceModel, scratch: Path, progress: Report) -> None:
    from rvc.codec import encode
    from rvc.pipeline import Request

    def report(stage: str, fraction: float) -> None:
        progress(stage, checking.PREVIEW + (checking.STORE - checking.PREVIEW) * fraction)

    options = checking.options(voice)
    index = index_path(voice, lambda: report("prepare", 0.0)) if voice.has_index and options.index_rate > 0 else None
    request = Request(checking.sentence(), voice_path(voice), scratch, options, index, usual_f0=voice.usual_f0 or 0.0)
    converted = converter().convert(request, report)
    made = scratch / f"preview.{checking.FORMAT}"
    encode(converted.samples, converted.sample_rate, made, checking.FORMAT)
    checking.keep_preview(check, voice, made)


def usual_pitch_in(recording: Path) -> float:
    """Where somebody speaks in a recording, Hz; 0 where too little of it is voiced. Raises AudioError, AssetError."""
    from rvc.codec import DecodeLimits, decode
    from rvc.pitch import resolve_method
    from rvc.pitch.fitting import median_f0

    loader = converter().loader
    with quarantine("pitch-") as name:
        alone = Path(name) / "source"  # in its folder, so that nothing in it can name a neighbour
        alone.mkdir()
        source = Path(shutil.copyfile(recording, alone / "recording"))
        limits = DecodeLimits(max_bytes=source.stat().st_size + 1, max_seconds=settings.MAX_RECORDING_SECONDS)
        decoded = decode(source, Path(name), limits)
        estimator = loader.estimator(resolve_method("auto", loader.assets))
        return median_f0(estimator(decoded.samples))


@cache
def converter() -> "Converter":
    """The one engine of this worker process, for every kind of job, with its loaded voices and networks."""
    from rvc.assets import AssetStore
    from rvc.features import FeatureCache
    from rvc.pipeline import Converter

    return Converter(
        AssetStore(settings.ASSETS_DIR),
        device=settings.RVC_DEVICE,
        threads=settings.RVC_THREADS or max(1, (os.cpu_count() or 1) // settings.WORKERS),
        memory_budget=settings.RVC_MEMORY_MB << 20,
        features=FeatureCache(settings.FEATURE_CACHE_DIR, settings.FEATURE_CACHE_MB << 20),
    )
