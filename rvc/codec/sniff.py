"""Which decoder a file gets, by its first bytes. Names and media types are the uploader's words and are not asked."""

from pathlib import Path

from rvc.codec.limits import not_audio

SNDFILE, FFMPEG = "rvc.codec.sndfile:read", "rvc.codec.ffmpeg:read"
W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
WRONG_KINDS = (
    (b"PK\x03\x04", "it is a zip archive"),
    (b"\x7fELF", "it is a program"),
    (b"MZ", "it is a program"),
    (b"%PDF", "it is a PDF"),
    (b"#EXTM3U", "it is a playlist"),
    (b"ffconcat", "it is a playlist"),
    (b"version https://git-lfs", "it is a Git LFS pointer, the recording itself was not downloaded"),
    (b"<", "it is a web page or another text"),
)
"""Starts that people upload by mistake, with the words to tell them."""


Reader = tuple[str, dict[str, str]]
"""A child function and what it needs besides the file."""


def readers_of(path: Path) -> list[Reader]:
    """The readers for the file at `path`, each for when the one before finds it damaged. AudioError: `not_audio`."""
    with path.open("rb") as handle:
        beginning = handle.read(4096)
    head = beginning[:64]
    if head[:4] == b"OggS":
        # libsndfile refuses Ogg Opus whose time stamps are odd; FFmpeg plays it
        return [(SNDFILE, {}), (FFMPEG, {"container": "ogg"})]
    if _is_unfinished_wav(beginning):
        return [(FFMPEG, {"container": "wav"})]
    if _is_sndfile(head):
        return [(SNDFILE, {})]
    if container := _ffmpeg_container(head):
        return [(FFMPEG, {"container": container})]
    for start, why in WRONG_KINDS:
        if head.lstrip().startswith(start):
            raise not_audio(why)
    raise not_audio("its first bytes are those of no kind of recording we know")


def _is_unfinished_wav(head: bytes) -> bool:
    """Whether a WAV states that it holds nothing, and sound follows: its recorder never came back to fill that in.

    libsndfile believes it; FFmpeg reads on to the end. What begins like another chunk is none.
    """
    at = 12 if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else len(head)
    while at + 12 <= len(head):
        length = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"data":
            return length == 0 and not head[at + 8 : at + 12].strip().isalnum()
        at += 8 + length + length % 2
    return False


def _is_sndfile(head: bytes) -> bool:
    if head[:4] in {b"RIFF", b"RIFX", b"RF64"}:
        return head[8:12] == b"WAVE"
    if head[:4] == b"FORM":
        return head[8:12] in {b"AIFF", b"AIFC"}
    return head[:4] in {b"fLaC", b"caff", b".snd"} or head[:16] == W64_RIFF or head[:3] == b"ID3" or _is_mpeg(head)


def _is_mpeg(head: bytes) -> bool:
    """An MPEG audio frame: eleven set bits, then a layer; layer bits 00 are raw AAC."""
    return len(head) >= 4 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def _ffmpeg_container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if len(head) >= 7 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    return None
