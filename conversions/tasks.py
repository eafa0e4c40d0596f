"""Where a conversion's row meets the pipeline. The heavy parts are imported when the first conversion runs."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.files import File

from conversions import clips, recordings
from conversions.batches.models import Unpacking
from conversions.batches.work import work as unpacking
from conversions.findings import IndexReason
from conversions.models import Conversion, forget_features
from conversions.pieces import Publisher
from jobs.scratch import scratch_folder
from jobs.tasks import perform
from models_app.mapping import index_path, voice_path
from models_app.models import VoiceModel
from models_app.tasks import converter
from rvc.errors import AssetError, RVCError, VoiceFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rvc.codec import Recording
    from rvc.comparison import FloatArray, Sound
    from rvc.pipeline import Converted, Request

Report = Callable[[str, float], None]
Tick = Callable[[], None]
T = TypeVar("T")

# Shares of the whole that reading and writing take; the pipeline has the rest.
DECODED, CONVERTED = 0.03, 0.97

SOURCE_MISSING = "The recording is not in storage any more: send it once more."
VOICE_CHANGED = "The index of the voice was changed meanwhile: convert once more."
VOICE_MISSING = "A file of the voice {voice} is not in storage any more: bring the voice once more, or choose another."


def convert(pk: str) -> bool:
    return perform(Conversion, pk, work)


def unpack(pk: str) -> bool:
    return perform(Unpacking, pk, unpacking)


def work(conversion: Conversion, progress: Report) -> dict[str, Any]:
    """Convert in a private folder; the columns of the finished row, with the result in storage."""
    try:
        with scratch_folder(conversion) as scratch:
            return _convert_in(scratch, conversion, progress)
    finally:
        _leave_nothing_of_the_deleted(conversion)


def _leave_nothing_of_the_deleted(conversion: Conversion) -> None:
    """Who deletes a conversion removes what was measured in it; what was measured since is ours to remove."""
    if conversion.fingerprint and not Conversion.objects.filter(pk=conversion.pk).exists():
        forget_features(conversion.fingerprint)


def _convert_in(scratch: Path, conversion: Conversion, progress: Report) -> dict[str, Any]:
    progress("decode", 0.0)
    check_permission(conversion)
    # Asked once: a voice that is deleted after its part is done costs nobody the result.
    index = index_of(conversion, lambda: progress("decode", 0.0))
    index_facts = about_index(conversion)
    recording, decoding = timed(lambda: decoded(scratch, conversion))
    _note_fingerprint(conversion, recording)
    if conversion.source_seconds is None:
        conversion.note_length(recording.seconds)
    progress("prepare", DECODED)
    converted = _convert(scratch, conversion, recording, index, progress)
    progress("encode", CONVERTED)
    target = scratch / f"result.{conversion.extension}"
    rate, encoding = timed(lambda: _encode(target, conversion, converted))
    picture = scratch / "picture.png"
    sound, measuring = timed(lambda: _measured(recording, converted, picture))
    timings = {"decode": decoding, **converted.timings, "encode": encoding, "measure": measuring}
    files = {"picture": picture, **clips.kept(recording, conversion, scratch), "result": target}
    return {
        "result_rate": rate,
        "result_seconds": len(converted.samples) / converted.sample_rate,
        "used_index": index is not None,
        "facts": {**_facts(conversion, recording, converted, timings), "sound": sound, "index": index_facts},
        "stored_bytes": conversion.source.size + sum(path.stat().st_size for path in files.values()),
        # Last: nothing may go wrong once they are stored.
        **stored(conversion, files),
    }


def timed(step: Callable[[], T]) -> tuple[T, float]:
    """What `step` returns, and the seconds it took."""
    started = time.perf_counter()
    return step(), time.perf_counter() - started


def decoded(scratch: Path, conversion: Conversion) -> "Recording":
    """The recording of a conversion, or the part of it that is meant, brought to this machine."""
    from rvc.codec import decode

    private = scratch / "source"
    private.mkdir()
    source = private / "recording"  # alone in its folder, so that nothing in it can name a neighbour
    try:
        with conversion.source.open("rb") as stored, source.open("wb") as copy:
            shutil.copyfileobj(stored, copy, 1 << 20)
    except (FileNotFoundError, ValueError) as error:  # ValueError: the row names no file
        raise RVCError("source_missing", SOURCE_MISSING, field="source") from error
    return clips.cut(decode(source, scratch, recordings.limits()), conversion)


def _note_fingerprint(conversion: Conversion, recording: "Recording") -> None:
    """Before anything is cached under it, so that it is found when the row is deleted."""
    from rvc.features import fingerprint

    conversion.fingerprint = fingerprint(recording.samples)
    Conversion.objects.filter(pk=conversion.pk).update(fingerprint=conversion.fingerprint)


def _convert(
    scratch: Path, conversion: Conversion, recording: "Recording", index: Path | None, progress: Report
) -> "Converted":
    from rvc.pipeline import Request

    pieces = Publisher(conversion, scratch)

    def report(stage: str, fraction: float) -> None:
        pieces.progress = DECODED + (CONVERTED - DECODED) * fraction
        progress(stage, pieces.progress)

    voice = voice_file_of(conversion, lambda: progress("prepare", DECODED))
    request = Request(recording.samples, voice, scratch, conversion.options, index, recording.seconds)
    listened = None if conversion.batch_id else pieces.add  # nobody hears the many at once
    request = replace(request, usual_f0=usual_f0_of(conversion), heard=listened)
    return convert_with(conversion, request, report)


def convert_with(conversion: Conversion, request: "Request", report: Report) -> "Converted":
    """Run the pipeline; a file that is not there any more is told in words of the voice."""
    index = request.index
    try:
        return converter().convert(request, report)
    except FileNotFoundError as error:
        now = index_of(conversion)  # a voice that was deleted meanwhile says so
        if index is None or now == index:
            _check_stored(voice_of(conversion))
            raise
        raise RVCError("voice_changed", VOICE_CHANGED, field="voice") from error


def _check_stored(voice: VoiceModel) -> None:
    for file in (voice.file, voice.index_file):
        if file.name and not file.storage.exists(file.name):
            raise RVCError("voice_missing", VOICE_MISSING.format(voice=voice), field="voice")


def voice_of(conversion: Conversion) -> VoiceModel:
    voice = VoiceModel.objects.filter(conversions=conversion).first()
    if voice is None:
        raise RVCError("voice_deleted", f"The voice {conversion.voice_name} was deleted.", field="voice")
    return voice


def check_permission(conversion: Conversion) -> None:
    """A voice that stopped being shared while this waited is not used; once begun, the work goes on."""
    voice = voice_of(conversion)
    if not VoiceModel.objects.usable_by(conversion.owner).filter(pk=voice.pk).exists():
        message = f"The voice {conversion.voice_name} is not shared with you any more."
        raise VoiceFileError("voice_not_shared", message, field="voice")


def usual_f0_of(conversion: Conversion) -> float:
    """Hz; 0 where nobody has said it."""
    return voice_of(conversion).usual_f0 or 0.0


def voice_file_of(conversion: Conversion, tick: Tick = lambda: None) -> Path:
    """The stored voice, on this machine."""
    voice = voice_of(conversion)
    return _local(conversion, voice, lambda: voice_path(voice, tick))


def index_of(conversion: Conversion, tick: Tick = lambda: None) -> Path | None:
    """The stored index, on this machine, when the voice has one and it is wanted."""
    voice = voice_of(conversion)
    if not voice.has_index or conversion.index_rate == 0:
        return None
    return _local(conversion, voice, lambda: index_path(voice, tick))


def about_index(conversion: Conversion) -> dict[str, Any]:
    """Which index is used, or why none is."""
    voice = voice_of(conversion)
    if conversion.index_rate == 0:
        return {"reason": IndexReason.RATE_ZERO}
    if not voice.has_index:
        return {"reason": IndexReason.VOICE_HAS_NONE}
    names = [file["name"] for file in voice.report.get("files", ()) if file["kind"] == "index" and file["taken"]]
    return {"name": next(iter(names), ""), "vectors": voice.index_facts.get("vectors")}


def _local(conversion: Conversion, voice: VoiceModel, path: Callable[[], Path]) -> Path:
    """Fetch a file of the voice if it has to be fetched; one that is gone is told in words of the voice."""
    try:
        return path()
    except FileNotFoundError as error:
        now = voice_of(conversion)  # a voice that was deleted meanwhile says so
        if now.index_file.name != voice.index_file.name:
            raise RVCError("voice_changed", VOICE_CHANGED, field="voice") from error
        _check_stored(now)
        raise


def _encode(target: Path, conversion: Conversion, converted: "Converted") -> int:
    from rvc.codec import encode

    return encode(converted.samples, converted.sample_rate, target, conversion.output_format)


def _measured(recording: "Recording", converted: "Converted", picture: Path) -> dict[str, Any]:
    from rvc import SAMPLE_RATE
    from rvc.comparison import Sound
    from rvc.measures import decibels

    known = {"peak_db": decibels(recording.peak), "clipped": recording.clipped}
    source = Sound(recording.samples, SAMPLE_RATE, facts=known)
    if converted.f0_method != "none":
        source = replace(source, f0=converted.f0, method=converted.f0_method)
    return compared(source, Sound(converted.samples, converted.sample_rate), converted.target, picture)


def compared(source: "Sound", result: "Sound", target: "FloatArray", picture: Path) -> dict[str, Any]:
    """The numbers of both sounds, and their picture in a file. See `rvc.comparison`."""
    from rvc.comparison import LISTENER, compare, heard

    try:
        listener = converter().loader.estimator(LISTENER)
    except AssetError:  # a machine without it shows the pitch that is known already
        return compare(source, result, target, picture)
    return compare(heard(source, listener), heard(result, listener), target, picture)


def stored(conversion: Conversion, files: "Mapping[str, Path]") -> dict[str, str]:
    """Put files in storage, each for a column; their names there. All of them or none."""
    names: dict[str, str] = {}
    try:
        for column, path in files.items():
            field = getattr(conversion, column)
            with path.open("rb") as handle:
                field.save(path.name, File(handle), save=False)
            names[column] = str(field.name)
    except BaseException:
        conversion.discard(names)
        raise
    return names


def _facts(
    conversion: Conversion, recording: "Recording", converted: "Converted", timings: dict[str, float]
) -> dict[str, Any]:
    """What one needs to know to make this result again, and to see what it cost."""
    return {
        **converted.facts,
        "timings": {stage: round(seconds, 4) for stage, seconds in timings.items()},
        "warnings": converted.warnings,
        "device": converted.device,
        "f0_method": converted.f0_method,
        "seed": conversion.seed,
        "source": {"rate": recording.source_rate, "channels": recording.channels, "codec": recording.codec},
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    ours = {"rvc": str(settings.SPECTACULAR_SETTINGS["VERSION"])}
    return ours | {name: version(name) for name in ("torch", "numpy")}
