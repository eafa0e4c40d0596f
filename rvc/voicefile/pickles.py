"""A pickle stream read as data: names become tokens, a handful of calls is interpreted here, nothing is imported.

Only what torch.save writes with protocol 2 is known. Everything else is refused with a stable code, so there is no
list of dangerous names to keep up to date.
"""

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rvc.errors import VoiceFileError
from rvc.voicefile.limits import ReaderLimits
from rvc.voicefile.storages import STORAGE_TYPES, Storage, Storages

ORDERED_DICT = "collections.OrderedDict"
REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2"
REBUILD_PARAMETER = "torch._utils._rebuild_parameter"
KNOWN = frozenset({ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, *STORAGE_TYPES})
PROTOCOL = 2
STOP = ord(".")
MAX_NAME, MAX_KEY = 512, 512


@dataclass(frozen=True)
class Token:
    """A name the stream speaks of; never looked up."""

    name: str


@dataclass(frozen=True)
class Inert:
    """Stands where an object of a foreign class would be; its state is dropped."""

    name: str


def same_text(found: Any, text: str) -> bool:
    """Whether a value of the stream is this text; == alone would ask an array, which has no single answer."""
    return type(found) is str and found == text


def malformed(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_container", f"The file is damaged: its table of contents has {detail}.")


def forbidden(detail: str) -> VoiceFileError:
    """The answer to a pickle that asks for anything but tensors, containers, numbers and texts."""
    return VoiceFileError(
        "forbidden_content", f"The file holds more than data ({detail}), so it was not opened; it may be hostile."
    )


class Machine:
    """Runs one pickle of `source` from `position`; afterwards `position` is the byte behind it."""

    def __init__(
        self,
        source: bytes | mmap.mmap,
        storages: Storages,
        *,
        inert: frozenset[str] = frozenset(),
        limits: ReaderLimits,
        position: int = 0,
    ) -> None:
        self.source = source
        self.storages = storages
        self.inert = frozenset(name for name in inert if not name.endswith("."))
        self.inert_prefixes = tuple(name for name in inert if name.endswith("."))
        self.limits = limits
        self.position = position
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The object the stream describes, made of plain dicts, lists, tuples, scalars, arrays, Token and Inert."""
        self.stack, self.marks, self.memo = [], [], {}
        for _ in range(self.limits.opcodes):
            code = self.take(1)[0]
            if code == STOP:
                return self.pop()
            handler = HANDLERS.get(code)
            if handler is None:
                raise forbidden(f"pickle instruction {code:#04x}")
            handler(self)
        raise VoiceFileError("too_complex", "The file's table of contents is far longer than a voice needs.")

    # bytes

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.source):
            raise malformed("no end")
        taken = self.source[self.position : end]
        self.position = end
        return taken

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        end = self.source.find(b"\n", self.position, self.position + MAX_NAME)
        if end < 0:
            raise malformed("a name without an end")
        text = self.source[self.position : end]
        self.position = end + 1
        if not text.isascii():
            raise malformed("a name that is not ASCII")
        return text.decode("ascii")

    # the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack:
            raise malformed("a value too few")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack:
            raise malformed("a value too few")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        if not self.marks:
            raise malformed("a mark too few")
        items, self.stack = self.stack, self.marks.pop()
        return items

    # instructions

    def protocol(self) -> None:
        if self.take(1)[0] != PROTOCOL:
            raise forbidden("a pickle protocol torch does not write")

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def text(self) -> None:
        length = self.number("<I")
        if length > self.limits.text_bytes:
            raise malformed("a text of unusual length")
        try:
            self.push(self.take(length).decode("utf-8"))
        except UnicodeDecodeError as error:
            raise malformed("a text that is not UTF-8") from error

    def long(self) -> None:
        self.push(int.from_bytes(self.take(self.take(1)[0]), "little", signed=True))

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise malformed("a value too few")
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.push(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.top()
        if len(items) % 2:
            raise malformed("a key without a value")
        if type(target) is Inert:
            return
        if type(target) is not dict:
            raise malformed("an item set on something else than a mapping")
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.set_item(target, key, value)

    def set_item(self, target: dict[str, Any], key: Any, value: Any) -> None:
        # Optimizer states have integer keys. As text they cannot be chosen to collide in the hash table.
        name = f"#{key}" if type(key) is int else key
        if type(name) is not str or len(name) > MAX_KEY:
            raise malformed("a key that is not text")
        if name in target:
            raise malformed(f"the key {name[:60]!r} twice")
        target[name] = value

    def set_pair(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def append(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is Inert:
            return
        if type(target) is not list:
            raise malformed("an item appended to something else than a list")
        target.extend(items)

    def store(self, slot: int) -> None:
        if slot > self.limits.opcodes:
            raise malformed("a memo slot out of range")
        self.memo[slot] = self.top()

    def recall(self, slot: int) -> None:
        if slot not in self.memo:
            raise malformed("a memo slot that is empty")
        self.push(self.memo[slot])

    def name(self) -> None:
        name = f"{self.line()}.{self.line()}"
        if name not in KNOWN and not self.is_inert(name):
            raise forbidden(f"it asks for {name[:60]!r}")
        self.push(Token(name))

    def is_inert(self, name: str) -> bool:
        return name in self.inert or name.startswith(self.inert_prefixes)

    def persistent(self) -> None:
        found = self.pop()
        if type(found) is not tuple or len(found) not in (5, 6) or not same_text(found[0], "storage"):
            raise malformed("an unknown persistent id")
        kind, key, _location, numel = found[1:5]
        if type(kind) is not Token or kind.name not in STORAGE_TYPES:
            raise malformed("tensor data of an unknown type")
        if len(found) == 6 and found[5] is not None:
            raise malformed("tensor data that is a view")
        self.push(self.storages.declare(kind.name, key, numel))

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        if type(function) is not Token or type(arguments) is not tuple:
            raise malformed("a call that is none")
        self.push(self.call(function.name, arguments))

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == ORDERED_DICT and not arguments:
            return {}
        if name == REBUILD_TENSOR and len(arguments) in (6, 7):
            return self.storages.tensor(*arguments[:4])
        if name == REBUILD_PARAMETER and len(arguments) == 3:
            return arguments[0]
        if self.is_inert(name):
            return Inert(name)
        raise forbidden(f"it calls {name[:60]!r}")

    def new_object(self) -> None:
        _arguments, kind = self.pop(), self.pop()
        if type(kind) is not Token or not self.is_inert(kind.name):
            raise forbidden("it makes an object of a foreign class")
        self.push(Inert(kind.name))

    def build(self) -> None:
        """Attribute state: dropped, never applied. A state dict may carry torch's `_metadata`, nothing else."""
        state, target = self.pop(), self.top()
        if type(target) is Inert:
            return
        if type(target) is not dict:
            raise malformed("attributes for something that has none")
        if type(state) is not dict or set(state) - {"_metadata"}:
            raise forbidden("it replaces attributes of a mapping")


HANDLERS: dict[int, Callable[[Machine], None]] = {
    0x80: Machine.protocol,
    ord("}"): lambda machine: machine.push({}),
    ord("]"): lambda machine: machine.push([]),
    ord(")"): lambda machine: machine.push(()),
    ord("N"): lambda machine: machine.push(None),
    0x88: lambda machine: machine.push(True),
    0x89: lambda machine: machine.push(False),
    ord("K"): lambda machine: machine.push(machine.take(1)[0]),
    ord("M"): lambda machine: machine.push(machine.number("<H")),
    ord("J"): lambda machine: machine.push(machine.number("<i")),
    ord("G"): lambda machine: machine.push(machine.number(">d")),
    0x8A: Machine.long,
    ord("X"): Machine.text,
    ord("("): Machine.mark,
    ord("t"): lambda machine: machine.push(tuple(machine.since_mark())),
    0x85: lambda machine: machine.tuple_of(1),
    0x86: lambda machine: machine.tuple_of(2),
    0x87: lambda machine: machine.tuple_of(3),
    ord("s"): Machine.set_pair,
    ord("u"): lambda machine: machine.set_items(machine.since_mark()),
    ord("a"): lambda machine: machine.append([machine.pop()]),
    ord("e"): lambda machine: machine.append(machine.since_mark()),
    ord("q"): lambda machine: machine.store(machine.take(1)[0]),
    ord("r"): lambda machine: machine.store(machine.number("<I")),
    ord("h"): lambda machine: machine.recall(machine.take(1)[0]),
    ord("j"): lambda machine: machine.recall(machine.number("<I")),
    ord("c"): Machine.name,
    ord("Q"): Machine.persistent,
    ord("R"): Machine.reduce,
    0x81: Machine.new_object,
    ord("b"): Machine.build,
}
"""The pickle instructions torch.save writes, and only those."""

__all__ = ["Inert", "Machine", "Storage", "Token", "forbidden", "malformed"]
