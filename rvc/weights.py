"""Pretrained networks: from a published file, read as data, to a network that is complete and ready to run."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from rvc.errors import AssetError, VoiceFileError
from rvc.voicefile import safetensors
from rvc.voicefile.limits import TRUSTED
from rvc.voicefile.torchfile import read_torch_file

N = TypeVar("N", bound=nn.Module)


def read_weights(path: Path, *, inert: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The mapping of a weight file, torch or safetensors, with numpy arrays for tensors.

    inert: names of classes that may stand in a torch file and mean nothing. Raises AssetError (`asset_damaged`).
    """
    try:
        if path.suffix == ".safetensors":
            return safetensors.read(path)[1]
        return read_torch_file(path, inert=inert, limits=TRUSTED)
    except VoiceFileError as error:
        raise AssetError("asset_damaged", f"{path.name} cannot be read: {error.message}") from error


def fill(build: Callable[[], N], weights: Mapping[str, Any], path: Path) -> N:
    """Build a network in float32 from arrays by parameter name, in evaluation mode.

    Raises AssetError (`asset_damaged`) when a tensor is missing, left over or of another shape than the network wants.
    """
    try:
        with torch.device("meta"):  # no memory and no random numbers for values that are replaced at once
            network = build()
        network.load_state_dict({name: _tensor(value) for name, value in weights.items()}, assign=True)
    except (RuntimeError, KeyError, IndexError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise AssetError("asset_damaged", f"{path.name} does not hold the expected network: {reason}") from error
    return network.eval().requires_grad_(False)


def _tensor(value: Any) -> torch.Tensor:
    """A copy in memory. Two-dimensional kernels lie channels last: a fifth faster on a processor."""
    array = np.asarray(value)
    dtype = np.int64 if array.dtype.kind in "iu" else np.float32
    if array.ndim == 4:
        return torch.from_numpy(array.transpose(0, 2, 3, 1).astype(dtype, order="C")).permute(0, 3, 1, 2)
    return torch.from_numpy(array.astype(dtype, order="C"))


def tensor_bytes(network: nn.Module) -> int:
    """Memory of a network's parameters and buffers."""
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
