"""Zips that nobody means well with. Each holds a good voice too, so that only the trick can be the reason."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

MAKERS: dict[str, Callable[[bytes], bytes]] = {}
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def maker(name: str) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    """Register a function that makes the zip called `name` around a good voice."""

    def register(function: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        MAKERS[name] = function
        return function

    return register


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def write(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path.write_bytes(zipped(*entries, method=method))
    return path


def with_name(name: str) -> Callable[[bytes], bytes]:
    return lambda voice: zipped((name, voice))


for place in ("../voice.pth", "a/../../voice.pth", "/voice.pth", "C:/voice.pth", "a\\voice.pth", "..\\voice.pth"):
    MAKERS[f"name {place}"] = with_name(place)


@maker("symlink")
def symlink(voice: bytes) -> bytes:
    link = zipfile.ZipInfo("link.pth")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped(("voice.pth", voice), (link, b"/etc/passwd"))


@maker("device")
def device(voice: bytes) -> bytes:
    special = zipfile.ZipInfo("device.pth")
    special.create_system, special.external_attr = 3, (stat.S_IFCHR | 0o666) << 16
    return zipped(("voice.pth", voice), (special, b""))


@maker("nested")
def nested(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice), ("more.zip", zipped(("other.pth", voice))))


@maker("nested and renamed")
def nested_renamed(voice: bytes) -> bytes:
    return zipped(("more.pth", zipped(("voice.pth", voice))))


@maker("nested and empty")
def nested_empty(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice), ("more.pth", zipped()))


@maker("encrypted")
def encrypted(voice: bytes) -> bytes:
    data = bytearray(zipped(("voice.pth", voice)))
    data[6] |= 1
    data[data.rindex(CENTRAL) + 8] |= 1
    return bytes(data)


@maker("ratio 1000")
def ratio(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice), ("zeros.index", bytes(32 << 20)))


@maker("many small bombs")
def small_bombs(voice: bytes) -> bytes:
    return zipped(*((f"{number}.index", bytes(1 << 20)) for number in range(60)))


@maker("bzip2")
def bzip2(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice), method=zipfile.ZIP_BZIP2)


@maker("65 files")
def too_many(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice), *((f"{number}.txt", b"a") for number in range(64)))


def overlapping(voice: bytes, count: int) -> bytes:
    """`count` names for the same bytes."""
    data = zipped(("000000.pth", voice))
    start, end = data.rindex(CENTRAL), data.rindex(END)
    entry = data[start:end]
    table = b"".join(entry.replace(b"000000", f"{number:06}".encode()) for number in range(count))
    tail = struct.pack("<4sHHHHIIH", END, 0, 0, count, count, len(table), start, 0)
    return data[:start] + table + tail


MAKERS["1000 overlapping"] = lambda voice: overlapping(voice, 1000)
MAKERS["2 overlapping"] = lambda voice: overlapping(voice, 2)


@maker("cut")
def cut(voice: bytes) -> bytes:
    return zipped(("voice.pth", voice))[:-30]


@maker("says less than it holds")
def lying_size(voice: bytes) -> bytes:
    data = bytearray(zipped(("voice.pth", voice)))
    place = data.rindex(CENTRAL) + 24
    data[place : place + 4] = struct.pack("<I", len(voice) - 100)
    return bytes(data)


@maker("says more than it holds")
def lying_more(voice: bytes) -> bytes:
    data = bytearray(zipped(("voice.pth", voice)))
    place = data.rindex(CENTRAL) + 24
    data[place : place + 4] = struct.pack("<I", len(voice) + 100)
    return bytes(data)


@maker("wrong checksum")
def wrong_checksum(voice: bytes) -> bytes:
    data = bytearray(zipped(("voice.pth", voice), method=zipfile.ZIP_STORED))
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


@maker("two names for one file")
def two_names(voice: bytes) -> bytes:
    data = zipped(("voice.pth", voice))
    return data.replace(b"voice.pth", b"other.pth", 1)
