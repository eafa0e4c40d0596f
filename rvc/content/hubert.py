"""HuBERT and its descendants (ContentVec 2204.09224, spin, the language HuBERTs): post-norm base architecture.

Reads the hub's folder (config.json and weights) and the old fairseq file alike. Reference section 8.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvc.content import ContentEncoder, damaged
from rvc.device import doubles, spread
from rvc.voicefile.torchfile import FAIRSEQ_NAMES as FAIRSEQ_CLASSES
from rvc.weights import read_weights

KERNELS = (10, 3, 3, 3, 3, 2, 2)
STRIDES = (5, 2, 2, 2, 2, 2, 2)
HOP = 320
RECEPTIVE_FIELD = 400
TILE_FRAMES = 100
POSITION_KERNEL = 128
POSITION_GROUPS = 16
BASE_HEADS = 12  # of the published networks; a folder's config.json may state another number
LAYER_OF_VERSION = {"v1": 9, "v2": 12}

FAIRSEQ_NAMES = (
    (r"^feature_extractor\.conv_layers\.(\d+)\.0\.", r"convs.\1."),
    (r"^feature_extractor\.conv_layers\.0\.2\.", "group_norm."),
    (r"^layer_norm\.", "feature_norm."),
    (r"^post_extract_proj\.", "projection."),
    (r"^encoder\.pos_conv\.0\.", "position."),
    (r"^encoder\.layer_norm\.", "encoder_norm."),
    (r"^encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.", r"layers.\1.\2."),
    (r"^encoder\.layers\.(\d+)\.self_attn\.out_proj\.", r"layers.\1.out."),
    (r"^encoder\.layers\.(\d+)\.self_attn_layer_norm\.", r"layers.\1.norm_1."),
    (r"^encoder\.layers\.(\d+)\.(fc[12])\.", r"layers.\1.\2."),
    (r"^encoder\.layers\.(\d+)\.final_layer_norm\.", r"layers.\1.norm_2."),
)
HUB_NAMES = (
    (r"^(?:hubert|model)\.", ""),
    (r"^feature_extractor\.conv_layers\.(\d+)\.conv\.", r"convs.\1."),
    (r"^feature_extractor\.conv_layers\.0\.layer_norm\.", "group_norm."),
    (r"^feature_projection\.layer_norm\.", "feature_norm."),
    (r"^feature_projection\.projection\.", "projection."),
    (r"^encoder\.pos_conv_embed\.conv\.", "position."),
    (r"^encoder\.layer_norm\.", "encoder_norm."),
    (r"^encoder\.layers\.(\d+)\.attention\.([qkv])_proj\.", r"layers.\1.\2."),
    (r"^encoder\.layers\.(\d+)\.attention\.out_proj\.", r"layers.\1.out."),
    (r"^encoder\.layers\.(\d+)\.layer_norm\.", r"layers.\1.norm_1."),
    (r"^encoder\.layers\.(\d+)\.feed_forward\.intermediate_dense\.", r"layers.\1.fc1."),
    (r"^encoder\.layers\.(\d+)\.feed_forward\.output_dense\.", r"layers.\1.fc2."),
    (r"^encoder\.layers\.(\d+)\.final_layer_norm\.", r"layers.\1.norm_2."),
)
UNUSED = re.compile(r"^(mask_emb|masked_spec_embed|label_embs_concat)$")


class Layer(nn.Module):
    """Post-norm transformer layer over (1, T, C)."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = self.norm_1(x + self.out(attended))
        return self.norm_2(x + self.fc2(F.gelu(self.fc1(x))))  # type: ignore[no-any-return]


