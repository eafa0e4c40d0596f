"""Where the noise of a conversion comes from."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

BLOCK = 10  # frames: so few that little is drawn in vain, so many that seeding costs nothing


class SeededNoise:
    """Random numbers from one generator per conversion, drawn on the CPU: the device does not change them."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """A tensor of this shape, standard normal."""
        return torch.randn(shape, generator=self.generator)

    def uniform(self, *shape: int) -> Tensor:
        """A tensor of this shape, uniform in [0, 1)."""
        return torch.rand(shape, generator=self.generator)

    def timed(self) -> "TimedNoise":
        """Noise of its own for one segment, seeded from here."""
        return TimedNoise(int(torch.randint(2**62, (), generator=self.generator)))


class TimedNoise:
    """Standard normal numbers with an address: the same for one place and time, however a segment is cut into tiles.

    They are drawn in blocks of BLOCK frames, each block from a generator that is seeded with the seed, the place and
    the block's number. Numbers in the order of their use would change with the cuts, and those for a whole segment
    would fill gigabytes.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def normal(self, place: tuple[int, ...], channels: int, rate: int, frames: tuple[int, int]) -> Tensor:
        """(channels, (last − first)·rate) for the frames first..last of a signal with `rate` values per frame."""
        first, last = frames
        blocks = [self._block(place, channels, rate, number) for number in range(first // BLOCK, -(-last // BLOCK))]
        start = first % BLOCK * rate
        return torch.cat(blocks)[start : start + (last - first) * rate].T

    def _block(self, place: tuple[int, ...], channels: int, rate: int, number: int) -> Tensor:
        seed = np.random.SeedSequence((self.seed, *place, number)).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(seed[0]))
        return torch.randn(BLOCK * rate, channels, generator=generator)


@dataclass(frozen=True)
class DecoderNoise:
    """What the decoder of an F0 voice takes for one segment of L samples.

    source: (L, tones) standard normal. phases: (tones,) in [0, 1), the part of its cycle at which each tone starts.
    inner: for decoders that take noise on their way, too.
    """

    source: Tensor
    phases: Tensor
    inner: TimedNoise | None = None

    @classmethod
    def draw(cls, noise: SeededNoise, samples: int, tones: int, *, inner: bool = False) -> "DecoderNoise":
        """The phases, then the noise of the source, as the reference draws them; the fundamental starts at 0."""
        phases = torch.zeros(tones)
        if tones > 1:
            phases[1:] = noise.uniform(tones)[1:]
        source = noise.normal(samples, tones)
        return cls(source, phases, noise.timed() if inner else None)

    def to(self, device: torch.device) -> "DecoderNoise":
        """The same on a device."""
        return replace(self, source=self.source.to(device), phases=self.phases.to(device))
