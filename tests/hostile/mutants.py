"""Damages good files in every way we can think of, and reads what comes out: `python -m tests.hostile.mutants`.

One process reads all mutants of one format, as the throwaway child of an upload would, within the same memory. It is
started by test_mutants.py and writes down which mutant it is at, so that one that ends the process is known by number.
"""

import gc
import io
import json
import pickletools
import random
import resource
import struct
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rvc.errors import RVCError
from rvc.voicefile import choosing, ingest
from tests.hostile.pickling import write_zip

MEMORY_BYTES = 1 << 30
LYING_NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**64 - 1)
OPCODES = bytes(ord(opcode.code) for opcode in pickletools.opcodes)
LONGEST_PIECE = 200


@dataclass
class Original:
    """A good file: its bytes, the stretches where damage matters most, and where its pickle instructions stand."""

    data: bytes
    hot: list[tuple[int, int]]
    opcodes: list[int]


class Damage:
    """One kind of damage after the other; the same chance gives the same mutants."""

    def __init__(self, original: Original, chance: random.Random) -> None:
        self.original = original
        self.chance = chance
        self.kinds = [self.flip, self.overwrite, self.lie, self.remove, self.insert, self.repeat, self.move, self.cut]
        self.kinds += [self.swap_opcode] * 4 if original.opcodes else []

    def mutant(self) -> bytes:
        copy = bytearray(self.original.data)
        for _ in range(self.chance.choice((1, 1, 1, 2, 4))):
            self.chance.choice(self.kinds)(copy)
        return bytes(copy)

    def place(self, copy: bytearray) -> int:
        start, stop = self.chance.choice(self.original.hot) if self.chance.random() < 0.7 else (0, len(copy))
        return min(self.chance.randrange(start, max(stop, start + 1)), max(len(copy) - 1, 0))

    def piece(self, copy: bytearray) -> bytes:
        start = self.place(copy)
        return bytes(copy[start : start + self.chance.randrange(1, LONGEST_PIECE)])

    def flip(self, copy: bytearray) -> None:
        if copy:
            copy[self.place(copy)] ^= 1 << self.chance.randrange(8)

    def overwrite(self, copy: bytearray) -> None:
        start, length = self.place(copy), self.chance.randrange(1, 40)
        filling = self.chance.choice((b"\0" * length, b"\xff" * length, self.chance.randbytes(length)))
        copy[start : start + length] = filling[: len(copy) - start]

    def lie(self, copy: bytearray) -> None:
        """A number of one to eight bytes is another than it was."""
        start = self.place(copy)
        layout = self.chance.choice(("<B", "<H", "<I", "<Q", ">I"))
        most = 2 ** (8 * struct.calcsize(layout)) - 1
        copy[start : start + struct.calcsize(layout)] = struct.pack(layout, self.chance.choice(LYING_NUMBERS) & most)

    def remove(self, copy: bytearray) -> None:
        start = self.place(copy)
        del copy[start : start + self.chance.randrange(1, LONGEST_PIECE)]

    def insert(self, copy: bytearray) -> None:
        start = self.place(copy)
        copy[start:start] = self.chance.randbytes(self.chance.randrange(1, 40))

    def repeat(self, copy: bytearray) -> None:
        start = self.place(copy)
        copy[start:start] = self.piece(copy)

    def move(self, copy: bytearray) -> None:
        """A piece lies over another place."""
        piece, start = self.piece(copy), self.place(copy)
        copy[start : start + len(piece)] = piece

    def cut(self, copy: bytearray) -> None:
        del copy[self.place(copy) :]

    def swap_opcode(self, copy: bytearray) -> None:
        places = [place for place in self.original.opcodes if place < len(copy)]
        if places:
            copy[self.chance.choice(places)] = self.chance.choice(OPCODES)


def pickles(data: bytes, start: int, count: int) -> tuple[int, list[int]]:
    """Where `count` pickles that lie one behind the other end, and where their instructions stand."""
    stream, places = io.BytesIO(data), []
    stream.seek(start)
    for _ in range(count):
        places += [place for _, _, place in pickletools.genops(stream) if place is not None]
    return stream.tell(), places


def whole(data: bytes, *, early: int, late: int = 0, opcodes: list[int] | None = None) -> Original:
    hot = [(0, min(early, len(data)))]
    return Original(data, hot + ([(max(0, len(data) - late), len(data))] if late else []), opcodes or [])


Writer = Callable[[Path], None]
"""Writes one mutant to a path."""


def plain(original: Original, chance: random.Random) -> Iterator[Writer]:
    damage = Damage(original, chance)
    while True:
        mutant = damage.mutant()
        yield lambda path, mutant=mutant: _write(path, mutant)


