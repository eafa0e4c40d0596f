"""Thousands of small damages to good files: whatever they do, the answer is a VoiceFileError or a voice."""

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from rvc.errors import VoiceFileError
from rvc.voicefile.index import open_stored_index, read_index
from rvc.voicefile.torchfile import FAIRSEQ_NAMES, TRUSTED, read_torch_file
from rvc.voicefile.voice import open_stored_voice, read_voice, write_voice
from tests.hostile import damage
from tests.hostile.pickling import write_zip
from tests.rvc.indexes import make_index
from tests.rvc.voices import SHALLOW, make_voice, voice_bytes

MUTANTS = 300


mutants = partial(damage.mutants, count=MUTANTS)


def survive(path: Path, copies: Iterator[bytes], read: Callable[[Path], object]) -> dict[str, int]:
    """Read every copy; the number of answers by their code."""
    answers: dict[str, int] = {}
    messages: list[str] = []
    for copy in copies:
        path.write_bytes(copy)
        try:
            read(path)
            code = "accepted"
        except VoiceFileError as error:
            code = error.code
            messages.append(error.message)
        answers[code] = answers.get(code, 0) + 1
    assert all(message.isprintable() for message in messages)
    return answers


@pytest.mark.parametrize("container", ["zip", "stream"])
def test_voices(tmp_path, container):
    data = make_voice(tmp_path / "good.pth", format=container, **SHALLOW).read_bytes()
    answers = survive(tmp_path / "a.pth", mutants(data, seed=1, early=20_000), read_voice)
    assert sum(answers.values()) == MUTANTS
    assert answers["bad_container"] > MUTANTS // 10


@pytest.mark.parametrize("seed", [2, 100])
@pytest.mark.parametrize("trusted", [False, True])
def test_tables_of_contents_behind_a_right_checksum(tmp_path, seed, trusted):
    archive = zipfile.ZipFile(io.BytesIO(voice_bytes(**SHALLOW)))
    entries = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    storages = {name.removeprefix("data/"): data for name, data in entries.items() if name.startswith("data/")}

    def read(path: Path) -> object:
        write_zip(path, path.read_bytes(), storages)
        return read_torch_file(path, inert=FAIRSEQ_NAMES, limits=TRUSTED) if trusted else read_voice(path)

    answers = survive(tmp_path / "a.pth", mutants(entries["data.pkl"], seed=seed, early=2000), read)
    assert len(answers) >= 4


def test_safetensors(tmp_path):
    write_voice(read_voice(make_voice(tmp_path / "good.pth", **SHALLOW)), tmp_path / "good.safetensors")
    data = (tmp_path / "good.safetensors").read_bytes()
    assert len(survive(tmp_path / "a", mutants(data, seed=4, early=10_000), read_voice)) >= 3
    assert "damaged" in survive(tmp_path / "a", mutants(data, seed=5, early=10_000), open_stored_voice)


def test_indexes(tmp_path):
    data = make_index(tmp_path / "good.index", width=256, vectors=60).read_bytes()
    assert len(survive(tmp_path / "a", mutants(data, seed=6, early=200), read_index)) >= 5
    assert "damaged" in survive(tmp_path / "a", mutants(data, seed=7, early=200), open_stored_index)
