"""Benign and hostile recordings, made in memory. `SAMPLES`: name to a function that returns the file's bytes."""

import io
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import soundfile

RATE = 16000
CANARY = 9
"""The port that files with addresses in them point to; a test puts its own listening port there."""

Maker = Callable[[], bytes]
SAMPLES: dict[str, Maker] = {}


def sample(name: str) -> Callable[[Maker], Maker]:
    def keep(maker: Maker) -> Maker:
        SAMPLES[name] = maker
        return maker

    return keep


def write_samples(folder: Path, *names: str) -> Path:
    """Write the named samples into `folder`; the path of the first."""
    for name in names:
        (folder / name).write_bytes(SAMPLES[name]())
    return folder / names[0]


def tone(seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encoded(kind: str, subtype: str | None = None, wave: np.ndarray | None = None, rate: int = RATE) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone() if wave is None else wave, rate, format=kind, subtype=subtype)
    return out.getvalue()


def wav(channels: int, rate: int, bits: int, data: bytes, *, declared: int | None = None, kind: int = 1) -> bytes:
    """A WAV file that declares what it is told to."""
    align = channels * bits // 8
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * align & 0xFFFFFFFF, align & 0xFFFF, bits)
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + layout
    return head + b"data" + struct.pack("<I", len(data) if declared is None else declared) + data


