"""Pickle streams and torch containers written by hand, instruction by instruction."""

import struct
import zipfile
from pathlib import Path

PROTOCOL = b"\x80\x02"
FALSE = b"\x89"
FLOATS = "FloatStorage"


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def tuple_of(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def list_of(*items: bytes) -> bytes:
    return b"](" + b"".join(items) + b"e"


def mapping(*items: bytes) -> bytes:
    """Keys and values in turn."""
    return b"}(" + b"".join(items) + b"u"


def call(module: str, function: str, *arguments: bytes) -> bytes:
    return name(module, function) + tuple_of(*arguments) + b"R"


def storage(kind: str, key: str, numel: int, *, stream: bool = False) -> bytes:
    view = (b"N",) if stream else ()
    return tuple_of(text("storage"), name("torch", kind), text(key), text("cpu"), integer(numel), *view) + b"Q"


def tensor(source: bytes, size: tuple[int, ...], stride: tuple[int, ...] | None = None, offset: int = 0) -> bytes:
    steps = (1,) * len(size) if stride is None else stride
    shape = tuple_of(*map(integer, size)), tuple_of(*map(integer, steps))
    hooks = call("collections", "OrderedDict")
    return call("torch._utils", "_rebuild_tensor_v2", source, integer(offset), *shape, FALSE, hooks)


def floats(count: int, key: str = "0") -> bytes:
    """A one-dimensional float32 tensor that fills its storage."""
    return tensor(storage(FLOATS, key, count), (count,))


def good_config() -> bytes:
    numbers = [integer(number) for number in (1025, 32, 192, 192, 768, 2, 6, 3, 0)]
    kernels = list_of(*map(integer, (3, 7, 11)))
    dilations = list_of(*[list_of(*map(integer, (1, 3, 5)))] * 3)
    rates, widths = list_of(*map(integer, (10, 10, 2, 2))), list_of(*map(integer, (16, 16, 4, 4)))
    last = integer(109), integer(256), integer(40000)
    return list_of(*numbers, text("1"), kernels, dilations, rates, integer(512), widths, *last)


def voice(weights: bytes) -> bytes:
    """A whole voice whose `weight` is the given mapping, so that only what is wrong in there is wrong."""
    facts = text("config"), good_config(), text("sr"), text("40k"), text("f0"), integer(1), text("version"), text("v2")
    return PROTOCOL + mapping(text("weight"), weights, *facts) + b"."


def one_weight(value: bytes) -> bytes:
    return voice(mapping(text("a"), value))


def write_zip(
    path: Path, pickle: bytes, storages: dict[str, bytes] | None = None, *, byteorder: bytes = b"little"
) -> None:
    """A zip as torch.save lays it out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/byteorder", byteorder)
        for key, data in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", b"3\n")
