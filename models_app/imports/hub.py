"""Repository pages of the model hub: which voices they hold, asked of its plain HTTPS interface.

`GET /api/models/OWNER/NAME/tree/REVISION?recursive=true` answers with a JSON list of files, each with `path`, `size`
and, where Git LFS keeps it, `lfs.oid`: the SHA-256 of its content. Further pages stand in the Link header.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from rvc.errors import VoiceFileError
from voiceproject.addresses import Address
from voiceproject.fetching import Visit, upstream

PAGE = re.compile(r"/(datasets/)?([\w.-]+/[\w.-]+)(?:/tree/([^/]+)((?:/[^/]+)*))?/?")
SHOWN = re.compile(r"(/(?:datasets/)?[\w.-]+/[\w.-]+)/blob/(.+)")
NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="?next"?')
VOICES = frozenset({".pth", ".safetensors", ".onnx", ".zip"})
TRAINING = re.compile(r"[GD]_\d+\.pth")
"""What training goes on from; no voice."""
EPOCHS = re.compile(r"[_-](?:\d+e_\d+s|e\d+(?:_s\d+)?|\d+e|best_epoch|v[12])+$", re.IGNORECASE)
SHA256 = re.compile(r"[0-9a-f]{64}")

LONGEST_PAGE = 4 << 20
PAGES = 20
MOST_VOICES = 200


@dataclass(frozen=True)
class Repository:
    """A page that shows a repository, or a folder of it."""

    base: str
    kind: str
    name: str
    revision: str
    folder: str

    @property
    def listing(self) -> str:
        kind = "datasets" if self.kind else "models"
        return f"{self.base}/api/{kind}/{self.name}/tree/{self.revision}{self.folder}?recursive=true"

    def address(self, path: str) -> str:
        return f"{self.base}/{self.kind}{self.name}/resolve/{self.revision}/{quote(path)}"


@dataclass(frozen=True)
class File:
    path: str
    size: int
    sha256: str

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)

    @property
    def title(self) -> str:
        """Its name without what training adds to it."""
        return EPOCHS.sub("", PurePosixPath(self.path).stem).casefold()


@dataclass(frozen=True)
class Candidate:
    """A voice in a repository, with the index that seems to be its own: what an import of it would be asked for."""

    path: str
    bytes: int
    url: str
    sha256: str
    index_path: str = ""
    index_url: str = ""
    index_sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def repository(address: Address) -> Repository | None:
    """The repository that an address of the hub shows; None for anything else, such as one file."""
    path, _, _ = address.target.partition("?")
    match = PAGE.fullmatch(path)
    if match is None:
        return None
    base = f"{address.scheme}://{address.authority}"
    return Repository(base, match[1] or "", match[2], match[3] or "main", match[4] or "")


def file_address(address: Address) -> str:
    """Where the bytes are that a page about one file shows."""
    path, mark, query = address.target.partition("?")
    match = SHOWN.fullmatch(path)
    target = f"{match[1]}/resolve/{match[2]}" if match else path
    return f"{address.scheme}://{address.authority}{target}{mark}{query}"


def candidates(visit: Visit, repository: Repository) -> list[Candidate]:
    """The voices of a repository; VoiceFileError when it has none."""
    files = list(_files(visit, repository))
    voices = [file for file in files if _may_be_voice(file)]
    if not voices:
        raise VoiceFileError("not_a_voice", "There is no .pth, .safetensors, .onnx or .zip file in this repository.")
    indexes = [file for file in files if file.path.lower().endswith(".index")]
    return [_candidate(repository, voice, index) for voice, index in islice(paired(voices, indexes), MOST_VOICES)]


def paired(voices: Sequence[File], indexes: Sequence[File]) -> Iterator[tuple[File, File | None]]:
    """Each voice with the index that seems to be its own. A repository may hold thousands of both."""
    titles: dict[str, set[str]] = defaultdict(set)
    near: dict[str, list[File]] = defaultdict(list)
    for voice in voices:
        titles[voice.folder].add(voice.title)
    for index in indexes:
        near[index.folder].append(index)
    for voice in voices:
        yield voice, _index_of(voice, near[voice.folder], alone=len(titles[voice.folder]) == 1)


def _may_be_voice(file: File) -> bool:
    path = PurePosixPath(file.path)
    return path.suffix.lower() in VOICES and not TRAINING.fullmatch(path.name)


def _candidate(repository: Repository, voice: File, index: File | None) -> Candidate:
    own = Candidate(voice.path, voice.size, repository.address(voice.path), voice.sha256)
    if index is None:
        return own
    return Candidate(own.path, own.bytes, own.url, own.sha256, index.path, repository.address(index.path), index.sha256)


def _index_of(voice: File, near: Sequence[File], *, alone: bool) -> File | None:
    """The index beside a voice that names it, else the one of a folder with one voice; the largest of several."""
    if voice.path.lower().endswith(".zip"):
        return None
    title = voice.title
    named = [index for index in near if title in index.path.casefold()]
    return max(named or (near if alone else []), key=lambda index: index.size, default=None)


def _files(visit: Visit, repository: Repository) -> Iterator[File]:
    url = repository.listing
    for _ in range(PAGES):
        with visit.get(url, {"Accept": "application/json"}) as reply:
            if reply.status in (401, 403, 404):
                raise upstream(f"there is no repository {unquote(repository.name)} that everyone may read")
            reply.expect(200)
            yield from _entries(reply.read_all(LONGEST_PAGE))
            following = NEXT.search(reply.header("Link"))
        if following is None:
            return
        url = following[1]
    raise upstream("the repository has too many files to list; give the address of the file itself")


def _entries(body: bytes) -> Iterator[File]:
    """The files of one page of the listing; what is said of them is a stranger's word and is looked at closely."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        raise upstream("its list of files cannot be read")
    for entry in entries:
        match entry:
            case {"type": "file", "path": str(path), "size": int(size)} if len(path) <= 400:
                lfs = entry.get("lfs")
                oid = str(lfs.get("oid", "")) if isinstance(lfs, dict) else ""
                yield File(path, max(0, size), oid if SHA256.fullmatch(oid) else "")
