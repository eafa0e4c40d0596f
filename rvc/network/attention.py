"""The transformer of the text encoder: self-attention with relative positions (VITS 2106.06103; Shaw 1803.02155)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW = 10
"""Relative positions beyond this many frames share no embedding."""

QUERY_BLOCK = 512
"""Frames whose attention is computed at once: memory grows with this times the segment, not with its square."""


class ChannelNorm(nn.Module):
    """Layer normalisation over channels; parameters are called gamma and beta in checkpoints."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.gamma, self.beta, 1e-5)


def pointwise(conv: nn.Conv1d, x: Tensor) -> Tensor:
    """A 1×1 convolution applied to (T, C)."""
    return F.linear(x, conv.weight[:, :, 0], conv.bias)


class RelativeAttention(nn.Module):
    """Multi-head attention over (T, C) whose scores and values see the distance between frames up to WINDOW."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        depth = channels // heads
        self.conv_q, self.conv_k, self.conv_v, self.conv_o = (nn.Conv1d(channels, channels, 1) for _ in range(4))
        self.emb_rel_k = nn.Parameter(torch.zeros(1, 2 * WINDOW + 1, depth))
        self.emb_rel_v = nn.Parameter(torch.zeros(1, 2 * WINDOW + 1, depth))

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], self.heads, -1).transpose(0, 1)  # (T, C) -> (heads, T, depth)

    def forward(self, x: Tensor) -> Tensor:
        queries = self._heads(pointwise(self.conv_q, x))
        queries = queries / math.sqrt(queries.shape[-1])
        # WINDOW rows of zeros on both ends: then every frame has a full band of neighbours.
        keys = F.pad(self._heads(pointwise(self.conv_k, x)), (0, 0, WINDOW, WINDOW))
        values = F.pad(self._heads(pointwise(self.conv_v, x)), (0, 0, WINDOW, WINDOW))
        blocks = [
            self._attend(queries[:, start : start + QUERY_BLOCK], keys, values, start)
            for start in range(0, x.shape[0], QUERY_BLOCK)
        ]
        joined = torch.cat(blocks, dim=1).transpose(0, 1).reshape(x.shape)
        return pointwise(self.conv_o, joined)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, start: int) -> Tensor:
        """queries (heads, t, depth) of the frames from `start`; keys and values (heads, WINDOW + T + WINDOW, depth)."""
        scores = queries @ keys.transpose(1, 2)
        _band(scores, start).add_(queries @ self.emb_rel_k[0].T)
        scores[..., :WINDOW] = -math.inf
        scores[..., -WINDOW:] = -math.inf
        weights = torch.softmax(scores, dim=-1)
        return weights @ values + _band(weights, start) @ self.emb_rel_v[0]


def _band(matrix: Tensor, start: int) -> Tensor:
    """The 21 neighbours of each frame as a view (heads, t, 21) of a contiguous (heads, t, WINDOW + T + WINDOW)."""
    heads, frames, width = matrix.shape
    return matrix.as_strided((heads, frames, 2 * WINDOW + 1), (frames * width, width + 1, 1), start)


class FeedForward(nn.Module):
    """Two convolutions over time with a ReLU between them; (T, C) in and out."""

    def __init__(self, channels: int, filter_channels: int, kernel: int) -> None:
        super().__init__()
        self.padding = ((kernel - 1) // 2, kernel // 2)
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.conv_1(F.pad(x.T[None], self.padding)))
        out: Tensor = self.conv_2(F.pad(hidden, self.padding))
        return out[0].T


class Transformer(nn.Module):
    """Post-norm transformer layers over (T, C)."""

    def __init__(self, channels: int, filter_channels: int, heads: int, layers: int, kernel: int) -> None:
        super().__init__()
        self.attn_layers = nn.ModuleList(RelativeAttention(channels, heads) for _ in range(layers))
        self.norm_layers_1 = nn.ModuleList(ChannelNorm(channels) for _ in range(layers))
        self.ffn_layers = nn.ModuleList(FeedForward(channels, filter_channels, kernel) for _ in range(layers))
        self.norm_layers_2 = nn.ModuleList(ChannelNorm(channels) for _ in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        layers = zip(self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2, strict=True)
        for attend, norm_1, feed_forward, norm_2 in layers:
            x = norm_1(x + attend(x))
            x = norm_2(x + feed_forward(x))
        return x
