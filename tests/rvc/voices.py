"""Voices of any geometry in the real file formats, with small random weights: what the tests read and convert."""

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from rvc.voicefile.config import Geometry, checked_config
from rvc.voicefile.decoders import HIFIGAN
from rvc.voicefile.schema import expected_shapes

RATES = {
    24000: ([10, 6, 2, 2], [20, 12, 4, 4]),
    25600: ([8, 8, 4], [16, 16, 8]),
    32000: ([10, 8, 2, 2], [20, 16, 4, 4]),
    40000: ([10, 10, 2, 2], [16, 16, 4, 4]),
    48000: ([12, 10, 2, 2], [24, 20, 4, 4]),
}
V1_RATES = {
    **RATES,
    32000: ([10, 4, 2, 2, 2], [16, 16, 4, 4, 4]),
    48000: ([10, 6, 2, 2, 2], [16, 16, 4, 4, 4]),
}
ITEMS = {
    "spec_channels": 0,
    "segment_size": 1,
    "inter_channels": 2,
    "hidden_channels": 3,
    "filter_channels": 4,
    "n_heads": 5,
    "n_layers": 6,
    "kernel_size": 7,
    "p_dropout": 8,
    "resblock": 9,
    "resblock_kernel_sizes": 10,
    "resblock_dilation_sizes": 11,
    "upsample_rates": 12,
    "upsample_initial_channel": 13,
    "upsample_kernel_sizes": 14,
    "spk_embed_dim": 15,
    "gin_channels": 16,
    "sampling_rate": 17,
}
SHALLOW: dict[str, Any] = {
    "n_layers": 1,
    "wavenet_layers": 1,
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
    "upsample_rates": [20, 20],
    "upsample_kernel_sizes": [40, 40],
}
"""A voice of as few layers as there can be: what is done to thousands of files."""
FULL_DECODER = {"inter_channels": 192, "n_layers": 6, "upsample_initial_channel": 512, "gin_channels": 256}
FULL_SIZE = {**FULL_DECODER, "hidden_channels": 192, "filter_channels": 768}


def make_config(version: str = "v2", rate: int = 40000, **items: Any) -> list[Any]:
    """A config in RVC's order: tiny channels, the upsampling of `rate`, and `items` by name over both."""
    rates, kernels = (V1_RATES if version == "v1" else RATES)[rate]
    config: list[Any] = [1025, 32, 16, 16, 32, 2, 2, 3, 0, "1", [3, 7, 11], [[1, 3, 5]] * 3]
    config += [rates, 32, kernels, 109, 8, rate]
    for name, value in items.items():
        config[ITEMS[name]] = value
    return config


def make_weights(
    config: list[Any],
    *,
    f0: bool,
    feature_width: int,
    speakers: int = 1,
    wavenet_layers: int = 3,
    seed: int = 0,
    vocoder: str = HIFIGAN,
) -> "OrderedDict[str, torch.Tensor]":
    """Random fp16 weights of the sizes that `config` asks for, scaled so that signals neither grow nor vanish."""
    generator = torch.Generator().manual_seed(seed)
    shapes = expected_shapes(
        Geometry.from_config(checked_config(config)),
        f0=f0,
        feature_width=feature_width,
        speakers=speakers,
        wavenet_layers=wavenet_layers,
        vocoder=vocoder,
    )
    weights: OrderedDict[str, torch.Tensor] = OrderedDict()
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        if name.endswith(("bias", "beta")):
            value *= 0.05
        elif name.endswith("gamma"):
            value = 1 + 0.05 * value
        elif len(shape) == 1:
            value *= 0.01  # gains of noise
        elif not name.endswith("weight_g") and name != "emb_g.weight":
            value /= max(value[0].numel(), 1) ** 0.5
        weights[name] = value.half()
    for name in [name for name in weights if name.endswith("weight_g")]:
        kernel = weights[name.removesuffix("g") + "v"].float()
        weights[name] = kernel.flatten(1).norm(dim=1).reshape(-1, 1, 1).half()
    return weights


def make_checkpoint(
    *,
    version: str = "v2",
    f0: bool = True,
    rate: int = 40000,
    seed: int = 0,
    speakers: int = 1,
    feature_width: int | None = None,
    wavenet_layers: int = 3,
    vocoder: str = HIFIGAN,
    metadata: dict[str, Any] | None = None,
    **config: Any,
) -> dict[str, Any]:
    """The mapping of a voice file, as the training programs save it."""
    items = make_config(version, rate, **config)
    width = feature_width or {"v1": 256, "v2": 768}[version]
    weights = make_weights(
        items,
        f0=f0,
        feature_width=width,
        speakers=speakers,
        wavenet_layers=wavenet_layers,
        seed=seed,
        vocoder=vocoder,
    )
    facts: dict[str, Any] = {"info": "tiny random", "sr": f"{rate // 1000}k", "f0": int(f0), "version": version}
    if vocoder != HIFIGAN:
        facts["vocoder"] = vocoder
    return {"weight": weights, "config": items, **facts, **(metadata or {})}


def save(content: object, path: Path, container: str = "zip") -> Path:
    """torch.save in either container."""
    torch.save(content, path, _use_new_zipfile_serialization=container == "zip")
    return path


def make_voice(path: Path, *, format: str = "zip", **options: Any) -> Path:
    """Write a voice file that torch.save made; `options` are those of `make_checkpoint`, config items by name."""
    return save(make_checkpoint(**options), path, format)


def voice_bytes(**options: Any) -> bytes:
    """The bytes of such a file, for uploads."""
    buffer = io.BytesIO()
    torch.save(make_checkpoint(**options), buffer)
    return buffer.getvalue()
