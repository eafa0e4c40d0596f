"""How much a file may ask of its reader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReaderLimits:
    """Bounds on one torch file: UPLOAD (the defaults) for a stranger's, TRUSTED for those an operator installed."""

    file_bytes: int = 2 << 30
    pickle_bytes: int = 8 << 20
    opcodes: int = 400_000
    text_bytes: int = 1 << 20
    entries: int = 8192
    directory_bytes: int = 4 << 20
    strided: bool = False  # transposed tensors: only files we trust may hold them
    shared: bool = False  # tensors that share memory, so that together they exceed the file


UPLOAD = ReaderLimits()
TRUSTED = ReaderLimits(
    file_bytes=16 << 30,
    pickle_bytes=64 << 20,
    opcodes=4_000_000,
    text_bytes=8 << 20,
    entries=65_536,
    directory_bytes=32 << 20,
    strided=True,
    shared=True,
)
