"""A voice that is an ONNX graph, run by onnxruntime: called like a Synthesizer, with the same noise."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import torch
from torch import Tensor, nn

from rvc.errors import VoiceFileError
from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.network.synthesizer import Segment
from rvc.voicefile.onnx.graph import Feed, GraphFacts, feeds
from rvc.voicefile.onnx.model import Array
from rvc.voicefile.onnx.session import CUDA, Session, providers_for
from rvc.voicefile.voice import GRAPH, VoiceFile

LONGEST_PIECE = 15.0
"""Seconds of one run, context included: the graph decodes all of it at once, about 55 MB a second at full size."""

BEAT_SECONDS = 0.2


class Pulse(nn.Module):
    """A layer that does nothing: calling it lets `rvc.device.watched` in, which sees the layers of torch only."""

    def forward(self) -> None: ...


class OnnxVoice:
    """One graph, ready to run. It computes in its own precision and gives a segment's samples in one tile."""

    max_seconds = LONGEST_PIECE

    def __init__(self, voice: VoiceFile, device: torch.device, threads: int) -> None:
        """Raises AssetError without onnxruntime, VoiceFileError("damaged") when our own facts do not fit."""
        try:
            self.facts = GraphFacts.from_json(voice.header.graph or {})
        except (KeyError, TypeError) as error:
            raise VoiceFileError("damaged", "The stored voice is damaged; add its file again.") from error
        self.header, self.device = voice.header, device
        data = voice.tensors[GRAPH].tobytes()
        providers = providers_for(device.index or 0) if device.type == "cuda" else providers_for(None)
        self.session = Session(data, threads=threads, providers=providers)
        self.nbytes = 2 * len(data)  # as read, and as laid out for computing
        self.pulse = Pulse()

    def remarks(self, precision: str) -> list[str]:
        """What has to be said of every conversion with this voice: what was asked for and could not be had."""
        found = []
        if precision == "fast":
            found.append("An ONNX voice computes in the precision it was exported with: fast changes nothing.")
        if self.device.type != "cpu" and CUDA not in self.session.providers:
            found.append("onnxruntime cannot use the graphics card here: the ONNX voice was run by the processor.")
        return found

    def draw(self, noise: SeededNoise, frames: int) -> tuple[Tensor, DecoderNoise | None]:
        """The noise for a segment of this many frames, as Synthesizer.draw draws it."""
        latent = noise.normal(1, self.facts.latent, frames)
        source = DecoderNoise.draw(noise, frames * self.header.hop, 1) if self.header.f0 else None
        return latent, source

    def __call__(
        self, segment: Segment, latent_noise: Tensor, noise: DecoderNoise | None, dtype: torch.dtype = torch.float32
    ) -> Iterator[Tensor]:
        """Samples of the kept frames in one tile, in [−1, 1]. Raises what `watched` raises while the graph runs."""
        hop = self.header.hop
        source = np.zeros(len(segment.phone) * hop) if noise is None else noise.source.numpy()[:, 0]
        feed = Feed(
            phone=segment.phone.cpu().numpy(),
            coarse=segment.coarse.cpu().numpy(),
            f0=segment.f0.cpu().numpy(),
            speaker=segment.speaker,
            latent=latent_noise[0].numpy(),
            source=source,
        )
        samples = self._run(feeds(self.facts, feed, hop))
        if not np.isfinite(samples).all() or len(samples) != len(segment.phone) * hop:
            raise VoiceFileError("unsupported_graph", "The ONNX voice gave no samples that could be used.")
        first, last = segment.keep
        yield torch.from_numpy(np.clip(samples[first * hop : last * hop], -1, 1))

    def _run(self, arrays: Mapping[str, Array]) -> Array:
        """The samples, (L,) float32. The run happens beside us, so that it can be ended."""
        options = self.session.options()
        with ThreadPoolExecutor(1) as beside:
            running = beside.submit(self.session.run, arrays, options)
            try:
                while not wait([running], BEAT_SECONDS).done:
                    self.pulse()
            finally:
                options.terminate = True
        samples: Array = running.result()[0].reshape(-1).astype(np.float32)
        return samples
