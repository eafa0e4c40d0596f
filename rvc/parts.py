"""Loaded networks and indexes, kept between conversions within a memory budget; least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, cast

import torch

from rvc.assets import AssetStore
from rvc.content import ContentEncoder, load_encoder
from rvc.device import release_memory
from rvc.network.onnxvoice import OnnxVoice
from rvc.network.synthesizer import Synthesizer
from rvc.pitch import F0Estimator, load_estimator
from rvc.retrieval import Retrieval
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.index import open_stored_index
from rvc.voicefile.voice import open_stored_voice


class Part(Protocol):
    """Anything that knows the memory it takes, in bytes."""

    @property
    def nbytes(self) -> int: ...


P = TypeVar("P", bound=Part)


class Parts:
    """A cache of loaded parts. Not for use from several threads at once."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._parts: OrderedDict[Hashable, Part] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], P]) -> P:
        """The part under `key`, loaded if it is not here; older ones leave until the budget, in bytes, holds."""
        if key not in self._parts:
            self._parts[key] = load()
            self._shrink(key)
            release_memory()
        self._parts.move_to_end(key)
        return cast(P, self._parts[key])

    @property
    def nbytes(self) -> int:
        """Memory of everything kept, in bytes."""
        return sum(part.nbytes for part in self._parts.values())

    def _shrink(self, newest: Hashable) -> None:
        for key in list(self._parts):
            if self.nbytes <= self.budget:
                return
            if key != newest:
                del self._parts[key]


class Loader:
    """Loads what conversions need, once."""

    def __init__(self, assets: AssetStore, device: torch.device, threads: int, budget: int) -> None:
        self.assets = assets
        self.device = device
        self.threads = threads
        self.parts = Parts(budget)

    def voice(self, path: Path) -> "LoadedVoice":
        """The voice in a stored file."""
        return self.parts.get(_key("voice", path), lambda: LoadedVoice.load(path, self.device, self.threads))

    def index(self, path: Path) -> Retrieval:
        """The index in a stored file, mapped."""
        return self.parts.get(_key("index", path), lambda: Retrieval(open_stored_index(path)))

    def encoder(self, name: str) -> ContentEncoder:
        """A content encoder by name."""
        folder = self.assets.path(name)
        return self.parts.get(("content", self.identity(name)), lambda: load_encoder(name, folder, self.device))

    def estimator(self, method: str) -> F0Estimator:
        """An F0 estimator by method."""
        return self.parts.get(
            ("f0", self.identity(method)), lambda: load_estimator(method, self.assets, self.device, self.threads)
        )

    def identity(self, name: str) -> str:
        """The name with the size and age of its files: another one when they were replaced."""
        if not self.assets.installed(name):
            return name
        path = self.assets.path(name)
        files = sorted([path] if path.is_file() else [file for file in path.iterdir() if file.suffix != ".json"])
        return f"{name} {[(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]}"


@dataclass
class LoadedVoice:
    """A network with the facts of its file."""

    header: VoiceHeader
    network: Synthesizer | OnnxVoice
    nbytes: int

    @classmethod
    def load(cls, path: Path, device: torch.device, threads: int) -> "LoadedVoice":
        """Read a stored voice onto the device."""
        file = open_stored_voice(path)
        if file.header.graph is not None:
            graph = OnnxVoice(file, device, threads)
            return cls(file.header, graph, graph.nbytes)
        network = Synthesizer.load(file, device)
        return cls(file.header, network, sum(p.nbytes for p in network.parameters()))


def _key(kind: str, path: Path) -> tuple[str, str, int]:
    return kind, str(path), path.stat().st_mtime_ns
