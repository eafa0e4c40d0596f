"""Which tensors a voice must have, and their shapes: computed from its config, compared name by name."""

from collections.abc import Iterator, Mapping

from rvc.errors import VoiceFileError
from rvc.voicefile.config import Geometry
from rvc.voicefile.decoders import HIFIGAN, Shape, decoder_shapes, normed, plain

COUPLINGS = (0, 2, 4, 6)  # the odd ones are flips, without parameters
WAVENET_KERNEL = 5
ATTENTION_WINDOW = 10
PITCH_BINS = 256
MAX_WAVENET_LAYERS = 32
SHOWN_NAMES = 3


def expected_shapes(
    geometry: Geometry,
    *,
    f0: bool,
    feature_width: int,
    speakers: int,
    wavenet_layers: int,
    vocoder: str = HIFIGAN,
) -> dict[str, Shape]:
    """Name and shape of every tensor of a voice; weight norm is spelled weight_g and weight_v."""
    shapes: dict[str, Shape] = {"emb_g.weight": (speakers, geometry.gin)}
    shapes.update(_text_encoder(geometry, f0=f0, feature_width=feature_width))
    for flow in COUPLINGS:
        shapes.update(_coupling(geometry, f"flow.flows.{flow}", wavenet_layers))
    shapes.update(decoder_shapes(vocoder, geometry, f0=f0))
    return shapes


def _text_encoder(geometry: Geometry, *, f0: bool, feature_width: int) -> Iterator[tuple[str, Shape]]:
    hidden, kernel = geometry.hidden, geometry.kernel
    yield from plain("enc_p.emb_phone", hidden, feature_width)
    if f0:
        yield "enc_p.emb_pitch.weight", (PITCH_BINS, hidden)
    for layer in range(geometry.layers):
        attention = f"enc_p.encoder.attn_layers.{layer}"
        for part in ("emb_rel_k", "emb_rel_v"):
            yield f"{attention}.{part}", (1, 2 * ATTENTION_WINDOW + 1, hidden // geometry.heads)
        for part in ("conv_q", "conv_k", "conv_v", "conv_o"):
            yield from plain(f"{attention}.{part}", hidden, hidden, 1)
        for norm in ("norm_layers_1", "norm_layers_2"):
            yield f"enc_p.encoder.{norm}.{layer}.gamma", (hidden,)
            yield f"enc_p.encoder.{norm}.{layer}.beta", (hidden,)
        yield from plain(f"enc_p.encoder.ffn_layers.{layer}.conv_1", geometry.filter, hidden, kernel)
        yield from plain(f"enc_p.encoder.ffn_layers.{layer}.conv_2", hidden, geometry.filter, kernel)
    yield from plain("enc_p.proj", 2 * geometry.inter, hidden, 1)


def _coupling(geometry: Geometry, name: str, layers: int) -> Iterator[tuple[str, Shape]]:
    hidden, half = geometry.hidden, geometry.inter // 2
    yield from plain(f"{name}.pre", hidden, half, 1)
    yield from plain(f"{name}.post", half, hidden, 1)
    yield from normed(f"{name}.enc.cond_layer", 2 * hidden * layers, geometry.gin, 1)
    for layer in range(layers):
        yield from normed(f"{name}.enc.in_layers.{layer}", 2 * hidden, hidden, WAVENET_KERNEL)
        channels = 2 * hidden if layer < layers - 1 else hidden
        yield from normed(f"{name}.enc.res_skip_layers.{layer}", channels, hidden, 1)


def wavenet_layers(names: Mapping[str, object]) -> int:
    """How many WaveNet layers a coupling of the flow has, counted from the names of its weights."""
    for count in range(MAX_WAVENET_LAYERS + 1):
        layer = f"flow.flows.0.enc.in_layers.{count}.weight"
        if layer not in names and f"{layer}_v" not in names:
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
