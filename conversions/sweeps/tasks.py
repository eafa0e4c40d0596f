"""Where a sweep meets the pipeline: the recording is decoded once, and its content and pitch are measured once.

The cells run one after the other in one job of one worker. What is measured in the clip lies in the feature cache under
the clip's own name, where every cell after the first finds it.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from conversions.models import Conversion, forget_features
from conversions.sweeps.models import FORMAT, Sweep, SweepCell
from conversions.tasks import Report, check_permission, convert_with, decoded, index_of, timed, voice_file_of
from jobs.scratch import scratch_folder
from jobs.tasks import perform
from rvc.codec import MEDIA_TYPES
from rvc.errors import Cancelled, RVCError, StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rvc.pipeline import Converted, Request

READ = 0.05
"""The share of the whole that reading takes; the cells have the rest."""


def sweep(pk: str) -> bool:
    return perform(Sweep, pk, work)


def work(sweep: Sweep, progress: Report) -> dict[str, Any]:
    try:
        with scratch_folder(sweep) as scratch:
            return _Comparison(sweep, scratch, progress).run()
    finally:
        _leave_nothing_of_the_deleted(sweep)


def _leave_nothing_of_the_deleted(sweep: Sweep) -> None:
    if sweep.fingerprint and not Sweep.objects.filter(pk=sweep.pk).exists():
        forget_features(sweep.fingerprint)


class _Comparison:
    """One attempt at a sweep; what an earlier one finished stays."""

    def __init__(self, sweep: Sweep, scratch: Path, progress: Report) -> None:
        self.sweep, self.scratch, self.progress = sweep, scratch, progress
        self.cells = list(sweep.cells.select_related("sweep__conversion"))
        for cell in self.cells:
            cell.sweep = sweep  # the one that knows the token of this attempt
        self.conversion = self._widest(sweep.conversion)
        self.measured = {"wanted": 0, "computed": 0}
        self.failure: RVCError | None = None

    def _widest(self, conversion: Conversion) -> Conversion:
        """The conversion, never to be saved, as one that wants the index where any cell does."""
        conversion.index_rate = max(cell.all_options.index_rate for cell in self.cells)
        return conversion

    def run(self) -> dict[str, Any]:
        self.progress("decode", 0.0)
        check_permission(self.conversion)
        index = index_of(self.conversion, lambda: self.progress("decode", 0.0))
        clip, decoding = timed(self._clip)
        voice = voice_file_of(self.conversion, lambda: self.progress("prepare", READ))
        for cell in self.cells:
            if not cell.is_final:
                self._fill(cell, clip, voice, index)
        if self.failure and not self.sweep.cells.exclude(result="").exists():
            raise self.failure
        return {"facts": {"features": self.measured, "timings": {"decode": round(decoding, 4)}}}

    def _clip(self) -> "NDArray[np.float32]":
        from rvc import SAMPLE_RATE
        from rvc.features import fingerprint

        samples = decoded(self.scratch, self.conversion).samples
        first = round(self.sweep.start * SAMPLE_RATE)
        clip = np.array(samples[first : first + round(self.sweep.seconds * SAMPLE_RATE)], np.float32)
        self.sweep.fingerprint = fingerprint(clip)
        # Before anything is cached under it, so that it is found when the row is deleted.
        Sweep.objects.filter(pk=self.sweep.pk).update(fingerprint=self.sweep.fingerprint)
        return clip

    def _fill(self, cell: SweepCell, clip: "NDArray[np.float32]", voice: Path, index: Path | None) -> None:
        from rvc.pipeline import Request

        folder = self.scratch / f"cell-{cell.position}"
        folder.mkdir()
        usual = self.conversion.voice.usual_f0 if self.conversion.voice else None
        try:
            request = Request(clip, voice, folder, cell.all_options, index, usual_f0=usual or 0.0)
            self._publish(cell, folder, self._converted(cell, request))
        except (Cancelled, StorageError):
            raise
        except RVCError as error:
            cell.note_failure(error)
            self.failure = error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _converted(self, cell: SweepCell, request: "Request") -> "Converted":
        def report(stage: str, fraction: float) -> None:
            self.progress(stage, self._share(cell, fraction))

        converted = convert_with(self.conversion, request, report)
        for name, count in converted.facts.get("features", {}).items():
            self.measured[name] += count
        return converted

    def _publish(self, cell: SweepCell, folder: Path, converted: "Converted") -> None:
        from rvc.codec import encode

        target = folder / f"result{MEDIA_TYPES[FORMAT][0]}"
        rate = encode(converted.samples, converted.sample_rate, target, FORMAT)
        cell.publish(
            target,
            self._share(cell, 1.0),
            result_rate=rate,
            result_seconds=len(converted.samples) / converted.sample_rate,
            facts={**converted.facts, "warnings": converted.warnings, "f0_method": converted.f0_method},
        )

    def _share(self, cell: SweepCell, fraction: float) -> float:
        return READ + (1 - READ) * (cell.position + fraction) / len(self.cells)
