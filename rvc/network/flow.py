"""The normalising flow, in the direction that inference needs: from the prior to the latent (VITS 2106.06103)."""

import torch
from torch import Tensor, nn

KERNEL = 5
COUPLINGS = 4


class WaveNet(nn.Module):
    """Gated convolutions with a speaker bias per layer; (1, C, T) in, skip sum (1, C, T) out."""

    def __init__(self, channels: int, layers: int, speaker_channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.cond_layer = nn.Conv1d(speaker_channels, 2 * channels * layers, 1)
        self.in_layers = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, KERNEL, padding=KERNEL // 2) for _ in range(layers)
        )
        self.res_skip_layers = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels if layer < layers - 1 else channels, 1) for layer in range(layers)
        )

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        biases = self.cond_layer(speaker).split(2 * self.channels, dim=1)
        skip = torch.zeros_like(x)
        for bias, in_layer, res_skip in zip(biases, self.in_layers, self.res_skip_layers, strict=True):
            filtered, gate = (in_layer(x) + bias).chunk(2, dim=1)
            step = res_skip(torch.tanh(filtered) * torch.sigmoid(gate))
            if step.shape[1] > self.channels:  # all layers but the last also feed the next one
                x = x + step[:, : self.channels]
            skip = skip + step[:, -self.channels :]
        return skip


class Coupling(nn.Module):
    """Mean-only affine coupling: the second half of the channels moves by what the first half says."""

    def __init__(self, channels: int, hidden: int, layers: int, speaker_channels: int) -> None:
        super().__init__()
        self.pre = nn.Conv1d(channels // 2, hidden, 1)
        self.enc = WaveNet(hidden, layers, speaker_channels)
        self.post = nn.Conv1d(hidden, channels // 2, 1)

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        still, moved = x.chunk(2, dim=1)
        mean = self.post(self.enc(self.pre(still), speaker))
        return torch.cat([still, moved - mean], dim=1)


class Flow(nn.Module):
    """Couplings in reverse order, each after a flip of the channels. Odd indexes are the flips of the checkpoint."""

    def __init__(self, channels: int, hidden: int, *, layers: int, speaker_channels: int) -> None:
        super().__init__()
        self.flows = nn.ModuleList(
            Coupling(channels, hidden, layers, speaker_channels) if index % 2 == 0 else nn.Identity()
            for index in range(2 * COUPLINGS)
        )

    def forward(self, z_p: Tensor, speaker: Tensor) -> Tensor:
        """z_p (1, inter, T) -> z (1, inter, T); speaker (1, gin, 1)."""
        x = z_p
        for coupling in reversed([module for module in self.flows if isinstance(module, Coupling)]):
            x = coupling(x.flip(1), speaker)
        return x
