"""The decoders a voice may have (vocoders): the tensors of each, and what tells them apart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import prod

from rvc.voicefile.config import Geometry

Shape = tuple[int, ...]
HIFIGAN, MRF, REFINEGAN = "HiFi-GAN", "MRF HiFi-GAN", "RefineGAN"
MARKS = {
    HIFIGAN: ("dec.ups.", "dec.resblocks."),
    MRF: ("dec.upsamples.", "dec.mrfs."),
    REFINEGAN: ("dec.mel_conv.", "dec.upsample_conv_blocks."),
}
"""Beginnings of names that only this decoder has."""

EDGE_KERNEL = 7
MRF_TONES = 9
REFINE_CHANNELS = 16  # of the excitation at the rate of the samples; they double at every stage on the way down
REFINE_KERNELS, REFINE_DILATIONS = (3, 7, 11), (1, 3, 5)


def vocoders_of(names: Iterable[str]) -> tuple[str, ...]:
    """The vocoders whose marks these tensor names carry: one, unless the file is broken."""
    found = list(names)
    return tuple(vocoder for vocoder, marks in MARKS.items() if any(name.startswith(marks) for name in found))


def decoder_shapes(vocoder: str, geometry: Geometry, *, f0: bool) -> Iterator[tuple[str, Shape]]:
    """Name and shape of every tensor of a decoder; weight norm is spelled weight_g and weight_v."""
    if vocoder == REFINEGAN:
        return _refinegan(geometry)
    return _mrf(geometry) if vocoder == MRF else _hifigan(geometry, f0=f0)


def plain(name: str, *shape: int) -> Iterator[tuple[str, Shape]]:
    """A layer with a weight of this shape and a bias."""
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def normed(name: str, *shape: int, bias: int | None = None) -> Iterator[tuple[str, Shape]]:
    """A weight-normed convolution; a transposed one has its bias along the second axis."""
    yield f"{name}.weight_g", (shape[0], 1, 1)
    yield f"{name}.weight_v", shape
    yield f"{name}.bias", (shape[0] if bias is None else bias,)


def noise_kernel(rates: tuple[int, ...], stage: int) -> int:
    """Width in samples of the convolution that brings the source to the rate of `stage`."""
    stride = prod(rates[stage + 1 :])
    return 2 * stride - stride % 2 if stage + 1 < len(rates) else 1


def mrf_name(name: str, blocks: int) -> str:
    """What an MRF voice calls a HiFi-GAN tensor, where a stage has `blocks` residual blocks.

    dec.resblocks.7.convs1.2.bias of three blocks a stage is dec.mrfs.2.1.layers.2.conv1.bias.
    """
    if name.startswith("dec.resblocks."):
        _, _, number, group, layer, kind = name.split(".")
        stage, block = divmod(int(number), blocks)
        return f"dec.mrfs.{stage}.{block}.layers.{layer}.{group.replace('convs', 'conv')}.{kind}"
    return name.replace("dec.ups.", "dec.upsamples.", 1)


def _hifigan(geometry: Geometry, *, f0: bool) -> Iterator[tuple[str, Shape]]:
    width = geometry.width
    yield from plain("dec.conv_pre", width, geometry.inter, EDGE_KERNEL)
    yield from plain("dec.cond", width, geometry.gin, 1)
    blocks = len(geometry.resblock_kernels)
    for stage, kernel in enumerate(geometry.kernels):
        channels = width >> (stage + 1)
        yield from normed(f"dec.ups.{stage}", 2 * channels, channels, kernel, bias=channels)
        for block in range(blocks):
            yield from _resblock(geometry, f"dec.resblocks.{blocks * stage + block}", block, channels)
        if f0:
            yield from plain(f"dec.noise_convs.{stage}", channels, 1, noise_kernel(geometry.rates, stage))
    yield "dec.conv_post.weight", (1, width >> len(geometry.kernels), EDGE_KERNEL)
    if f0:
        yield from plain("dec.m_source.l_linear", 1, 1)


def _resblock(geometry: Geometry, name: str, block: int, channels: int) -> Iterator[tuple[str, Shape]]:
    kernel = geometry.resblock_kernels[block]
    # Type 1 is three pairs of convolutions; type 2 has single ones.
    groups = ("convs1", "convs2") if geometry.resblock == "1" else ("convs",)
    for group in groups:
        for index in range(len(geometry.resblock_dilations[block])):
            yield from normed(f"{name}.{group}.{index}", channels, channels, kernel)


def _mrf(geometry: Geometry) -> Iterator[tuple[str, Shape]]:
    """The tensors of a HiFi-GAN with F0 under other names; edges and source have other shapes."""
    own = ("dec.conv_pre.", "dec.conv_post.", "dec.m_source.")
    for name, shape in _hifigan(replace(geometry, resblock="1"), f0=True):
        if not name.startswith(own):
            yield mrf_name(name, len(geometry.resblock_kernels)), shape
    yield from normed("dec.conv_pre", geometry.width, geometry.inter, EDGE_KERNEL)
    yield from normed("dec.conv_post", 1, geometry.width >> len(geometry.kernels), EDGE_KERNEL)
    yield from plain("dec.m_source.l_linear", 1, MRF_TONES)


def is_older_refinegan(shapes: Mapping[str, Shape]) -> bool:
    """Whether a RefineGAN is of the layout before Applio 3.3: the source starts as wide as the latent ends."""
    start, first = shapes.get("dec.pre_conv.weight_v", ()), shapes.get("dec.downsample_blocks.0.weight_v", ())
    return start[:1] > (REFINE_CHANNELS,) or first[1:2] == (1,)


def _refinegan(geometry: Geometry) -> Iterator[tuple[str, Shape]]:
    stages, half = len(geometry.rates), geometry.width // 2
    yield "dec.m_source.merge.0.weight", (1, 1)
    yield from normed("dec.pre_conv", REFINE_CHANNELS, 1, EDGE_KERNEL)
    for stage in range(stages):
        channels = REFINE_CHANNELS << stage
        yield from normed(f"dec.downsample_blocks.{stage}", 2 * channels, channels, EDGE_KERNEL)
    yield from normed("dec.mel_conv", half, geometry.inter, EDGE_KERNEL)
    yield from plain("dec.cond", half, geometry.gin, 1)
    for stage in range(stages):
        name, channels = f"dec.upsample_conv_blocks.{stage}", geometry.width >> (stage + 1)
        side = REFINE_CHANNELS << (stages - 1 - stage)
        yield from plain(f"{name}.input_conv", channels, 2 * channels + side, EDGE_KERNEL)
        for branch, kernel in enumerate(REFINE_KERNELS):
            yield from _refine_branch(f"{name}.blocks.{branch}", channels, kernel)
    yield from list(normed("dec.conv_post", 1, geometry.width >> stages, EDGE_KERNEL))[:2]  # without a bias


def _refine_branch(name: str, channels: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.0.weight", (channels,)
    for group in ("convs1", "convs2"):
        for index in range(len(REFINE_DILATIONS)):
            yield from normed(f"{name}.1.{group}.{index}", channels, channels, kernel)
    yield f"{name}.2.weight", (channels,)
