"""The wire format of protocol buffers, for the few messages that ONNX is made of. Read as hostile data, and written.

Format: https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from rvc.errors import VoiceFileError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10
WORD = 1 << 64
MAX_FIELDS = 2_000_000
"""Fields of one message, its packed and repeated numbers included: a voice has thousands."""


class Field(NamedTuple):
    """One field of a message: its number, its kind, and its value, which for BYTES is a view of the file."""

    number: int
    kind: int
    value: int | memoryview

    @property
    def whole(self) -> int:
        """The value as a signed 64-bit number."""
        if self.kind != VARINT or not isinstance(self.value, int):
            raise broken("a field of another type than ONNX has there")
        return self.value - WORD if self.value >> 63 else self.value

    @property
    def view(self) -> memoryview:
        """The bytes of a text, an array or a message."""
        if not isinstance(self.value, memoryview) or self.kind != BYTES:
            raise broken("a field of another type than ONNX has there")
        return self.value

    @property
    def real(self) -> float:
        """The value as a 32-bit float."""
        if self.kind != FIXED32 or not isinstance(self.value, memoryview):
            raise broken("a field of another type than ONNX has there")
        number: float = struct.unpack("<f", self.value)[0]
        return number


def broken(detail: str) -> VoiceFileError:
    return VoiceFileError("bad_container", f"The ONNX file is damaged: it has {detail}.")


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in the order of the file. Raises VoiceFileError: truncated, bad_container."""
    position, count = 0, 0
    while position < len(message):
        count += 1
        if count > MAX_FIELDS:
            raise VoiceFileError("too_complex", "The ONNX file has far more parts than a voice needs.")
        key, position = varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = varint(message, position)
            yield Field(number, kind, value)
            continue
        length, position = varint(message, position) if kind == BYTES else (FIXED.get(kind, -1), position)
        if length < 0 or number == 0:
            raise broken("a field of an unknown kind")
        if length > len(message) - position:
            raise VoiceFileError("truncated", "The ONNX file ends too early, or a part of it says it is longer.")
        yield Field(number, kind, message[position : position + length])
        position += length


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at `position`, in 0..2⁶⁴−1, and the position after it."""
    value = 0
    for place in range(LONGEST_VARINT):
        if position >= len(message):
            raise VoiceFileError("truncated", "The ONNX file ends in the middle of a number.")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if value >= WORD:
                raise broken("a number of more than 64 bits")
            return value, position
    raise broken("a number without an end")


def wholes(field: Field) -> Iterator[int]:
    """The signed numbers of a repeated field, packed or one by one."""
    if field.kind == VARINT:
        yield field.whole
        return
    position, message = 0, field.view
    while position < len(message):
        value, position = varint(message, position)
        yield value - WORD if value >> 63 else value


def reals(field: Field) -> list[float]:
    """The 32-bit floats of a repeated field, packed or one by one."""
    if field.kind == FIXED32:
        return [field.real]
    if len(field.view) % 4:
        raise broken("numbers that end in the middle")
    return [number for (number,) in struct.iter_unpack("<f", field.view)]


def text(field: Field, longest: int) -> str:
    """A text without control characters, of at most `longest` bytes."""
    if len(field.view) > longest:
        raise VoiceFileError("too_complex", "A name in the ONNX file is far longer than a voice needs.")
    try:
        found = bytes(field.view).decode("utf-8")
    except UnicodeDecodeError as error:
        raise broken("a name that is not text") from error
    if not found.isprintable():
        raise broken("a name that is not text")
    return found


# writing


def number(value: int) -> bytes:
    """A varint; negative numbers take ten bytes, as the format wants."""
    value %= WORD
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def whole(place: int, value: int) -> bytes:
    """A field with a number."""
    return number(place << 3 | VARINT) + number(value)


def real(place: int, value: float) -> bytes:
    """A field with a 32-bit float."""
    return number(place << 3 | FIXED32) + struct.pack("<f", value)


def head(place: int, length: int) -> bytes:
    """What stands before the `length` bytes of a text, an array or a message."""
    return number(place << 3 | BYTES) + number(length)


def part(place: int, data: bytes | str) -> bytes:
    """A field with bytes, a text, or a message that is written already."""
    data = data.encode("utf-8") if isinstance(data, str) else data
    return head(place, len(data)) + data
