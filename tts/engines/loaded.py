"""A network that is there when it is needed, each time as if it had never run. In a child only."""

from pathlib import Path

from rvc.errors import RVCError
from rvc.voicefile.onnx.session import Session, runtime

SEED = 1


class Loaded:
    """The network in a file; what it draws by chance begins with SEED whenever it is taken."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._threads = threads
        self._data = b""
        self._session: Session | None = None

    def load(self) -> None:
        """Have it there; what is wrong with it is told when it is taken."""
        if self._session is None:
            try:
                self._session = self._fresh()
            except RVCError:
                self._session = None

    def take(self) -> Session:
        """The network, for one text. Raises VoiceFileError, AssetError."""
        session, self._session = self._session or self._fresh(), None
        return session

    def _fresh(self) -> Session:
        self._data = self._data or self._path.read_bytes()
        runtime().set_seed(SEED)
        return Session(self._data, threads=self._threads, trial=True)  # optimising costs more than one text saves