def _write(path: Path, mutant: bytes) -> None:
    path.write_bytes(mutant)


def torch_zips(data: bytes, chance: random.Random) -> Iterator[Writer]:
    """Of the container, and of the table of contents behind a right checksum."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    storages = {name.removeprefix("data/"): part for name, part in entries.items() if name.startswith("data/")}
    table = entries["data.pkl"]
    container = plain(whole(data, early=200, late=4000), chance)
    inner = Damage(whole(table, early=len(table), opcodes=pickles(table, 0, 1)[1]), chance)
    while True:
        yield next(container)
        mutant = inner.mutant()
        yield lambda path, mutant=mutant: write_zip(path, mutant, storages)


def streams(data: bytes, chance: random.Random) -> Iterator[Writer]:
    end, opcodes = pickles(data, 0, 5)
    return plain(whole(data, early=end + 100, opcodes=opcodes), chance)


def safetensors(data: bytes, chance: random.Random) -> Iterator[Writer]:
    return plain(whole(data, early=8 + int.from_bytes(data[:8], "little")), chance)


def indexes(data: bytes, chance: random.Random) -> Iterator[Writer]:
    return plain(Original(data, [(0, 120), (0, len(data))], []), chance)


def archives(data: bytes, chance: random.Random) -> Iterator[Writer]:
    """Of the archive, and of one file in it behind a right checksum."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = [(name, archive.read(name)) for name in archive.namelist()]
    container = plain(whole(data, early=200, late=400), chance)
    inner = [Damage(whole(part, early=3000, late=1000), chance) for _, part in entries]
    while True:
        yield next(container)
        wrong = chance.randrange(len(entries))
        contents = [inner[wrong].mutant() if number == wrong else part for number, (_, part) in enumerate(entries)]
        names = [name for name, _ in entries]
        yield lambda path, names=names, contents=contents: _pack(path, names, contents)


def _pack(path: Path, names: list[str], contents: list[bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in zip(names, contents, strict=True):
            archive.writestr(name, content)


def read_archive(source: str, target: str) -> object:
    report = choosing.unpack(source, target, longest=64 << 20, index_given=False)
    if report is None:  # torch's own zip by its names: the file itself is read, as ingest does
        return ingest.convert_voice(source, target)
    if report["index"] is not None:
        choosing.take(source, target, number=report["index"], longest=64 << 20)
    return report


def read_index(source: str, target: str) -> object:
    return ingest.convert_index(source, target, width=256)


FORMATS: dict[str, tuple[Callable[[bytes, random.Random], Iterator[Writer]], Callable[[str, str], object]]] = {
    "pth, zip": (torch_zips, ingest.convert_voice),
    "pth, stream": (streams, ingest.convert_voice),
    "safetensors": (safetensors, ingest.convert_voice),
    "index": (indexes, read_index),
    "zip": (archives, read_archive),
}


def run(kind: str, original: Path, count: int, seed: str) -> dict[str, object]:
    """Read `count` mutants; how often each code was the answer, what was no proper answer, and the slowest second."""
    make, read = FORMATS[kind]
    folder = original.parent
    source, target = folder / "source", folder / "target"
    answers: dict[str, int] = {}
    wrong: list[str] = []
    slowest = 0.0
    handles = open_handles()
    for number, write in zip(range(count), make(original.read_bytes(), random.Random(f"{kind} {seed}")), strict=False):
        write(source)
        (folder / "number").write_text(str(number))
        started = time.process_time()
        code = answer(lambda: read(str(source), str(target)), wrong, number)
        slowest = max(slowest, time.process_time() - started)
        answers[code] = answers.get(code, 0) + 1
        target.unlink(missing_ok=True)  # as the sandbox does after an error
        source.unlink()
    left = sorted(path.name for path in folder.iterdir() if path.name not in (original.name, "number"))
    handles = open_handles() - handles
    return {"answers": answers, "wrong": wrong[:5], "left": left, "handles": handles, "slowest": slowest}


def open_handles() -> int:
    gc.collect()  # an error that is kept refers to the frames it came through, and they to mapped files
    return len(list(Path("/proc/self/fd").iterdir()))


def answer(read: Callable[[], object], wrong: list[str], number: int) -> str:
    """`accepted`, or the code of the refusal; anything else is noted as wrong."""
    try:
        read()
    except RVCError as error:
        if not error.message.strip() or not error.message.isprintable():
            wrong.append(f"mutant {number}: {error.code} says {error.message!r}")
        return error.code
    except Exception:  # noqa: BLE001 - that is what is looked for
        wrong.append(f"mutant {number}: {traceback.format_exc()[-1500:]}")
        return "crash"
    return "accepted"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    json.dump(run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]), sys.stdout)
