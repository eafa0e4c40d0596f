"""The synthesizer of one voice: features and pitch of a segment in, samples out. Strict load from a voice file."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvc.device import spread, undivided
from rvc.errors import VoiceFileError
from rvc.network.attention import Transformer, pointwise
from rvc.network.flow import Flow
from rvc.network.generator import TILE_SECONDS, Decoder, Generator
from rvc.network.mrf import MRFGenerator
from rvc.network.noise import DecoderNoise, SeededNoise
from rvc.network.refinegan import RefineGAN
from rvc.voicefile.config import FRAMES_PER_SECOND, Geometry
from rvc.voicefile.decoders import MRF, REFINEGAN
from rvc.voicefile.folding import fold_weight_norm
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.voice import VoiceFile

NOISE_SCALE = 0.66666
COARSE_BINS = 256


@dataclass(frozen=True)
class Segment:
    """What the synthesizer needs of one stretch of T frames.

    phone: (T, D) content features at 100 frames/s. coarse: (T,) bins 1..255 and f0: (T,) Hz, 0 unvoiced; both are
    ignored by voices without F0. speaker: row of the speaker table. keep: first and last+1 frame whose samples are
    wanted; the others are context.
    """

    phone: Tensor
    coarse: Tensor
    f0: Tensor
    speaker: int
    keep: tuple[int, int]


class TextEncoder(nn.Module):
    """Features and coarse pitch to the mean and log deviation of the prior."""

    def __init__(self, geometry: Geometry, feature_width: int, *, f0: bool) -> None:
        super().__init__()
        hidden = geometry.hidden
        self.emb_phone = nn.Linear(feature_width, hidden)
        if f0:
            self.emb_pitch = nn.Embedding(COARSE_BINS, hidden)
        self.encoder = Transformer(hidden, geometry.filter, geometry.heads, geometry.layers, geometry.kernel)
        self.proj = nn.Conv1d(hidden, 2 * geometry.inter, 1)

    def forward(self, phone: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """phone (T, D), coarse (T,) -> mean (1, inter, T), log deviation (1, inter, T)."""
        x = self.emb_phone(phone)
        if hasattr(self, "emb_pitch"):
            x = x + self.emb_pitch(coarse)
        x = F.leaky_relu(x * math.sqrt(x.shape[-1]), 0.1)
        mean, log_deviation = pointwise(self.proj, self.encoder(x)).T[None].chunk(2, dim=1)
        return mean, log_deviation


class Synthesizer(nn.Module):
    """Text encoder, flow and generator of one voice."""

    max_seconds: float | None = None
    """The longest segment it takes, in seconds; memory does not grow with one."""

    def __init__(self, header: VoiceHeader, wavenet_layers: int) -> None:
        super().__init__()
        geometry = header.geometry
        self.inter_channels = geometry.inter
        self.emb_g = nn.Embedding(header.speakers, geometry.gin)
        self.enc_p = TextEncoder(geometry, header.feature_width, f0=header.f0)
        self.flow = Flow(geometry.inter, geometry.hidden, layers=wavenet_layers, speaker_channels=geometry.gin)
        self.dec = decoder_of(header)

    def remarks(self, precision: str) -> list[str]:
        """What has to be said of every conversion with this network."""
        return []

    @classmethod
    def load(cls, voice: VoiceFile, device: torch.device) -> "Synthesizer":
        """Build and fill the network. Raises VoiceFileError naming tensors that are missing, extra or mis-shaped."""
        with torch.device("meta"):
            network = cls(voice.header, voice.wavenet_layers)
        names = {network.dec.file_name(name): name for name in network.state_dict()}
        folded = fold_weight_norm(voice.tensors)
        weights = {names.get(name, name): torch.from_numpy(array) for name, array in folded}
        try:
            network.load_state_dict(weights, strict=True, assign=True)
        except RuntimeError as error:
            raise VoiceFileError("not_a_voice", f"The voice does not fit its own description: {error}.") from error
        network = network.eval().requires_grad_(False).to(device)
        network.dec.pack(device)
        return network

    def draw(self, noise: SeededNoise, frames: int) -> tuple[Tensor, DecoderNoise | None]:
        """The noise for a segment of this many frames, on the CPU: latent (1, inter, frames), then the decoder's."""
        return noise.normal(1, self.inter_channels, frames), self.dec.draw(noise, frames)

    @torch.inference_mode()
    def forward(
        self, segment: Segment, latent_noise: Tensor, noise: DecoderNoise | None, dtype: torch.dtype = torch.float32
    ) -> Iterator[Tensor]:
        """Samples of the kept frames, tile by tile; each (frames·hop,) in (−1, 1). dtype: what the decoder computes in.

        latent_noise (1, inter, T), standard normal, and noise are what `draw` gives.
        """
        speaker = self.emb_g.weight[segment.speaker][None, :, None]
        with undivided():
            mean, log_deviation = self.enc_p(segment.phone, segment.coarse)
            z = self.flow(mean + torch.exp(log_deviation) * latent_noise.to(mean.device) * NOISE_SCALE, speaker)
        decode = self.dec.prepare(z, speaker, segment.f0, None if noise is None else noise.to(z.device))

        def decode_tile(tile: tuple[int, int]) -> Tensor:
            with torch.autocast(z.device.type, dtype, enabled=dtype != torch.float32):
                return decode(*tile)

        yield from spread(decode_tile, tiles(*segment.keep), z.device)


def decoder_of(header: VoiceHeader) -> Decoder:
    """The decoder that the voice's vocoder asks for, empty."""
    if header.vocoder == MRF:
        return MRFGenerator(header.geometry)
    if header.vocoder == REFINEGAN:
        return RefineGAN(header.geometry)
    return Generator(header.geometry, f0=header.f0)


def tiles(start: int, stop: int) -> list[tuple[int, int]]:
    """Cut the frames start..stop into nearly equal tiles of about TILE_SECONDS; for two cores not an odd number."""
    count = max(1, round((stop - start) / (TILE_SECONDS * FRAMES_PER_SECOND)))
    count += count % 2 if count > 1 else 0
    edges = [start + (stop - start) * index // count for index in range(count + 1)]
    return list(itertools.pairwise(edges))