def muxed(container: str, codec: str, rate: int, **options: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as opened:
        stream = opened.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(1.0, rate)[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return out.getvalue()


# Good ones

for _name, _kind, _subtype in (
    ("ok.wav", "WAV", "PCM_16"),
    ("ok.flac", "FLAC", None),
    ("ok.ogg", "OGG", "VORBIS"),
    ("ok.mp3", "MP3", None),
    ("ok.aiff", "AIFF", None),
):
    SAMPLES[_name] = lambda kind=_kind, subtype=_subtype: encoded(kind, subtype)
SAMPLES["ok.m4a"] = lambda: muxed("ipod", "aac", 44100)
SAMPLES["ok.webm"] = lambda: muxed("webm", "libopus", 48000, live="1")
SAMPLES["ok.aac"] = lambda: muxed("adts", "aac", 44100)
SAMPLES["wav_silence.wav"] = lambda: encoded("WAV", "PCM_16", np.zeros(RATE, np.float32))
SAMPLES["wav_stereo_96k.wav"] = lambda: encoded("WAV", "PCM_24", np.stack([np.repeat(tone(), 6)] * 2, 1), 96000)
SAMPLES["polyglot_wav_html.wav"] = lambda: wav(1, RATE, 16, b"<script>alert(1)</script>" * 1280)

# Declarations that lie

SILENCE = b"\0" * 2 * RATE
SAMPLES["wav_datalen_4g.wav"] = lambda: wav(1, RATE, 16, SILENCE, declared=0xFFFFFFFF)
SAMPLES["wav_65535ch.wav"] = lambda: wav(65535, RATE, 16, SILENCE)
SAMPLES["wav_0ch.wav"] = lambda: wav(0, RATE, 16, SILENCE)
SAMPLES["wav_0hz.wav"] = lambda: wav(1, 0, 16, SILENCE)
SAMPLES["wav_4ghz.wav"] = lambda: wav(1, 0xFFFFFFFF, 16, SILENCE)
SAMPLES["wav_1hz.wav"] = lambda: wav(1, 1, 16, SILENCE)
SAMPLES["wav_empty.wav"] = lambda: wav(1, RATE, 16, b"")
SAMPLES["zero.wav"] = lambda: b""
SAMPLES["wav_header_only.wav"] = lambda: wav(1, RATE, 16, SILENCE)[:20]
SAMPLES["wav_10ms.wav"] = lambda: encoded("WAV", "PCM_16", tone(0.01))


def _floats(value: float) -> bytes:
    return wav(1, RATE, 32, np.full(RATE, value, "<f4").tobytes(), kind=3)


SAMPLES["wav_nan.wav"] = lambda: _floats(np.nan)
SAMPLES["wav_inf.wav"] = lambda: _floats(np.inf)
SAMPLES["wav_1e38.wav"] = lambda: _floats(3e38)

# Small files that hold hours


FLAC_BLOCK = 65535
FLAC_SAMPLES = 601 * 192_000


@sample("bomb_flac_601s_8ch.flac")
def flac_bomb(declared: int = FLAC_SAMPLES) -> bytes:
    """601 s x 8 channels x 192 kHz of silence, every frame eight constants: 3.4 GiB as float32."""
    layout = 192_000 << 44 | (8 - 1) << 41 | (16 - 1) << 36 | declared
    info = struct.pack(">HH6xQ16x", FLAC_BLOCK, FLAC_BLOCK, layout)
    frames = (_flac_frame(number) for number in range(FLAC_SAMPLES // FLAC_BLOCK + 1))
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info + b"".join(frames)


@sample("bomb_flac_no_length.flac")
def flac_bomb_without_length() -> bytes:
    """The same with a header that leaves the length open, so that only decoding can tell."""
    return flac_bomb(declared=0)


def _flac_frame(number: int) -> bytes:
    # block size in 16 bits at the end, 192 kHz, 8 channels, 16 bit, the number coded as a character is in UTF-8
    head = b"\xff\xf8\x73\x78" + chr(number).encode() + struct.pack(">H", FLAC_BLOCK - 1)
    head += bytes([_crc(head, 0x07, 8)])
    frame = head + b"\0\0\0" * 8
    return frame + struct.pack(">H", _crc(frame, 0x8005, 16))


OPUS_PACKET = bytes([3 << 3 | 3, 2])
"""Two empty SILK frames of 60 ms: 120 ms of silence in two bytes."""
OPUS_PACKET_SAMPLES = 5760
HOURS_3 = 3 * 3600 * 48000


@sample("bomb_opus_3h.ogg")
def opus_bomb() -> bytes:
    """Three hours of silence in half a megabyte: 2 GiB as float32 at 48 kHz."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)
    pages = [_page(0, 2, 0, [head]), _page(1, 0, 0, [tags])]
    packets = HOURS_3 // OPUS_PACKET_SAMPLES
    for number, start in enumerate(range(0, packets, 255), 2):
        count = min(255, packets - start)
        last = start + count == packets
        position = (start + count) * OPUS_PACKET_SAMPLES
        pages.append(_page(number, 4 if last else 0, position, [OPUS_PACKET] * count))
    return b"".join(pages)


@sample("bomb_opus_3h.webm")
def webm_bomb() -> bytes:
    """The same three hours as a browser's recording, which states no length."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm", options={"live": "1"}) as opened:
        stream = opened.add_stream("libopus", rate=48000, layout="mono")
        for number in range(HOURS_3 // OPUS_PACKET_SAMPLES):
            packet = av.Packet(OPUS_PACKET)
            packet.stream, packet.time_base = stream, Fraction(1, 48000)
            packet.pts = packet.dts = number * OPUS_PACKET_SAMPLES
            opened.mux(packet)
    return out.getvalue()


def _page(number: int, flags: int, position: int, packets: list[bytes]) -> bytes:
    """One Ogg page with its checksum; packets shorter than 255 bytes."""
    body = b"".join(packets)
    sizes = bytes(len(packet) for packet in packets)
    head = b"OggS" + struct.pack("<BBqII", 0, flags, position, 1, number)
    rest = bytes([len(packets)]) + sizes + body
    return head + struct.pack("<I", _crc(head + b"\0\0\0\0" + rest, 0x04C11DB7, 32)) + rest


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    table = _crc_table(polynomial, bits)
    crc, mask, shift = 0, (1 << bits) - 1, bits - 8
    for byte in data:
        crc = (crc << 8 & mask) ^ table[crc >> shift ^ byte]
    return crc


@cache
def _crc_table(polynomial: int, bits: int) -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << bits - 8
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> bits - 1 else 0)
            crc &= (1 << bits) - 1
        table.append(crc)
    return table


# Not what the name says

SAMPLES["html.wav"] = lambda: b"<!doctype html><script>alert(1)</script>" * 20
SAMPLES["svg.mp3"] = lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
SAMPLES["zip.wav"] = lambda: b"PK\x03\x04" + b"\0" * 100
SAMPLES["elf.mp3"] = lambda: b"\x7fELF" + b"\0" * 500

# Files that lead a general demuxer elsewhere


def _url() -> bytes:
    return b"http://127.0.0.1:%d/a" % CANARY


SAMPLES["concat.wav"] = lambda: b"ffconcat version 1.0\nfile '/etc/hostname'\n"
SAMPLES["concat_url.wav"] = lambda: b"ffconcat version 1.0\nfile '" + _url() + b"'\n"
SAMPLES["concat_neighbour.wav"] = lambda: b"ffconcat version 1.0\nfile 'ok.wav'\n"
SAMPLES["hls.mp3"] = lambda: (
    b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXTINF:10,\n" + _url() + b"\n#EXT-X-ENDLIST\n"
)
SAMPLES["hls_neighbour.m3u8"] = lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nok.mp3\n#EXT-X-ENDLIST\n"
SAMPLES["dash.mp4"] = lambda: (
    b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' profiles='x' type='static'><Period>"
    b"<AdaptationSet mimeType='audio/mp4'><Representation id='1' bandwidth='1'><BaseURL>"
    + _url()
    + b"</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
SAMPLES["sdp.wav"] = lambda: (
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio %d RTP/AVP 0\n" % CANARY
)

# Broken ones

SAMPLES["id3_256m.mp3"] = lambda: b"ID3\x04\0\0" + b"\x7f" * 4 + encoded("MP3")


@sample("flac_metadata_16m.flac")
def flac_metadata() -> bytes:
    body = encoded("FLAC")
    return body[:4] + b"\x04\xff\xff\xff" + body[4:]


for _part in (2, 3):
    SAMPLES[f"trunc_{_part}.flac"] = lambda part=_part: encoded("FLAC")[: 7400 // part]
    SAMPLES[f"trunc_{_part}.ogg"] = lambda part=_part: encoded("OGG", "VORBIS")[: 2000 // part]


def mutants(body: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies with a few bytes changed, a piece cut out, repeated, or the end missing; always the same ones."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        mutant = bytearray(body)
        for _ in range(int(rng.integers(1, 9))):
            # two of three changes fall on the header, where the decisions are
            limit = len(mutant) if rng.random() < 0.33 else min(len(mutant), 512)
            mutant[int(rng.integers(0, limit))] = int(rng.choice([0, 0xFF, 0x7F, 0x80, rng.integers(0, 256)]))
        start, end = sorted(int(at) for at in rng.integers(0, len(mutant), 2))
        match int(rng.integers(0, 6)):
            case 0:
                del mutant[start:]
            case 1:
                del mutant[start:end]
            case 2:
                mutant[start:start] = mutant[start:end]
        yield bytes(mutant)
