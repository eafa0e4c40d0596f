"""Checkpoints that try to run something: the only thing any of them does is to create a marker file beside itself."""

import io
import os
import pickle
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.pickling import PROTOCOL, call, integer, name, one_weight, text, tuple_of, write_zip
from tests.hostile.registry import maker, marker, zipped
from tests.rvc.voices import make_checkpoint, save


class Payload:
    """Pickles to a call of `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def touching(path: Path) -> Payload:
    return Payload(os.system, f"touch {marker(path)}")


def system_call(path: Path) -> bytes:
    return call("os", "system", text(f"touch {marker(path)}"))


@maker("exec_os_system.pth")
def exec_os_system(path: Path) -> None:
    save({**make_checkpoint(), "x": touching(path)}, path)


@maker("exec_eval.pth")
def exec_eval(path: Path) -> None:
    save({**make_checkpoint(), "x": Payload(eval, f"open({str(marker(path))!r}, 'w').close()")}, path)


@maker("exec_open.pth")
def exec_open(path: Path) -> None:
    save({**make_checkpoint(), "x": Payload(open, str(marker(path)), "w")}, path)


@maker("exec_legacy.pth")
def exec_legacy(path: Path) -> None:
    save({**make_checkpoint(), "x": touching(path)}, path, "stream")


@maker("exec_raw.pth")
def exec_raw(path: Path) -> None:
    path.write_bytes(pickle.dumps(touching(path), 2))


@maker("exec_stack_global.pth")
def exec_stack_global(path: Path) -> None:
    write_zip(path, pickle.dumps({"weight": touching(path)}, 4))


@maker("exec_inst_op.pth")
def exec_inst_op(path: Path) -> None:
    write_zip(path, f"(S'touch {marker(path)}'\nios\nsystem\n.".encode())


@maker("exec_popped.pth")
def exec_popped(path: Path) -> None:
    write_zip(path, PROTOCOL + system_call(path) + b"0" + one_weight(integer(1))[2:])


@maker("exec_resolve_name.pth")
def exec_resolve_name(path: Path) -> None:
    found = name("pkgutil", "resolve_name") + tuple_of(text("os:system")) + b"R"
    write_zip(path, PROTOCOL + found + tuple_of(text(f"touch {marker(path)}")) + b"R.")


@maker("exec_truncated.pth")
def exec_truncated(path: Path) -> None:
    write_zip(path, PROTOCOL + system_call(path) + b"X\xff\xff\xff\x7f")


zipped("exec_builtin_codec.pth", lambda: PROTOCOL + call("_codecs", "decode", text("x"), text("touch")) + b".")


@maker("exec_dup_entry.pth")
def exec_dup_entry(path: Path) -> None:
    """Readers disagree which of two data.pkl counts."""
    write_zip(path, one_weight(integer(1)))
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("archive/data.pkl", PROTOCOL + system_call(path) + b".")


def in_directory(path: Path, offset: int, change: Callable[[int], int]) -> None:
    """Change one byte of the first entry of the central directory."""
    data = bytearray(path.read_bytes())
    position = data.find(b"PK\x01\x02") + offset
    data[position] = change(data[position])
    path.write_bytes(data)


@maker("exec_flagbit.pth")
def exec_flagbit(path: Path) -> None:
    """Says it is encrypted; torch's reader does not look."""
    write_zip(path, PROTOCOL + system_call(path) + b".")
    in_directory(path, 8, lambda flags: flags | 1)


@maker("exec_badcrc.pth")
def exec_badcrc(path: Path) -> None:
    write_zip(path, PROTOCOL + system_call(path) + b".")
    in_directory(path, 16, lambda byte: byte ^ 0xFF)


@maker("exec_tar.pth")
def exec_tar(path: Path) -> None:
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for member, value in (("storages", 0), ("tensors", 0), ("pickle", touching(path))):
            data = pickle.dumps(value, 2)
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@maker("exec_tar_slip.pth")
def exec_tar_slip(path: Path) -> None:
    with tarfile.open(path, "w:") as archive:
        info = tarfile.TarInfo("storages")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(info)


@maker("torchscript.pth")
def torchscript(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("linear/data.pkl", b"\x80\x02c__torch__.torch.nn.modules.linear\nLinear\n.")
        archive.writestr("linear/code/__torch__/torch/nn/modules/linear.py", b"class Linear(Module): ...")
        archive.writestr("linear/constants.pkl", b"\x80\x02).")


@maker("other_zip.pth")
def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/archive_format", b"pt2")
        archive.writestr("archive/models/model.json", b"{}")
