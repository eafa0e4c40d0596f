"""A stored voice as the files that other programs open, made piece by piece from the mapped arrays, without torch.

`pth_file`: the zip of torch.save in the classic layout of RVC WebUI, with the fields that Applio adds. Its table is a
pickle written here by hand for this one shape; `torch.load(weights_only=True)` and our own reader take it.
`index_file`: faiss's IndexIVFFlat, each vector under the number it was added with.
The same voice always gives the same bytes.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rvc.voicefile.index import ARRAY_LISTS, FLAT_QUANTIZER, IVF_FLAT, L2, NO_MAP, IndexData
from rvc.voicefile.onnx.model import Later, bytes_of, length_of
from rvc.voicefile.pickles import ORDERED_DICT, REBUILD_TENSOR
from rvc.voicefile.safetensors import with_metadata
from rvc.voicefile.speakers import FIELD
from rvc.voicefile.voice import VoiceFile, stored_metadata

Array = np.ndarray[Any, Any]
Data = bytes | Array | Later
PIECE = 1 << 20
ROOT = "archive"
ALIGNMENT = 64  # torch puts tensors at such places, so that they can be mapped
STORAGES = {"<f2": "torch.HalfStorage", "<f4": "torch.FloatStorage"}
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION_NEEDED, UTF8_NAMES, FIRST_DAY = 20, 0x800, 0x21  # 1 January 1980: no clock in the bytes
PADDING = b"FB"  # torch's mark for an extra field that only fills
FAISS_BLANK = 1 << 20  # two numbers that faiss writes and ignores


@dataclass(frozen=True)
class Export:
    """A file to be: how many bytes it has, and what gives them piece by piece."""

    size: int
    pieces: Callable[[], Iterator[bytes]]


def pth_file(voice: VoiceFile) -> Export:
    """The voice as torch.save would have written it."""
    tensors = dict(voice.tensors)
    entries: list[tuple[str, Data]] = [("data.pkl", _table(_facts(voice), tensors)), ("byteorder", b"little")]
    entries += [(f"data/{number}", array) for number, array in enumerate(tensors.values())]
    entries.append(("version", b"3\n"))
    return export_of(list(_zipped(entries)))


def stored_file(path: Path, voice: VoiceFile | None = None) -> Export:
    """A file of ours as it is; with the header of `voice` where that says more, such as names that came later."""
    size = path.stat().st_size
    if voice is None:
        return Export(size, lambda: _read(path))
    head, start = with_metadata(path, stored_metadata(voice.header))
    return Export(len(head) + size - start, lambda: chain([head], _read(path, start)))


def _read(path: Path, start: int = 0) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while piece := file.read(PIECE):
            yield piece


def index_file(data: IndexData) -> Export:
    """The index as faiss.write_index would have written it."""
    lists, count, width = len(data.centroids), len(data.vectors), data.width
    head: list[Data] = [
        IVF_FLAT + _faiss_header(width, count) + struct.pack("<QQ", lists, data.nprobe),
        FLAT_QUANTIZER[0] + _faiss_header(width, lists) + struct.pack("<Q", lists * width),
        data.centroids,
        struct.pack("<BQ", NO_MAP, 0) + ARRAY_LISTS + struct.pack("<QQ", lists, 4 * width),
        b"full" + struct.pack("<Q", lists) + np.diff(data.offsets).astype("<u8").tobytes(),
    ]
    return export_of([*head, *_lists(data)])


def _lists(data: IndexData) -> Iterator[Data]:
    for begin, end in pairwise(data.offsets.tolist()):
        yield data.vectors[begin:end]
        yield data.ids[begin:end]


def _faiss_header(width: int, count: int) -> bytes:
    return struct.pack("<iqqqBi", width, count, FAISS_BLANK, FAISS_BLANK, 1, L2)


def export_of(parts: list[Data]) -> Export:
    """A file of these parts, one after the other."""
    size = sum(length_of(part) for part in parts)
    return Export(size, lambda: (piece for part in parts for piece in _pieces(part)))


def _pieces(data: Data) -> Iterator[bytes]:
    """The bytes of an array as it lies in the file it is mapped from, a piece at a time."""
    if isinstance(data, bytes):
        yield data
        return
    flat = bytes_of(data)
    for begin in range(0, len(flat), PIECE):
        yield flat[begin : begin + PIECE].tobytes()


# the fields of a voice file


def _facts(voice: VoiceFile) -> dict[str, Any]:
    """What stands beside the weights. Fields that every classic file has are added where a voice came without them.

    Applio writes no `info`; None fills its place, because a reader would keep a text as a fact of the voice.
    """
    header = voice.header
    classic: dict[str, Any] = {"info": None, "sr": f"{header.sample_rate // 1000}k"}
    facts = {**header.metadata, **{name: value for name, value in classic.items() if name not in header.metadata}}
    facts |= {"f0": int(header.f0), "version": header.version, "vocoder": header.vocoder}
    if header.embedder is not None:
        facts["embedder_model"] = header.embedder
    if header.speaker_names:
        facts[FIELD] = header.speaker_names
    return {"config": header.to_json()["config"], **facts}


# the pickle


def _table(facts: Mapping[str, Any], tensors: Mapping[str, Array]) -> bytes:
    """Protocol 2: a mapping of `weight` to the tensors by name, and the facts."""
    weights = b"".join(
        _value(name) + _tensor(str(number), array) for number, (name, array) in enumerate(tensors.items())
    )
    others = b"".join(_value(name) + _value(value) for name, value in facts.items())
    weight = _value("weight") + _call(ORDERED_DICT, b")") + b"(" + weights + b"u"
    return b"\x80\x02}(" + weight + others + b"u."


def _tensor(key: str, array: Array) -> bytes:
    """A contiguous tensor over the whole of its own storage."""
    strides = [stride // array.itemsize for stride in array.strides]
    storage = _name(STORAGES[array.dtype.str]) + _value(key) + _value("cpu") + _value(array.size)
    whole = b"(" + _value("storage") + storage + b"tQ"
    shape = _tuple(array.shape) + _tuple(strides)
    return _call(REBUILD_TENSOR, b"(" + whole + _value(0) + shape + _value(False) + _call(ORDERED_DICT, b")") + b"t")


def _call(name: str, arguments: bytes) -> bytes:
    return _name(name) + arguments + b"R"


def _name(dotted: str) -> bytes:
    module, _, name = dotted.rpartition(".")
    return f"c{module}\n{name}\n".encode("ascii")


def _tuple(numbers: Any) -> bytes:
    return b"(" + b"".join(_value(int(number)) for number in numbers) + b"t"


def _value(value: Any) -> bytes:
    """A text, number, truth value, None, or a list or mapping of them."""
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode("utf-8")
        return b"X" + struct.pack("<I", len(text)) + text
    return _several(value)


def _several(value: Any) -> bytes:
    if isinstance(value, Mapping):
        return b"}(" + b"".join(_value(key) + _value(item) for key, item in value.items()) + b"u"
    return b"](" + b"".join(_value(item) for item in value) + b"e"


def _whole(value: int) -> bytes:
    if 0 <= value < 1 << 8:
        return b"K" + bytes([value])
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    number = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(number)]) + number


# the zip


def _zipped(entries: list[tuple[str, Data]]) -> Iterator[Data]:
    """The parts of a zip of these entries, uncompressed, each aligned."""
    position, directory = 0, b""
    for name, data in entries:
        header, row = _headers(f"{ROOT}/{name}".encode("ascii"), data, position)
        yield header
        yield data
        directory += row
        position += len(header) + length_of(data)
    yield directory
    yield END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), position, 0)


def _headers(name: bytes, data: Data, position: int) -> tuple[bytes, bytes]:
    """The header before an entry that starts at `position`, and its row of the directory."""
    length = length_of(data)
    filling = -(position + LOCAL.size + len(name) + 4) % ALIGNMENT
    extra = PADDING + struct.pack("<H", filling) + b"Z" * filling
    checksum = 0
    for piece in _pieces(data):
        checksum = zlib.crc32(piece, checksum)
    about = (UTF8_NAMES, 0, 0, FIRST_DAY, checksum, length, length, len(name))
    local = LOCAL.pack(b"PK\x03\x04", VERSION_NEEDED, *about, len(extra)) + name + extra
    row = CENTRAL.pack(b"PK\x01\x02", VERSION_NEEDED, VERSION_NEEDED, *about, 0, 0, 0, 0, 0, position) + name
    return local, row
