"""Pictures as people send them, and as they should not."""

import io
import struct
import zlib

from PIL import Image


def picture(kind="PNG", size=(640, 400), **how) -> bytes:
    image = Image.new("RGB", size, (12, 99, 83))
    image.paste((194, 65, 12), (size[0] // 3, 0, 2 * size[0] // 3, size[1]))
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def with_position() -> bytes:
    """A photograph that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "CANARY garden"
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif)


def bomb(width=60_000, height=60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
