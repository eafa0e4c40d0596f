"""Where the noise of a conversion comes from."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


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


@dataclass(frozen=True)
class DecoderNoise:
    """What the decoder of an F0 voice takes for one segment of L samples.

    source: (L, tones) standard normal. phases: (tones,) in [0, 1), the part of its cycle at which each tone starts.
    """

    source: Tensor
    phases: Tensor

    @classmethod
    def draw(cls, noise: SeededNoise, samples: int, tones: int) -> "DecoderNoise":
        """The phases, then the noise of the source, as the reference draws them; the fundamental starts at 0."""
        phases = torch.zeros(tones)
        if tones > 1:
            phases[1:] = noise.uniform(tones)[1:]
        return cls(noise.normal(samples, tones), phases)

    def to(self, device: torch.device) -> "DecoderNoise":
        """The same on a device."""
        return replace(self, source=self.source.to(device), phases=self.phases.to(device))