class Hubert(nn.Module):
    """The network up to the layer that is asked for."""

    def __init__(self, weights: Mapping[str, Tensor], heads: int) -> None:
        super().__init__()
        channels = weights["convs.0.weight"].shape[0]
        width, inner = weights["projection.weight"].shape[0], weights["layers.0.fc1.weight"].shape[0]
        depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))
        ins = (1, *[channels] * (len(KERNELS) - 1))
        self.convs = nn.ModuleList(
            nn.Conv1d(i, channels, k, s, bias=False) for i, k, s in zip(ins, KERNELS, STRIDES, strict=True)
        )
        self.group_norm = nn.GroupNorm(channels, channels)
        self.feature_norm = nn.LayerNorm(channels)
        self.projection = nn.Linear(channels, width)
        self.position = nn.Conv1d(width, width, POSITION_KERNEL, padding=POSITION_KERNEL // 2, groups=POSITION_GROUPS)
        self.encoder_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(depth))
        if "final_proj.weight" in weights:
            self.final_proj = nn.Linear(width, weights["final_proj.weight"].shape[0])

    def convolve(self, wave: Tensor) -> Tensor:
        """wave (N,) -> (1, C, T), T = (N − 400) // 320 + 1. Computed in tiles: memory does not grow with N."""
        frames = (wave.shape[0] - RECEPTIVE_FIELD) // HOP + 1
        mean, deviation = self._first_statistics(wave)

        def tile(start: int) -> Tensor:
            stop = min(frames, start + TILE_FRAMES)
            x = self.convs[0](wave[None, None, start * HOP : (stop - 1) * HOP + RECEPTIVE_FIELD])
            x = F.gelu((x - mean) / deviation * self.group_norm.weight[:, None] + self.group_norm.bias[:, None])
            for conv in self.convs[1:]:
                x = F.gelu(conv(x))
            return x

        return torch.cat(list(spread(tile, range(0, frames, TILE_FRAMES), wave.device)), dim=2)

    def _first_statistics(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and deviation (C, 1) of the first convolution over the whole segment, which its norm needs."""
        kernel, stride = KERNELS[0], STRIDES[0]
        count = (wave.shape[0] - kernel) // stride + 1
        total = torch.zeros(2, len(self.group_norm.weight), dtype=torch.float64, device=doubles(wave.device))
        step = TILE_FRAMES * HOP // stride
        for start in range(0, count, step):
            stop = min(count, start + step)
            x = self.convs[0](wave[None, None, start * stride : (stop - 1) * stride + kernel])[0].to(total.device)
            total += torch.stack([x.sum(1, dtype=torch.float64), x.square().sum(1, dtype=torch.float64)])
        mean, square = total / count
        deviation = (square - mean.square()).clamp_min(0).add(self.group_norm.eps).sqrt()
        return mean.float()[:, None].to(wave.device), deviation.float()[:, None].to(wave.device)

    def forward(self, wave: Tensor, layer: int) -> Tensor:
        """wave (N,) float32 16 kHz -> (T, C) after `layer` transformer layers."""
        x = self.projection(self.feature_norm(self.convolve(wave).transpose(1, 2)))
        position = F.gelu(self.position(x.transpose(1, 2))[..., :-1])  # an even kernel gives one frame too many
        x = self.encoder_norm(x + position.transpose(1, 2))
        for block in self.layers[:layer]:
            x = block(x)
        features: Tensor = x[0]
        return features


class HubertEncoder:
    """A HuBERT as a content encoder: layer 9 through final_proj for v1 voices, layer 12 for v2."""

    max_seconds: float | None = None

    def __init__(self, name: str, network: Hubert, device: torch.device) -> None:
        self.name = name
        self.network = network.eval().requires_grad_(False).to(device)
        self.device = device
        self.nbytes = sum(p.nbytes for p in network.parameters())

    @classmethod
    def load(cls, name: str, folder: Path, device: torch.device) -> ContentEncoder:
        """Read the weights in `folder`, whichever of the published forms they have."""
        weights, heads = read_hubert(name, folder)
        try:
            with torch.device("meta"):
                network = Hubert(weights, heads)
            network.load_state_dict(weights, strict=True, assign=True)
        except (RuntimeError, KeyError, ValueError) as error:
            raise damaged(name, f"its weights do not fit ({error})") from error
        return cls(name, network, device)

    @torch.inference_mode()
    def encode(self, wave: Tensor, version: str) -> Tensor:
        """See ContentEncoder. wave needs at least 400 samples."""
        features: Tensor = self.network(wave.to(self.device), LAYER_OF_VERSION[version])
        if version == "v1":
            if not hasattr(self.network, "final_proj"):
                raise damaged(self.name, "it has no final_proj, which v1 voices need")
            features = self.network.final_proj(features)
        return features


def read_hubert(name: str, folder: Path) -> tuple[dict[str, Tensor], int]:
    """Weights under our names, in float32, and the number of heads."""
    for candidate in ("model.safetensors", "pytorch_model.bin"):
        if (folder / candidate).exists():
            path = folder / candidate
            raw = read_weights(path)
            return _renamed(raw, HUB_NAMES), _heads_of(folder)
    for path in sorted(folder.glob("*.pt")):
        content = read_weights(path, inert=FAIRSEQ_CLASSES)
        if not isinstance(content.get("model"), dict):
            raise damaged(name, f"{path.name} holds no model")
        return _renamed(content["model"], FAIRSEQ_NAMES), _fairseq_heads(content)
    raise damaged(name, f"there are no weights in {folder}")


def _renamed(raw: Mapping[str, Any], names: tuple[tuple[str, str], ...]) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for key, array in raw.items():
        for pattern, replacement in names:
            key = re.sub(pattern, replacement, key)  # noqa: PLW2901
        if isinstance(array, np.ndarray) and not UNUSED.match(key):
            weights[key] = torch.from_numpy(array.astype(np.float32))
    for length, direction in (
        ("position.weight_g", "position.weight_v"),
        ("position.parametrizations.weight.original0", "position.parametrizations.weight.original1"),
    ):
        if length in weights and direction in weights:
            # Weight norm of this one convolution runs over all axes but the last.
            weights["position.weight"] = torch._weight_norm(weights.pop(direction), weights.pop(length), 2)
    return weights


def _heads_of(folder: Path) -> int:
    config = folder / "config.json"
    if not config.exists():
        return BASE_HEADS
    return int(json.loads(config.read_text(encoding="utf-8")).get("num_attention_heads", BASE_HEADS))


def _fairseq_heads(content: Mapping[str, Any]) -> int:
    config = content.get("cfg")
    model = config.get("model") if isinstance(config, dict) else None
    heads = model.get("encoder_attention_heads") if isinstance(model, dict) else None
    return heads if isinstance(heads, int) else BASE_HEADS
