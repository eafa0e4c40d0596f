"""Which tensors a voice must have, and their shapes: computed from its config, compared name by name."""

from collections.abc import Iterator, Mapping
from math import prod

from rvc.errors import VoiceFileError
from rvc.voicefile.config import Geometry

Shape = tuple[int, ...]
COUPLINGS = (0, 2, 4, 6)  # the odd ones are flips, without parameters
WAVENET_KERNEL = 5
ATTENTION_WINDOW = 10
PITCH_BINS = 256
EDGE_KERNEL = 7
MAX_WAVENET_LAYERS = 32
SHOWN_NAMES = 3


def expected_shapes(
    geometry: Geometry, *, f0: bool, feature_width: int, speakers: int, wavenet_layers: int
) -> dict[str, Shape]:
    """Name and shape of every tensor of a HiFi-GAN voice; weight norm is spelled weight_g and weight_v."""
    shapes: dict[str, Shape] = {"emb_g.weight": (speakers, geometry.gin)}
    shapes.update(_text_encoder(geometry, f0=f0, feature_width=feature_width))
    for flow in COUPLINGS:
        shapes.update(_coupling(geometry, f"flow.flows.{flow}", wavenet_layers))
    shapes.update(_decoder(geometry, f0=f0))
    return shapes


def _plain(name: str, *shape: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def _normed(name: str, *shape: int, bias: int | None = None) -> Iterator[tuple[str, Shape]]:
    """A weight-normed convolution; a transposed one has its bias along the second axis."""
    yield f"{name}.weight_g", (shape[0], 1, 1)
    yield f"{name}.weight_v", shape
    yield f"{name}.bias", (shape[0] if bias is None else bias,)


def _text_encoder(geometry: Geometry, *, f0: bool, feature_width: int) -> Iterator[tuple[str, Shape]]:
    hidden, kernel = geometry.hidden, geometry.kernel
    yield from _plain("enc_p.emb_phone", hidden, feature_width)
    if f0:
        yield "enc_p.emb_pitch.weight", (PITCH_BINS, hidden)
    for layer in range(geometry.layers):
        attention = f"enc_p.encoder.attn_layers.{layer}"
        for part in ("emb_rel_k", "emb_rel_v"):
            yield f"{attention}.{part}", (1, 2 * ATTENTION_WINDOW + 1, hidden // geometry.heads)
        for part in ("conv_q", "conv_k", "conv_v", "conv_o"):
            yield from _plain(f"{attention}.{part}", hidden, hidden, 1)
        for norm in ("norm_layers_1", "norm_layers_2"):
            yield f"enc_p.encoder.{norm}.{layer}.gamma", (hidden,)
            yield f"enc_p.encoder.{norm}.{layer}.beta", (hidden,)
        yield from _plain(f"enc_p.encoder.ffn_layers.{layer}.conv_1", geometry.filter, hidden, kernel)
        yield from _plain(f"enc_p.encoder.ffn_layers.{layer}.conv_2", hidden, geometry.filter, kernel)
    yield from _plain("enc_p.proj", 2 * geometry.inter, hidden, 1)


def _coupling(geometry: Geometry, name: str, layers: int) -> Iterator[tuple[str, Shape]]:
    hidden, half = geometry.hidden, geometry.inter // 2
    yield from _plain(f"{name}.pre", hidden, half, 1)
    yield from _plain(f"{name}.post", half, hidden, 1)
    yield from _normed(f"{name}.enc.cond_layer", 2 * hidden * layers, geometry.gin, 1)
    for layer in range(layers):
        yield from _normed(f"{name}.enc.in_layers.{layer}", 2 * hidden, hidden, WAVENET_KERNEL)
        channels = 2 * hidden if layer < layers - 1 else hidden
        yield from _normed(f"{name}.enc.res_skip_layers.{layer}", channels, hidden, 1)


def _decoder(geometry: Geometry, *, f0: bool) -> Iterator[tuple[str, Shape]]:
    width = geometry.width
    yield from _plain("dec.conv_pre", width, geometry.inter, EDGE_KERNEL)
    yield from _plain("dec.cond", width, geometry.gin, 1)
    blocks = len(geometry.resblock_kernels)
    for stage, kernel in enumerate(geometry.kernels):
        channels = width >> (stage + 1)
        yield from _normed(f"dec.ups.{stage}", 2 * channels, channels, kernel, bias=channels)
        for block in range(blocks):
            yield from _resblock(geometry, f"dec.resblocks.{blocks * stage + block}", block, channels)
        if f0:
            yield from _plain(f"dec.noise_convs.{stage}", channels, 1, noise_kernel(geometry.rates, stage))
    yield "dec.conv_post.weight", (1, width >> len(geometry.kernels), EDGE_KERNEL)
    if f0:
        yield from _plain("dec.m_source.l_linear", 1, 1)


def _resblock(geometry: Geometry, name: str, block: int, channels: int) -> Iterator[tuple[str, Shape]]:
    kernel = geometry.resblock_kernels[block]
    # Type 1 is three pairs of convolutions; type 2 has single ones.
    groups = ("convs1", "convs2") if geometry.resblock == "1" else ("convs",)
    for group in groups:
        for index in range(len(geometry.resblock_dilations[block])):
            yield from _normed(f"{name}.{group}.{index}", channels, channels, kernel)


def noise_kernel(rates: tuple[int, ...], stage: int) -> int:
    """Width in samples of the convolution that brings the source to the rate of `stage`."""
    stride = prod(rates[stage + 1 :])
    return 2 * stride - stride % 2 if stage + 1 < len(rates) else 1


def wavenet_layers(names: Mapping[str, object]) -> int:
    """How many WaveNet layers a coupling of the flow has, counted from the names of its weights."""
    for count in range(MAX_WAVENET_LAYERS + 1):
        if f"flow.flows.0.enc.in_layers.{count}.weight_v" not in names:
            return max(count, 1)
    raise VoiceFileError("bad_config", f"The voice's flow has more than {MAX_WAVENET_LAYERS} layers.")


def check_shapes(found: Mapping[str, Shape], expected: Mapping[str, Shape]) -> None:
    """Refuse missing, surplus and mis-shaped tensors; the message names the first few of each kind."""
    missing = [name for name in expected if name not in found]
    extra = [repr(name[:80]) for name in found if name not in expected]
    shaped = [
        f"{name} {list(found[name])} instead of {list(shape)}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    complaints = [
        f"{len(names)} {kind} ({', '.join(names[:SHOWN_NAMES])}{', …' if len(names) > SHOWN_NAMES else ''})"
        for kind, names in (("missing", missing), ("unexpected", extra), ("of another shape", shaped))
        if names
    ]
    if complaints:
        raise VoiceFileError(
            "not_a_voice", f"The file's tensors are not those its config asks for: {'; '.join(complaints)}."
        )
