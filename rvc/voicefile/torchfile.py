"""Read what torch.save wrote as plain data. Nothing named in the file is imported or called, and torch is not needed.

Both containers are read: the zip of torch 1.6 and later (2.13's extra entries included) and the stream before it.
"""

from pathlib import Path
from typing import Any

from rvc.errors import VoiceFileError
from rvc.voicefile.container import STREAM_MAGIC, ZIP_MAGIC, map_file, read_stream, read_zip
from rvc.voicefile.limits import TRUSTED, UPLOAD, ReaderLimits
from rvc.voicefile.pickles import Inert

FAIRSEQ_NAMES = frozenset(
    {
        "argparse.Namespace",
        "fairseq.",
        "omegaconf.",
        "hydra.",
        "typing.",
        "enum.",
        "collections.",
        "builtins.",
        "__builtin__.",
        "copyreg.",
        "copy_reg.",
        "pathlib.",
        "_codecs.encode",
        "numpy.",
    }
)
"""Classes a fairseq checkpoint speaks of around its weights. For files an operator installed, never for uploads."""

PAGE_MARKS = (b"<!doctype", b"<html", b"<?xml")


def read_torch_file(
    path: Path, *, inert: frozenset[str] = frozenset(), limits: ReaderLimits = UPLOAD
) -> dict[str, Any]:
    """The mapping a .pth or .pt file holds, as nested dicts, lists, tuples, scalars and numpy arrays.

    Tensors are read-only views of the mapped file; bfloat16 is widened to float32. Integer keys become "#1".
    inert: full names, or prefixes that end with a dot, of classes whose objects become `Inert` stand-ins.
    Raises VoiceFileError with the codes of the error table (empty_file, not_a_checkpoint, bad_container, ...).
    """
    data = map_file(path, longest=limits.file_bytes)
    head = data[:16]
    if head.startswith(ZIP_MAGIC):
        found = read_zip(path, data, inert, limits)
    elif head.startswith(STREAM_MAGIC):
        found = read_stream(data, inert, limits)
    else:
        raise VoiceFileError("not_a_checkpoint", f"This is not a voice file (.pth) but {describe_content(data[:512])}.")
    if type(found) is not dict:
        raise VoiceFileError("not_a_voice", "The file holds no mapping of names to values.")
    return found


def describe_content(head: bytes) -> str:
    """What a file that is no checkpoint seems to be, from its first bytes, in words that end a sentence."""
    start = head.lstrip().lower()
    if start.startswith(PAGE_MARKS):
        return "a web page: the download was not the file itself"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: fetch the file it points to"
    known = (
        (b"IxF", "a search index"),
        (b"IwF", "a search index"),
        (b"RIFF", "a recording"),
        (b"\x1f\x8b", "an archive"),
    )
    for mark, words in known:
        if head.startswith(mark):
            return words
    if head[257:262] == b"ustar":
        return "an archive"
    return "something else"


__all__ = ["FAIRSEQ_NAMES", "TRUSTED", "UPLOAD", "Inert", "ReaderLimits", "describe_content", "read_torch_file"]
