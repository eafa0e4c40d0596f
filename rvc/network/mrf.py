"""The decoder that Applio calls MRF HiFi-GAN: the HiFi-GAN of the standard, with overtones and other names."""

from dataclasses import replace

from rvc.network.generator import Conv, Generator
from rvc.voicefile.config import Geometry
from rvc.voicefile.decoders import MRF_TONES, mrf_name


class MRFGenerator(Generator):
    """A Generator whose source sums nine harmonic tones, eight of them starting anywhere in their cycle.

    The residual blocks are of the first kind whatever the config says, the last convolution has a bias, and tones
    above half the sampling rate are not left out.
    """

    def __init__(self, geometry: Geometry) -> None:
        super().__init__(replace(geometry, resblock="1"), f0=True, tones=MRF_TONES)
        self.conv_post = Conv(self.conv_post.in_channels, 1, 7, padding=3)

    def file_name(self, name: str) -> str:
        """What the voice file calls the tensor that the synthesizer calls `name`."""
        return mrf_name(name, self.blocks_per_stage)
