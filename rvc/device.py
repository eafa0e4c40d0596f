"""Which device computes, and in what precision. The only file that asks about CUDA."""

import ctypes
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch.nn.modules.module import register_module_forward_hook

from rvc.errors import DeviceError

T = TypeVar("T")
R = TypeVar("R")


def choose_device(name: str = "auto") -> torch.device:
    """auto, cpu, cuda, cuda:N or mps as a device that is really there. Raises DeviceError otherwise."""
    _multiply_exactly()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name == "mps" and _has_mps():
        return torch.device("mps")
    match = re.fullmatch(r"cuda(?::(\d{1,2}))?", name)
    if match and int(match[1] or 0) < torch.cuda.device_count():
        return torch.device(name)
    if match or name == "mps":
        raise DeviceError("no_device", f"This machine has no device {name!r}; use auto or cpu.")
    raise DeviceError("no_device", f"{name[:20]!r} is not a device; use auto, cpu, cuda, cuda:N or mps.")


def describe(device: torch.device) -> str:
    """The device in words, for the record of a conversion."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device} ({torch.get_num_threads()} threads)"


def set_threads(count: int) -> int:
    """Let torch compute with `count` threads; 0 takes one for each core this process may use. Returns the count."""
    threads = count or _usable_cores()
    torch.set_num_threads(threads)
    return threads


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(function: Callable[[T], R], items: Sequence[T], device: torch.device) -> Iterator[R]:
    """`function` of every item, in order, on all threads that torch has on a CPU: one item to a thread.

    Whole items side by side need no barriers, which is a third cheaper than sharing each layer out. What `function`
    raises ends the iteration.
    """
    if device.type != "cpu":
        yield from map(function, items)
        return
    if len(items) == 1:
        with undivided():
            yield function(items[0])
        return

    def alone(item: T) -> R:
        with torch.inference_mode():  # which each thread says for itself
            return function(item)

    threads = min(torch.get_num_threads(), len(items))
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(alone, items)


@contextmanager
def undivided() -> Iterator[None]:
    """Let torch compute on this thread alone: small layers, shared out, would cost more in barriers than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def watched(tick: Callable[[], None]) -> Iterator[None]:
    """Call `tick` whenever a layer of any network has run; what it raises ends the computation there."""

    def layer_ran(*_: object) -> None:
        tick()

    hook = register_module_forward_hook(layer_ran)
    try:
        yield
    finally:
        hook.remove()


def doubles(device: torch.device) -> torch.device:
    """Where double precision is computed for this device: MPS, for one, has none, so the CPU does that part."""
    return device if device.type in ("cpu", "cuda") else torch.device("cpu")


def release_memory() -> None:
    """Give memory that loading or a conversion has freed back to the system, where the C library can (glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def decoder_dtype(device: torch.device, precision: str) -> torch.dtype:
    """float32, or bfloat16 for `fast` where the hardware multiplies it natively (elsewhere it would be slower)."""
    if precision == "fast":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
        if device.type == "cpu" and _cpu_multiplies_bfloat16():
            return torch.bfloat16
    return torch.float32


def _multiply_exactly() -> None:
    """Full float32 in CUDA's products: TF32, the default of its convolutions, would cost 1e-3 of every result."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def _cpu_multiplies_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
