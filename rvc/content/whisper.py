"""The encoder of whisper-base (Whisper 2212.04356), which the starter voice was trained on: 512 values per vector.

Weights are safetensors under OpenAI's names; matrices may be int8 with one scale per output row.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rvc.content import ContentEncoder, damaged
from rvc.voicefile import safetensors

N_FFT = 400
HOP = 160
PEAK = 0.7
"""Level the encoder hears: the starter voice was trained and measured at this peak."""
FLOOR = 1e-3  # below this peak a segment is silence and is not raised


class Block(nn.Module):
    """Pre-norm transformer block over (1, T, C); the key has no bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attn_ln, self.mlp_ln = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict(
            {name: nn.Linear(width, width, bias=name != "key") for name in ("query", "key", "value", "out")}
        )
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.attn_ln(x)
        q, k, v = (self.attn[n](y).unflatten(2, (self.heads, -1)).transpose(1, 2) for n in ("query", "key", "value"))
        x = x + self.attn["out"](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.mlp_ln(x))  # type: ignore[no-any-return]


class AudioEncoder(nn.Module):
    """Log-mel spectrogram to vectors; no padding to 30 s."""

    def __init__(self, width: int, heads: int, layers: int, mels: int, positions: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(mels, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.positional_embedding = nn.Parameter(torch.zeros(positions, width))
        self.mel_filters = nn.Parameter(torch.zeros(mels, N_FFT // 2 + 1))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_post = nn.LayerNorm(width)

    def log_mel(self, wave: Tensor) -> Tensor:
        """wave (N,) -> (mels, N // 160); the floor lies 8 decades under the segment's own maximum."""
        window = torch.hann_window(N_FFT, device=wave.device)
        spectrum = torch.stft(wave, N_FFT, HOP, window=window, pad_mode="reflect", return_complex=True)
        power = spectrum[:, : wave.shape[0] // HOP].abs().square()
        logs = (self.mel_filters @ power).clamp_min(1e-10).log10()
        return (torch.maximum(logs, logs.max() - 8.0) + 4.0) / 4.0

    def forward(self, wave: Tensor) -> Tensor:
        """wave (N,) -> (T, C), T = ceil((N // 160) / 2)."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(self.log_mel(wave)[None])))).transpose(1, 2)
        x = x + self.positional_embedding[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        features: Tensor = self.ln_post(x)[0]
        return features


class WhisperEncoder:
    """whisper-base as a content encoder."""

    def __init__(self, name: str, network: AudioEncoder, device: torch.device) -> None:
        self.name = name
        self.network = network.eval().requires_grad_(False).to(device)
        self.device = device
        self.nbytes = sum(p.nbytes for p in network.parameters())
        self.max_seconds: float | None = network.positional_embedding.shape[0] * 2 * HOP / 16000

    @classmethod
    def load(cls, name: str, folder: Path, device: torch.device) -> ContentEncoder:
        """Read NAME-encoder.json and NAME-encoder.safetensors in `folder`."""
        try:
            facts = json.loads((folder / f"{name}-encoder.json").read_text(encoding="utf-8"))
            sizes = [int(facts[key]) for key in ("d_model", "heads", "layers", "n_mels", "max_frames")]
            with torch.device("meta"):
                network = AudioEncoder(*sizes)
            network.load_state_dict(_dequantised(folder / f"{name}-encoder.safetensors"), strict=True, assign=True)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise damaged(name, f"its weights do not fit ({error})") from error
        return cls(name, network, device)

    @torch.inference_mode()
    def encode(self, wave: Tensor, version: str) -> Tensor:
        """See ContentEncoder. The segment is raised or lowered to the level the voice was trained at."""
        peak = float(wave.abs().max())
        scaled = wave.to(self.device) * (PEAK / max(peak, FLOOR))
        features: Tensor = self.network(scaled)
        return features


def _dequantised(path: Path) -> dict[str, Tensor]:
    arrays = safetensors.read(path)[1]
    weights = {}
    for name, array in arrays.items():
        if name.endswith("_scale"):
            continue
        values = array.astype(np.float32)
        if f"{name}_scale" in arrays:
            scale = arrays[f"{name}_scale"].astype(np.float32)
            values *= scale.reshape(-1, *[1] * (values.ndim - 1))
        weights[name] = torch.from_numpy(values)
    return weights
