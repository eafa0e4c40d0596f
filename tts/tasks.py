"""Where a text meets the engines and the pipeline: passage by passage, each heard as soon as it is made."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from conversions.models import Conversion
from conversions.pieces import Publisher
from conversions.tasks import (
    about_index,
    check_permission,
    compared,
    convert_with,
    index_of,
    stored,
    timed,
    usual_f0_of,
    versions,
    voice_file_of,
)
from jobs.scratch import scratch_folder
from jobs.tasks import perform
from tts.engines.base import Attempt, SpeechError
from tts.engines.registry import speak_with
from tts.engines.speaking import kept_child
from tts.models import Speech
from tts.splitting import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rvc.pipeline import Converted

    Samples = NDArray[np.floating[Any]]
    Melody = list[tuple[float, Samples]]

Report = Callable[[str, float], None]

SPOKEN, CONVERTED = 0.1, 0.97
"""Shares of a passage, and of the whole, when they end."""
NOTHING_SAID = ("speech_empty", "text_says_nothing")


def speak(pk: str) -> bool:
    return perform(Conversion, pk, work)


def work(conversion: Conversion, progress: Report) -> dict[str, Any]:
    """Speak and convert in a private folder; the columns of the finished row, with the files in storage."""
    with scratch_folder(conversion) as scratch, kept_child():
        return Performance(conversion, scratch, progress).run()


class Performance:
    """One attempt at one speech."""

    def __init__(self, conversion: Conversion, scratch: Path, progress: Report) -> None:
        self.began = time.monotonic()
        self.conversion = conversion
        self.scratch = scratch
        self.progress = progress
        self.speech: Speech = conversion.speech
        self.wish = self.speech.wish
        self.chain = self.wish.engines
        self.options = conversion.options
        self.attempts: list[Attempt] = []
        self.spoke: Counter[str] = Counter()
        self.source = Track(scratch / "source.f32")
        self.result = Track(scratch / "result.f32")
        self.tracks: tuple[Melody, Melody] = ([], [])  # of what was spoken, and as it was to be converted
        self.timings: dict[str, float] = {}
        self.warnings: list[str] = []
        self.facts: dict[str, Any] = {}
        self.number = 0
        self.heard: list[tuple[int, float, float]] = []  # passages, and the seconds of the result where each is spoken

    def run(self) -> dict[str, Any]:
        self.progress("speak", 0.0)
        check_permission(self.conversion)
        self.index = index_of(self.conversion)
        self.index_facts = about_index(self.conversion)
        self.pieces = Publisher(self.conversion, self.scratch)
        passages = self.wish.passages
        whole, done = sum(len(passage.text) for passage in passages), 0
        for self.number, passage in enumerate(passages):
            self.share = (CONVERTED * done / whole, CONVERTED * len(passage.text) / whole)
            done += len(passage.text)
            self._perform(passage, last=passage is passages[-1])
        if not self.result.pieces:
            raise SpeechError("speech_empty", "The engine said nothing that can be heard.", field="text")
        return self._columns()

    def _perform(self, passage: Passage, *, last: bool) -> None:
        """Speak one passage, convert it, and publish it as the next piece."""
        from tts.joining import faded, followed

        self._report("speak", 0.0)
        spoken, saying = timed(lambda: self._spoken(passage))
        self._add_up({"speak": saying})
        if spoken is None:
            return
        silence, start = 0.0 if last else self.wish.silence_after(passage), self.source.seconds
        self.source.add(followed(spoken, self.source.rate, silence))
        self._check_length()
        converted = self._converted(spoken)
        self.result.rate = converted.sample_rate
        for track, f0 in zip(self.tracks, (converted.f0, converted.target), strict=True):
            track.append((start, f0))
        self._publish(faded(converted.samples, self.result.rate), silence)

    def _spoken(self, passage: Passage) -> "Samples | None":
        """(N,) at the rate of the first passage; None where there was nothing to say after all."""
        from tts.engines.sound import read_wav
        from tts.joining import faded, trimmed

        try:
            spoken, attempts = speak_with(self.chain, self.wish.utterance(passage.text), self.scratch)
        except SpeechError as error:
            if error.code not in NOTHING_SAID:
                raise
            self.warnings.append(f"Nothing could be said of “{passage.text[:40]}”.")
            return None
        self._note_engine(str(spoken.facts["engine"]), attempts)
        sound = read_wav(spoken.path)
        spoken.path.unlink()
        self.source.rate = self.source.rate or sound.rate
        return faded(trimmed(_at(self.source.rate, sound.samples, sound.rate), self.source.rate), self.source.rate)

    def _note_engine(self, name: str, attempts: tuple[Attempt, ...]) -> None:
        """Whoever has spoken goes on: those that could not are not asked with each passage."""
        self.spoke[name] += 1
        if not attempts and self.speech.engine:
            return
        self.attempts += attempts
        self.warnings += [f"{attempt.engine} could not speak, {name} did: {attempt.sentence}" for attempt in attempts]
        self.chain = self.chain[self.chain.index(name) :]
        self.options = self.conversion.options  # another engine speaks elsewhere
        self.speech.note_speaker(name, [attempt.to_json() for attempt in self.attempts])

    def _converted(self, spoken: "Samples") -> "Converted":
        from rvc import SAMPLE_RATE
        from rvc.pipeline import Request

        request = Request(
            _at(SAMPLE_RATE, spoken, self.source.rate),
            voice_file_of(self.conversion),
            self.scratch,
            self.options,
            self.index,
            len(spoken) / self.source.rate,
            usual_f0=usual_f0_of(self.conversion),
        )
        # Nothing measured in a passage is of use again, and it would outlive the text.
        request = replace(request, remember=False)
        converted = convert_with(self.conversion, request, lambda stage, fraction: self._report("synthesis", fraction))
        self._hold_pitch(converted)
        self._add_up(converted.timings)
        self.warnings += converted.warnings
        self.facts |= {"device": converted.device, "f0_method": converted.f0_method, **converted.facts}
        return converted

    def _hold_pitch(self, converted: "Converted") -> None:
        """What a passage was moved by holds for those that follow: measured anew, the pitch would jump between them."""
        if "usual_f0_hz" in converted.facts:
            self.options = replace(self.options, pitch_mode="shift", pitch_shift=converted.facts["pitch_shift"])

    def _publish(self, spoken: "Samples", silence: float) -> None:
        from tts.joining import followed

        rate, begin = self.result.rate, self.result.length / self.result.rate
        seconds = len(spoken) / rate
        self.heard.append((self.number, round(begin, 4), round(begin + seconds, 4)))
        samples = followed(spoken, rate, silence)
        self.pieces.progress = sum(self.share)
        self.pieces.add(samples, rate, passage=self.number, spoken_seconds=seconds)
        self.result.add(samples)
        if self.pieces.count == 1:
            self.first_heard = round(time.monotonic() - self.began, 3)

    def _report(self, stage: str, fraction: float) -> None:
        begin, length = self.share
        self.progress(stage, begin + length * (fraction if stage == "speak" else SPOKEN + (1 - SPOKEN) * fraction))

    def _add_up(self, timings: Mapping[str, float]) -> None:
        for stage, seconds in timings.items():
            self.timings[stage] = self.timings.get(stage, 0.0) + seconds

    def _check_length(self) -> None:
        if self.source.seconds > settings.MAX_RECORDING_SECONDS:
            minutes = settings.MAX_RECORDING_SECONDS // 60
            sentence = f"Spoken, the text is longer than {minutes} minutes: send it in parts, or at a quicker rate."
            raise SpeechError("text_too_long", sentence, field="text")

    def _columns(self) -> dict[str, Any]:
        self.progress("encode", CONVERTED)
        self.conversion.note_length(self.source.seconds)
        (rate, source, result), writing = timed(self._written)
        picture = self.scratch / "picture.png"
        sound, measuring = timed(lambda: self._measured(picture))
        self._add_up({"encode": writing, "measure": measuring})
        return {
            "result_rate": rate,
            "result_seconds": self.result.seconds,
            "source_seconds": self.source.seconds,
            "used_index": self.index is not None,
            "facts": {**self._facts(), "sound": sound, "index": self.index_facts},
            "stored_bytes": sum(path.stat().st_size for path in (source, result, picture)),
            # Last: nothing may go wrong once they are stored.
            **stored(self.conversion, {"source": source, "picture": picture, "result": result}),
        }

    def _measured(self, picture: Path) -> dict[str, Any]:
        from rvc.comparison import Sound, joined

        source, result = (Sound(track.samples, track.rate) for track in (self.source, self.result))
        f0, target = (joined(track, source.seconds) for track in self.tracks)
        if self.facts["f0_method"] != "none":
            source = replace(source, f0=f0, method=self.facts["f0_method"])
        return compared(source, result, target, picture)

    def _written(self) -> tuple[int, Path, Path]:
        """The rate of the result, and both files."""
        from rvc.codec import encode

        source, result = self.scratch / "spoken.wav", self.scratch / f"result.{self.conversion.extension}"
        encode(self.source.samples, self.source.rate, source, "wav")
        rate = encode(self.result.samples, self.result.rate, result, self.conversion.output_format)
        return rate, source, result

    def _facts(self) -> dict[str, Any]:
        return {
            **self.facts,
            "pieces": self.result.pieces,
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
            "warnings": list(dict.fromkeys(self.warnings)),
            "seed": self.conversion.seed,
            "source": {"rate": self.source.rate, "channels": 1, "codec": "speech"},
            "speech": {
                "engines": dict(self.spoke),
                "first_piece_seconds": self.first_heard,
                "passages": self.heard,
            },
            "versions": versions(),
        }


class Track:
    """Samples that grow in a file: what is spoken for minutes needs no memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rate = 0
        self.pieces = 0
        self.length = 0

    def add(self, samples: "Samples") -> None:
        with self.path.open("ab") as file:
            file.write(samples.astype("<f4").tobytes())
        self.pieces += 1
        self.length += len(samples)

    @property
    def samples(self) -> "Samples":
        import numpy as np

        mapped: Samples = np.memmap(self.path, "<f4", "r")
        return mapped

    @property
    def seconds(self) -> float:
        return self.length / self.rate


def _at(wanted: int, samples: "Samples", rate: int) -> "Samples":
    import numpy as np
    import soxr

    if wanted == rate:
        return samples
    resampled: Samples = soxr.resample(np.asarray(samples, np.float32), rate, wanted, "HQ")
    return resampled
