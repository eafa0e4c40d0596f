"""The 18 hyper-parameters of an RVC voice: their order, their bounds, and what follows from them."""

from dataclasses import dataclass
from math import prod
from typing import Any

from rvc.errors import VoiceFileError

CONFIG_ITEMS = 18
FRAMES_PER_SECOND = 100
MAX_STAGES, MAX_BLOCKS, MAX_DILATIONS = 8, 8, 8
SPEAKERS_ITEM = 15

BOUNDS: tuple[tuple[int, str, int, int], ...] = (
    (0, "spec_channels", 1, 65_536),
    (1, "segment_size", 1, 1_000_000),
    (2, "inter_channels", 2, 1024),
    (3, "hidden_channels", 1, 1024),
    (4, "filter_channels", 1, 8192),
    (5, "n_heads", 1, 64),
    (6, "n_layers", 1, 64),
    (7, "kernel_size", 1, 31),
    (13, "upsample_initial_channel", 2, 4096),
    (15, "spk_embed_dim", 0, 65_536),
    (16, "gin_channels", 1, 4096),
    (17, "sampling rate", 8000, 192_000),
)
"""Position, name, lowest and highest value of the whole numbers; nothing larger can be built."""


@dataclass(frozen=True)
class Geometry:
    """The hyper-parameters by name; channels and layers are counts, rates and kernels in samples."""

    inter: int
    hidden: int
    filter: int
    heads: int
    layers: int
    kernel: int
    resblock: str
    resblock_kernels: tuple[int, ...]
    resblock_dilations: tuple[tuple[int, ...], ...]
    rates: tuple[int, ...]
    width: int
    kernels: tuple[int, ...]
    gin: int
    sample_rate: int

    @classmethod
    def from_config(cls, config: tuple[Any, ...]) -> "Geometry":
        """config: a tuple that `checked_config` returned."""
        return cls(*config[2:8], *config[9:15], *config[16:18])

    @property
    def hop(self) -> int:
        """Samples per frame of 10 ms."""
        return prod(self.rates)


def bad_config(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_config", f"The voice's config cannot be used: {detail}.")


def checked_config(config: Any) -> tuple[Any, ...]:
    """The config as a tuple (lists as tuples), or VoiceFileError("bad_config") that says which item is wrong."""
    if type(config) not in (list, tuple) or len(config) != CONFIG_ITEMS:
        raise bad_config(f"it must be a list of {CONFIG_ITEMS} items")
    items = list(config)
    for position, name, low, high in BOUNDS:
        items[position] = _whole(items[position], name, low, high)
    items[8] = _dropout(items[8])
    items[9] = _resblock(items[9])
    items[10] = _numbers(items[10], "resblock_kernel_sizes", MAX_BLOCKS, high=31)
    items[11] = _dilations(items[11], len(items[10]))
    items[12] = _numbers(items[12], "upsample_rates", MAX_STAGES, high=64)
    items[14] = _numbers(items[14], "upsample_kernel_sizes", MAX_STAGES, high=256)
    _check_together(items)
    return tuple(items)


def _whole(value: Any, name: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise bad_config(f"{name} must be a whole number from {low} to {high}")
    return value


def _dropout(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise bad_config("p_dropout must be a number from 0 to 1")
    return float(value)


def _resblock(value: Any) -> str:
    if type(value) not in (str, int) or str(value) not in ("1", "2"):
        raise bad_config("resblock must be 1 or 2")
    return str(value)


def _numbers(value: Any, name: str, longest: int, *, high: int) -> tuple[int, ...]:
    if type(value) not in (list, tuple) or not 0 < len(value) <= longest:
        raise bad_config(f"{name} must be a list of 1 to {longest} numbers")
    return tuple(_whole(item, name, 1, high) for item in value)


def _dilations(value: Any, blocks: int) -> tuple[tuple[int, ...], ...]:
    if type(value) not in (list, tuple) or len(value) < blocks or len(value) > MAX_BLOCKS:
        raise bad_config("resblock_dilation_sizes must have one list for each resblock kernel")
    rows = tuple(_numbers(row, "resblock_dilation_sizes", MAX_DILATIONS, high=64) for row in value)
    return rows[:blocks]  # RVC pairs them with the kernels: what is left over is never used


def _check_together(items: list[Any]) -> None:
    inter, hidden, heads, kernel = items[2], items[3], items[5], items[7]
    if inter % 2 or hidden % heads or hidden % 2:
        raise bad_config("channels must be even and divide by the number of heads")
    if kernel % 2 == 0 or any(size % 2 == 0 for size in items[10]):
        raise bad_config("kernel sizes must be odd")
    rates, kernels = items[12], items[14]
    if len(rates) != len(kernels):
        raise bad_config("upsample_rates and upsample_kernel_sizes differ in length")
    if items[13] % 2 ** len(rates):
        raise bad_config("upsample_initial_channel cannot be halved at every stage")
    if any(size < rate for rate, size in zip(rates, kernels, strict=True)):
        raise bad_config("an upsampling kernel is smaller than its rate")
    if prod(rates) * FRAMES_PER_SECOND != items[17]:
        raise bad_config("upsample_rates do not multiply to 10 ms at the sampling rate")
