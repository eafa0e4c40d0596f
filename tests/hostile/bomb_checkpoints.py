"""Checkpoints that ask for memory or time, or are damaged on purpose. All are small files."""

import pickle
import struct
import zipfile
from pathlib import Path

from tests.hostile.pickling import (
    FLOATS,
    PROTOCOL,
    call,
    floats,
    integer,
    list_of,
    mapping,
    name,
    one_weight,
    storage,
    tensor,
    text,
    tuple_of,
    voice,
    write_zip,
)
from tests.hostile.registry import maker, zipped

COLLIDING = 2**61 - 1  # every multiple of it has the same hash in CPython

# Memory

zipped("bomb_bytearray.pth", lambda: PROTOCOL + call("builtins", "bytearray", integer(2**36)) + b".")
zipped("bomb_bytearray_3g.pth", lambda: PROTOCOL + call("builtins", "bytearray", integer(3 << 30)) + b".")
zipped("bomb_untyped_storage.pth", lambda: PROTOCOL + call("torch.storage", "UntypedStorage", integer(2**36)) + b".")
zipped("bomb_tensor_ctor.pth", lambda: PROTOCOL + call("torch", "FloatTensor", integer(2**34)) + b".")
zipped(
    "bomb_stride0.pth",
    lambda: one_weight(tensor(storage(FLOATS, "0", 1), (2**20, 2**20), (0, 0))),
    {"0": bytes(4)},
)
zipped("bomb_declared_numel.pth", lambda: one_weight(floats(2**34)), {"0": bytes(16)})
zipped("bomb_offset.pth", lambda: one_weight(tensor(storage(FLOATS, "0", 4), (4,), offset=2**40)), {"0": bytes(16)})
zipped("bomb_negative.pth", lambda: one_weight(tensor(storage(FLOATS, "0", 4), (-4,))), {"0": bytes(16)})
zipped("bomb_memo.pth", lambda: PROTOCOL + b"Nr\xff\xff\xff\x7f.")
zipped(
    "bomb_alias.pth",
    lambda: voice(mapping(*(text(f"w{number}") + floats(2**20) for number in range(4000)))),
    {"0": bytes(2**22)},
)


@maker("bomb_deflate_storage.pth")
def bomb_deflate_storage(path: Path) -> None:
    count = 256 << 20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("archive/data.pkl", one_weight(floats(count // 4)))
        archive.writestr("archive/byteorder", b"little")
        with archive.open("archive/data/0", "w", force_zip64=True) as entry:
            for _ in range(count >> 20):
                entry.write(bytes(1 << 20))
        archive.writestr("archive/version", b"3\n")


@maker("bomb_legacy_numel.pth")
def bomb_legacy_numel(path: Path) -> None:
    weight = tensor(storage(FLOATS, "0", 2**34, stream=True), (4,))
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    head = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, system)]
    tail = pickle.dumps(["0"], 2) + struct.pack("<q", 4) + bytes(16)
    path.write_bytes(b"".join(head) + PROTOCOL + mapping(text("weight"), weight) + b"." + tail)


# Time

zipped("cpu_nested.pth", lambda: PROTOCOL + b")" + b"\x85" * 2_000_000 + b".")
zipped("cpu_many_ops.pth", lambda: PROTOCOL + b"(" + b"N" * 10_000_000 + b"t.")
zipped("long_table.pth", lambda: PROTOCOL + b"(" + text("x" * 4000) * 2200 + b"t.")


@maker("cpu_hash_collide.pth")
def cpu_hash_collide(path: Path) -> None:
    items = (integer(COLLIDING * number) + b"N" for number in range(1, 60_001))
    write_zip(path, PROTOCOL + mapping(*items) + b".")


@maker("cpu_laughs.pth")
def cpu_laughs(path: Path) -> None:
    """60 lists, each holding the one before twice."""
    first = b"(]q\x00" + integer(1) + b"a"
    others = (bytes([0x5D, 0x71, n, 0x68, n - 1, 0x61, 0x68, n - 1, 0x61]) for n in range(1, 60))
    write_zip(path, PROTOCOL + first + b"".join(others) + b"t.")


@maker("many_entries.pth")
def many_entries(path: Path) -> None:
    write_zip(path, one_weight(integer(1)), {str(number): b"" for number in range(10_001)})


# Damage

zipped("missing_storage.pth", lambda: one_weight(floats(4, key="7")))
zipped("storage_traversal.pth", lambda: one_weight(floats(1, key="../../../etc/hostname")))
zipped("dup_key.pth", lambda: voice(mapping(text("a"), floats(4), text("a"), floats(4))), {"0": bytes(16)})


@maker("endian.pth")
def endian(path: Path) -> None:
    write_zip(path, one_weight(floats(4)), {"0": bytes(16)}, byteorder=b"big")


SHADOWED = call("collections", "OrderedDict") + mapping(text("items"), name("torch", "Size")) + b"b"
zipped("method_shadow.pth", lambda: PROTOCOL + mapping(text("weight"), SHADOWED) + b".")
SHADOWED_LIST = call("collections", "OrderedDict") + mapping(text("items"), list_of(integer(1))) + b"b"
zipped("method_shadow_plain.pth", lambda: PROTOCOL + mapping(text("weight"), SHADOWED_LIST) + b".")
zipped(
    "tensor_attr.pth",
    lambda: one_weight(
        call(
            "torch._tensor",
            "_rebuild_from_type_v2",
            name("torch._utils", "_rebuild_tensor_v2"),
            name("torch", "Tensor"),
            tuple_of(storage(FLOATS, "0", 4), integer(0), tuple_of(integer(4)), tuple_of(integer(1))),
            mapping(text("detach"), name("torch", "Size")),
        )
    ),
    {"0": bytes(16)},
)
