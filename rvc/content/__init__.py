"""Content encoders: a wave in, vectors at 50 per second out that say what is spoken and not by whom.

One contract, one file per family. Importing this package needs no torch.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rvc.errors import AssetError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ContentEncoder(Protocol):
    """What every encoder offers.

    max_seconds: longest segment it takes at once, padding included; None for any. nbytes: memory of its weights.
    """

    name: str
    nbytes: int
    max_seconds: float | None

    def encode(self, wave: "Tensor", version: str) -> "Tensor":
        """wave (N,) float32 mono 16 kHz -> (T, D) float32 at 50 vectors per second.

        version: "v1" or "v2", which of its layers a voice was trained on; encoders with one output ignore it.
        """
        ...


def load_encoder(name: str, folder: Path, device: "torch.device") -> ContentEncoder:
    """The encoder called `name` from the folder of its files.

    Raises AssetError `asset_damaged` when the files are not what the name says.
    """
    if name == "whisper-base":
        from rvc.content.whisper import WhisperEncoder  # noqa: PLC0415 - torch is loaded when it is needed

        return WhisperEncoder.load(name, folder, device)
    from rvc.content.hubert import HubertEncoder  # noqa: PLC0415

    return HubertEncoder.load(name, folder, device)


def damaged(name: str, detail: str) -> AssetError:
    """The error for weights that do not fit their network."""
    return AssetError("asset_damaged", f"The content encoder {name!r} cannot be used: {detail}.")
