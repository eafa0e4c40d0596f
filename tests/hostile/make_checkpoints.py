"""Hostile checkpoints, each with one fault: `make(name, folder)` writes one, `MAKERS` has them all."""

from collections.abc import Callable
from pathlib import Path

import torch

from tests.hostile import bomb_checkpoints, code_checkpoints
from tests.hostile.registry import MAKERS, make, maker, marker
from tests.rvc.voices import make_checkpoint, save, voice_bytes

__all__ = ["MAKERS", "bomb_checkpoints", "code_checkpoints", "make", "marker"]


@maker("values_nan.pth")
def values_nan(path: Path) -> None:
    content = make_checkpoint()
    content["weight"]["emb_g.weight"][:] = float("nan")
    save(content, path)


@maker("config_huge.pth")
def config_huge(path: Path) -> None:
    content = make_checkpoint()
    content["config"][2] = 2**31 - 1
    save(content, path)


@maker("config_types.pth")
def config_types(path: Path) -> None:
    save({**make_checkpoint(), "config": {"a": 1}, "sr": ["40k"]}, path)


@maker("wrong_shape.pth")
def wrong_shape(path: Path) -> None:
    save({"model": {"a": torch.zeros(4)}, "optimizer": None}, path)


@maker("html.pth")
def html(path: Path) -> None:
    path.write_bytes(b"<!doctype html><title>Sign in</title>" * 50)


@maker("lfs_pointer.pth")
def lfs_pointer(path: Path) -> None:
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 55026095\n")


def cut(length: int | float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        data = voice_bytes()
        path.write_bytes(data[: int(length * len(data)) if isinstance(length, float) else length])

    return write


for length in (0, 1, 4, 30, 0.5, -1):
    MAKERS[f"trunc_{length}.pth"] = cut(length)
