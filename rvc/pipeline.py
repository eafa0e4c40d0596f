"""The conversion of one recording: the loaded parts, and the order they run in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rvc import SAMPLE_RATE, audio
from rvc.assets import AssetStore
from rvc.chunks import HOP, Cutting, Joiner, Piece, cut_points, padded, pieces
from rvc.device import choose_device, decoder_dtype, describe, release_memory, set_threads, watched
from rvc.errors import AudioError, OptionError
from rvc.features import FeatureCache, fingerprint
from rvc.levelling import Leveller
from rvc.network.noise import SeededNoise
from rvc.network.synthesizer import Segment
from rvc.parts import Loader
from rvc.pitch import resolve_method
from rvc.pitch.fitting import check_usual_pitch, median_f0, moved_by
from rvc.pitch.track import coarse_bins, fill_unvoiced, transpose
from rvc.progress import Progress, Reporter
from rvc.request import Converted, Request
from rvc.retrieval import Retrieval
from rvc.scratch import Scratch

__all__ = ["Converted", "Converter", "Request"]

ALGORITHM = 1
"""Part of every key of the feature cache: raise it when features or F0 come out otherwise than before."""

MIN_SAMPLES = 320  # one content vector
SHARES = {"prepare": 0.02, "f0": 0.12, "synthesis": 0.98, "level": 1.0}
"""How far a conversion is, as a fraction of the whole, when a stage ends. Content and synthesis take turns."""

FloatArray = NDArray[np.floating]


class Converter:
    """Converts recordings, one at a time, and keeps what it loaded for the next one."""

    def __init__(
        self,
        assets: AssetStore,
        *,
        device: str = "auto",
        threads: int = 0,
        memory_budget: int = 3 << 30,
        features: FeatureCache | None = None,
    ) -> None:
        """threads: 0 for all cores. memory_budget: bytes for loaded networks. features: None computes every time."""
        self.device = choose_device(device)
        self.loader = Loader(assets, self.device, set_threads(threads), memory_budget)
        self.features = features

    def convert(self, request: Request, progress: Progress = lambda stage, fraction: None) -> Converted:
        """Convert one recording. progress(stage, fraction of the whole) may raise Cancelled at any call.

        Raises AudioError, OptionError, AssetError or VoiceFileError, each with a sentence for the person.
        """
        try:
            conversion = Conversion(self, request, progress)
            with watched(conversion.progress.again):
                return conversion.run()
        finally:
            release_memory()


class Conversion:
    """One run of the pipeline: prepare, f0, then content and synthesis piece by piece, then level."""

    def __init__(self, converter: Converter, request: Request, progress: Progress) -> None:
        self.converter = converter
        self.request = request
        self.options = request.options
        self.progress = Reporter(progress)
        self.scratch = Scratch(request.scratch)
        self.noise = SeededNoise(request.options.seed)
        self.done = Converted(np.zeros(0, np.float32), 0, "none", describe(converter.device))

    def run(self) -> Converted:
        """Everything, in order."""
        self.progress("prepare", 0.0)
        with self._stage("load"):
            self._load()
        with self._stage("prepare"):
            wave = self._prepare()
        with self._stage("f0"):
            f0 = self._f0(wave)
        release_memory()
        self.done.samples = self._synthesize(wave, f0)
        self.progress("level", SHARES["synthesis"])
        with self._stage("level"):
            if audio.limit_peak(self.done.samples):
                self.done.warnings.append("The result was lowered to a peak of 0.99.")
        self.progress("level", 1.0)
        return self.done

    def _load(self) -> None:
        if len(self.request.wave) < MIN_SAMPLES:
            raise AudioError("audio_too_short", "The recording is shorter than 20 ms.", field="source")
        self.voice = self.converter.loader.voice(self.request.voice)
        header = self.voice.header
        if self.options.speaker >= header.speakers:
            raise OptionError("speaker", f"This voice has {header.speakers} speaker(s), counted from 0.")
        check_usual_pitch(self.options, follows=header.f0, usual=self.request.usual_f0)
        self.encoder = self.converter.loader.encoder(header.encoder)
        self.cutting = Cutting.within(self.encoder.max_seconds, self.voice.network.max_seconds)
        self.pad = int(self.cutting.pad * SAMPLE_RATE)
        self.index = self._index()
        self.fingerprint = fingerprint(self.request.wave)
        self.dtype = decoder_dtype(self.converter.device, self.options.precision)
        self.done.warnings += self.voice.network.remarks(self.options.precision)
        if self.options.precision == "fast" and self.dtype == torch.float32 and header.graph is None:
            self.done.warnings.append("This processor has no bfloat16: the result is exact, and not faster.")

    def _index(self) -> Retrieval | None:
        if self.options.index_rate == 0:
            return None
        if self.request.index is None:
            self.done.warnings.append("This voice has no index: index rate and protect have no effect.")
            return None
        index = self.converter.loader.index(self.request.index)
        index.check_width(self.voice.header.feature_width)
        return index

    def _prepare(self) -> FloatArray:
        """The high-passed recording with a pad of reflection on both sides, (pad + N + pad,) float64."""
        n = len(self.request.wave)
        wave = self.scratch.empty(n + 2 * self.pad, np.float64)
        inner = wave[self.pad : self.pad + n]
        audio.high_pass(self.request.wave, inner)
        wave[: self.pad] = padded(inner, self.pad, 0, self.pad)
        wave[self.pad + n :] = padded(inner, self.pad, self.pad + n, n + 2 * self.pad)
        if audio.peak(self.request.wave) == 0:
            self.done.warnings.append("The recording is silent.")
        self.progress("prepare", SHARES["prepare"])
        return wave

    def _f0(self, wave: FloatArray) -> FloatArray:
        """F0 of the padded recording, (frames,) Hz at 100 per second, moved; empty for voices without F0."""
        if not self.voice.header.f0:
            if self.options.pitch_shift:
                self.done.warnings.append("This voice does not follow pitch: the pitch shift has no effect.")
            return np.zeros(0)
        method = resolve_method(self.options.f0_method, self.converter.loader.assets)
        low, high = SHARES["prepare"], SHARES["f0"]

        def step(fraction: float) -> None:
            self.scratch.trim()
            self.progress("f0", low + fraction * (high - low))

        loader = self.converter.loader
        f0 = self._remember("f0", loader.identity(method), lambda: loader.estimator(method)(wave, step))
        self.done.f0_method = method
        self.done.f0 = self._inner(f0)
        shift = self._describe_pitch(self.done.f0)
        if self.options.unvoiced == "fill":
            f0 = fill_unvoiced(f0)
        self.progress("f0", high)
        target = transpose(f0, shift)
        self.done.target = self._inner(target)
        return target[: len(wave) // HOP]

    def _inner(self, f0: FloatArray) -> FloatArray:
        """The frames of the recording itself, without its pad."""
        first = self.pad // HOP
        return np.array(f0[first : first + len(self.request.wave) // HOP + 1])

    def _describe_pitch(self, f0: FloatArray) -> float:
        """Note what was found in the recording; semitones by which it is moved."""
        voiced, median = f0[f0 > 0], median_f0(f0)
        shift = moved_by(self.options, self.request.usual_f0, median)
        self.done.facts["pitch_shift"] = shift
        self.done.facts["voiced_share"] = round(len(voiced) / max(1, len(f0)), 3)
        if len(voiced) == 0:
            self.done.warnings.append("No pitch was found in the recording.")
        else:
            self.done.facts["median_f0_hz"] = round(float(np.median(voiced)), 1)
        if self.options.pitch_mode == "auto" and median:
            self.done.facts["usual_f0_hz"] = self.request.usual_f0
        elif self.options.pitch_mode == "auto" and len(voiced):
            self.done.warnings.append("Too little pitch was found to bring it to that of the voice.")
        return shift

    def _synthesize(self, wave: FloatArray, f0: FloatArray) -> FloatArray:
        """Every piece in turn, joined and levelled; (M,) float32 at the rate of the result."""
        rate = self.voice.header.sample_rate
        n = len(self.request.wave)
        seconds = n / SAMPLE_RATE if self.request.seconds is None else self.request.seconds
        length = round(seconds * rate)
        samples = self.scratch.empty(length)
        joiner, leveller = Joiner(samples, rate), self._leveller(wave, samples)
        points = cut_points(wave[self.pad : self.pad + n], self.cutting)
        self.scratch.trim()
        for piece in pieces(n, points, self.pad):
            start = piece.start * rate // SAMPLE_RATE
            stop = length if piece.stop == n else piece.stop * rate // SAMPLE_RATE
            joiner.write(start, self._piece(wave, f0, piece, stop - start + joiner.fade), stop - start)
            with self._stage("level"):
                stretch = leveller.advance(stop)
            if self.request.heard is not None and points:
                self.request.heard(leveller.heard(stretch), self.done.sample_rate)
            self.scratch.trim()
            release_memory()
        self.done.facts["pieces"] = len(points) + 1
        return leveller.result

    def _leveller(self, wave: FloatArray, samples: FloatArray) -> Leveller:
        """Loudness mix and resampling, for samples that come piece by piece."""
        rate = self.voice.header.sample_rate
        wanted = self.done.sample_rate = self.options.output_rate or rate
        seconds = len(samples) / rate if self.request.seconds is None else self.request.seconds
        target = samples if wanted == rate else self.scratch.empty(round(seconds * wanted))
        source = wave[self.pad : self.pad + len(self.request.wave)]
        return Leveller(samples, target, (rate, wanted), source, self.options.loudness_mix)

    def _piece(self, wave: FloatArray, f0: FloatArray, piece: Piece, wanted: int) -> FloatArray:
        """At least `wanted` samples of one piece where there are so many, from its start on."""
        with self._stage("content"):
            self.progress("content", self._share(piece, 0.0))
            features = self._content(wave, piece)
        release_memory()  # the encoder's activations, before the decoder's come
        with self._stage("retrieval"):
            segment = self._segment(features, f0, piece, wanted)
        with self._stage("synthesis"):
            return self._samples(segment, piece)

    def _content(self, wave: FloatArray, piece: Piece) -> FloatArray:
        """Content features of a piece, (T, D) at 50 per second."""
        version = self.voice.header.version
        stretch = wave[piece.first : piece.last]

        def encode() -> FloatArray:
            return self.encoder.encode(torch.from_numpy(stretch.astype(np.float32)), version).cpu().numpy()

        encoder = self.converter.loader.identity(self.encoder.name)
        return self._remember(f"content {version} {piece.first} {piece.last}", encoder, encode)

    def _remember(self, what: str, network: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """An array of the feature cache, if there is one, or computed."""
        if self.converter.features is None or not self.request.remember:
            return compute()
        counts = self.done.facts.setdefault("features", {"wanted": 0, "computed": 0})
        counts["wanted"] += 1

        def computed() -> NDArray[Any]:
            counts["computed"] += 1
            return compute()

        key = f"{ALGORITHM} {what} {network} {self.pad}"
        return self.converter.features.get(self.fingerprint, key, computed)

    def _segment(self, features: FloatArray, f0: FloatArray, piece: Piece, wanted: int) -> Segment:
        """Features with retrieval, doubled to 100 per second and protected, with the F0 of the same frames."""
        header = self.voice.header
        frames = min((piece.last - piece.first) // HOP, 2 * len(features))
        blended = features if self.index is None else self.index.blend(features, self.options.index_rate)
        phone = np.repeat(blended, 2, axis=0)[:frames]
        track: FloatArray = np.zeros(frames)
        if header.f0:
            track = f0[piece.first // HOP : piece.first // HOP + frames]
            if self.index is not None and self.options.protect < 0.5:
                untouched = np.repeat(features, 2, axis=0)[:frames]
                share = np.where(track < 1, self.options.protect, 1.0)[:, None]
                phone = share * phone + (1 - share) * untouched
        first = self.pad // HOP
        device = self.converter.device
        return Segment(
            phone=torch.from_numpy(phone.astype(np.float32)).to(device),
            coarse=torch.from_numpy(coarse_bins(track)).to(device),
            f0=torch.from_numpy(track.astype(np.float32)).to(device),
            speaker=self.options.speaker,
            keep=(first, min(frames, first - (-wanted // header.hop))),
        )

    def _samples(self, segment: Segment, piece: Piece) -> FloatArray:
        header, network = self.voice.header, self.voice.network
        noise = network.draw(self.noise, len(segment.phone))
        keep = segment.keep[1] - segment.keep[0]
        parts: list[FloatArray] = []
        for tile in network(segment, *noise, self.dtype):
            parts.append(tile.float().cpu().numpy())
            self.progress("synthesis", self._share(piece, sum(map(len, parts)) / (keep * header.hop)))
        return np.concatenate(parts)

    def _share(self, piece: Piece, fraction: float) -> float:
        """Position in the whole, 0..1, when `fraction` of a piece is done."""
        position = (piece.start + fraction * (piece.stop - piece.start)) / len(self.request.wave)
        return SHARES["f0"] + min(1.0, position) * (SHARES["synthesis"] - SHARES["f0"])

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.done.timings[name] = self.done.timings.get(name, 0.0) + time.perf_counter() - wall
        self.done.cpu[name] = self.done.cpu.get(name, 0.0) + time.process_time() - cpu
