"""What the tests of the applications are made of: the smallest voice in the real file format, and short sounds."""

import io
import math
import shutil
import tempfile
import wave
from array import array
from dataclasses import replace
from pathlib import Path

import torch
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from models_app.ingest import CheckedVoice

GOLDEN = Path(__file__).parent / "golden"
WHISPER_WIDTH = 512


def write_tiny_voice(path: Path) -> None:
    """A v2 voice with pitch at tiny width whose encoder is the one that comes with the code."""
    content = torch.load(GOLDEN / "tiny_v2_40k_f0.pth", weights_only=True)
    hidden = content["weight"]["enc_p.emb_phone.weight"].shape[0]
    generator = torch.Generator().manual_seed(3)
    content["weight"]["enc_p.emb_phone.weight"] = torch.randn(hidden, WHISPER_WIDTH, generator=generator) * 0.05
    content["embedder_model"] = "whisper-base"
    torch.save(content, path)


def write_bomb(path: Path, marker: Path) -> None:
    """A file that torch.save could have written, whose pickle makes `marker` when somebody unpickles it."""

    class Payload:
        def __reduce__(self):
            return Path.touch, (marker,)

    torch.save({"weight": {}, "config": [], "extra": Payload()}, path)


def write_index(path: Path, *, width: int, count: int = 64) -> None:
    """An IVF-Flat index as faiss writes it."""
    import faiss
    import numpy as np

    vectors = np.random.default_rng(5).standard_normal((count, width)).astype("float32")
    index = faiss.index_factory(width, "IVF2,Flat")
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(path))


def copy_of(checked: CheckedVoice) -> CheckedVoice:
    """A checked voice that may be stored once more: storing empties its quarantine."""
    folder = tempfile.TemporaryDirectory(dir=settings.VAR_DIR)
    shutil.copytree(checked.folder.name, folder.name, dirs_exist_ok=True)
    return replace(checked, folder=folder)


def tone(seconds: float = 1.0, *, level: float = 0.3, rate: int = 16000) -> bytes:
    """A WAV file: a tone with a slow swell, so that something voiced is in it. Level 0 is silence."""
    count = round(seconds * rate)
    swell = (0.6 + 0.4 * math.sin(9 * n / rate) for n in range(count))
    samples = array("h", (int(32767 * level * s * math.sin(880 * n / rate)) for n, s in enumerate(swell)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def upload(content: bytes | Path, name: str = "tone.wav") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content if isinstance(content, bytes) else content.read_bytes())


def files_left() -> set[str]:
    """Everything that lies in the folders where files of people are kept or checked."""
    folders = [settings.VAR_DIR / name for name in ("files", "quarantine", "uploads", "work")]
    paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(settings.VAR_DIR)) for path in paths}
