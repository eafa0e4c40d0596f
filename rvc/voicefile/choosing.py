"""Which files of a zip are the voice and its index: found by content, chosen by rule, and said why.

The voice is one that passes every check. Of several, the one that states the most epochs; where that does not decide,
the one whose name comes last, numbers counted as numbers. The index is one that passes every check for that voice and
has its width; of several, the one with the most vectors. These functions run in a throwaway child.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvc.errors import VoiceFileError
from rvc.voicefile.archive import EMPTY_ZIP, Archive, Entry, damaged, is_torch_file, torch_began
from rvc.voicefile.container import STREAM_MAGIC, ZIP_MAGIC
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.index import IndexReader
from rvc.voicefile.onnx.reader import looks_like_onnx
from rvc.voicefile.safetensors import MAX_HEADER, PREFIX, looks_like_safetensors
from rvc.voicefile.torchfile import describe_content
from rvc.voicefile.voice import read_voice

VOICE, INDEX, OTHER = "voice", "index", "other"
GIVEN = "Another index was given beside the zip."
EPOCHS = re.compile(r"\s*([0-9]{1,9})\s*(?:epochs?)?\s*", re.IGNORECASE)
INDEX_HEAD = re.compile(rb"I[wxHSP][A-Z]")  # faiss calls its kinds so
DIGITS = re.compile(r"([0-9]{1,18})")
MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"ID3", "a recording"),
    (b"\xff\xfb", "a recording"),
    (b"fLaC", "a recording"),
    (b"OggS", "a recording"),
    (b"%PDF", "a document"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"\x00\x05\x16\x07", "what macOS keeps beside a file"),
)
SHOWN_FILES = 5


@dataclass
class Candidate:
    """A file that may be wanted, and what a full check said of it."""

    entry: Entry
    kind: str
    rank: int = -1
    """Epochs that a voice states, or the vectors of an index; -1 where it states none."""
    width: int = 0
    why: str = ""
    error: VoiceFileError | None = None
    sha256: str = ""
    taken: bool = False

    @property
    def order(self) -> tuple[int, list[Any]]:
        return self.rank, natural(self.entry.name)

    def to_json(self) -> dict[str, Any]:
        facts = {"name": self.entry.name, "bytes": self.entry.size, "kind": self.kind}
        return {**facts, "taken": self.taken, "why": self.why, "sha256": self.sha256 if self.taken else ""}


class Chooser:
    """Checks the files of a zip one after the other in the one place where it may write."""

    def __init__(self, archive: Archive, place: Path) -> None:
        self.archive = archive
        self.place = place
        self.placed: Candidate | None = None
        self.found = [recognised(entry, archive.head(entry)) for entry in archive.entries]

    def of_kind(self, kind: str) -> list[Candidate]:
        return [candidate for candidate in self.found if candidate.kind == kind]

    def put(self, candidate: Candidate) -> None:
        """Have the bytes of this candidate in the place."""
        if self.placed is not candidate:
            candidate.sha256 = self.archive.copy(candidate.entry, self.place)
            self.placed = candidate

    def voice(self) -> Candidate:
        """The voice of the zip; raises when there is none, or says of each of the others why not."""
        for candidate in self.of_kind(VOICE):
            self.put(candidate)
            try:
                header = read_voice(self.place).header
                candidate.rank, candidate.width = epochs(header), header.feature_width
            except VoiceFileError as error:
                candidate.error, candidate.why = error, error.message
        good = [candidate for candidate in self.of_kind(VOICE) if candidate.error is None]
        if not good:
            raise self.no_voice()
        noun = "voice" if len(good) == len(self.of_kind(VOICE)) else "voice that can be used"
        return decide(good, noun, "states {} epochs", "states no epochs")

    def index(self, width: int) -> Candidate | None:
        """The index that fits a voice of this feature width."""
        for candidate in self.of_kind(INDEX):
            self.put(candidate)
            try:
                candidate.rank = vectors(self.place, width)
            except VoiceFileError as error:
                candidate.error, candidate.why = error, error.message
        good = [candidate for candidate in self.of_kind(INDEX) if candidate.error is None]
        return decide(good, "index that fits", "holds {} vectors", "holds no vectors") if good else None

    def no_voice(self) -> VoiceFileError:
        """The error of a zip without a voice, which names what is in it instead."""
        failed = self.of_kind(VOICE)
        hostile = [candidate for candidate in failed if candidate.error and candidate.error.code == "forbidden_content"]
        for candidate in hostile or (failed if len(failed) == 1 else []):
            if candidate.error is not None:
                return VoiceFileError(candidate.error.code, f"In the zip, {candidate.entry.name!r}: {candidate.why}")
        words = {VOICE: "a damaged or unusable voice", INDEX: "an index"}
        told = [f"{item.entry.name} ({words.get(item.kind) or _within(item.why)})" for item in self.found]
        more = f" and {len(told) - SHOWN_FILES} more" if len(told) > SHOWN_FILES else ""
        listed = f"found {', '.join(told[:SHOWN_FILES])}{more}" if told else "it is empty"
        return VoiceFileError("not_a_voice", f"The zip holds no voice: {listed}.")


def unpack(source: str, target: str, longest: int, index_given: bool) -> dict[str, Any] | None:
    """Look through the zip at `source`, and put the voice it holds into `target`. None: torch wrote it itself.

    longest: how many bytes the files in it may have together. Returns the report, `{"files": [...], "index": ...}`,
    where `index` is the number of the chosen index for `take`, or None. Raises VoiceFileError.
    """
    if is_torch_file(Path(source)):
        return None
    with Archive(Path(source), longest=longest) as archive:
        chooser = Chooser(archive, Path(target))
        voice = chooser.voice()
        index = None
        if index_given:
            for candidate in chooser.of_kind(INDEX):
                candidate.why = GIVEN
        else:
            index = chooser.index(voice.width)
        chooser.put(voice)
    number = None if index is None else index.entry.number
    return {"files": [candidate.to_json() for candidate in chooser.found], "index": number}


def take(source: str, target: str, number: int, longest: int) -> str:
    """Put one file of the zip into `target`. Returns its SHA-256."""
    with Archive(Path(source), longest=longest) as archive:
        entry = next(entry for entry in archive.entries if entry.number == number)
        return archive.copy(entry, Path(target))


def recognised(entry: Entry, head: bytes) -> Candidate:
    """What a file of the zip that starts with these bytes may be. Refuses a zip within the zip."""
    if head.startswith((ZIP_MAGIC, EMPTY_ZIP)) and not torch_began(head):
        raise damaged(f"{entry.name!r} is another zip; unpack that one first")
    if head.startswith((ZIP_MAGIC, STREAM_MAGIC)) or _is_safetensors(head) or looks_like_onnx(head):
        return Candidate(entry, VOICE)
    if INDEX_HEAD.match(head):
        return Candidate(entry, INDEX)
    words = next((words for mark, words in MARKS if head.startswith(mark)), "") or describe_content(head)
    if words == "something else" and _is_text(head):
        words = "a text" if head else "empty"
    return Candidate(entry, OTHER, why=f"It is {words}.")


def _is_safetensors(head: bytes) -> bool:
    return looks_like_safetensors(head) and PREFIX.unpack_from(head)[0] <= MAX_HEADER


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", "replace").rstrip("\ufffd")  # the last letter may be cut
    return "\ufffd" not in text and "".join(text.split()).isprintable()


def _within(sentence: str) -> str:
    """What a sentence of `recognised` says, to stand within another one."""
    return sentence.removeprefix("It is ").removesuffix(".").split(":")[0]


def decide(good: list[Candidate], noun: str, stated: str, silent: str) -> Candidate:
    """Take the best of the candidates that passed, and say of each why it was taken or not."""
    best = max(good, key=lambda candidate: candidate.order)
    others = [candidate for candidate in good if candidate is not best]
    by_rank = all(candidate.rank < best.rank for candidate in others)
    for candidate in others:
        words = silent if candidate.rank < 0 else f"{stated.format(f'{candidate.rank:,}')} only"
        candidate.why = f"It {words}." if candidate.rank < best.rank else "Its name comes earlier."
    best.taken = True
    if not others:
        best.why = f"it is the only {noun}"
    elif by_rank:
        best.why = f"it {stated.format(f'{best.rank:,}')}, the most"
    else:
        best.why = "its name comes last of those that are equally good"
    return best


def epochs(header: VoiceHeader) -> int:
    """The epochs a voice states, as RVC WebUI ("info") and Applio ("epoch") write them; -1 when it states none."""
    for name in ("epoch", "info"):
        match = EPOCHS.fullmatch(str(header.metadata.get(name, "")))
        if match:
            return int(match[1])
    return -1


def vectors(path: Path, width: int) -> int:
    """How many vectors an index holds, all of it checked."""
    with path.open("rb") as file:
        reader = IndexReader(file, width=width)
        reader.ids()
        for _ in reader.blocks():
            pass
        return reader.count


def natural(name: str) -> list[Any]:
    """A name for sorting: its numbers count as numbers."""
    return [int(part) if place % 2 else part.casefold() for place, part in enumerate(DIGITS.split(name))]
