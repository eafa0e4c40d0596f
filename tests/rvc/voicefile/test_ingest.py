"""What a stranger uploads, converted in a sandbox child."""

import json
from typing import Any

import pytest

from rvc import sandbox
from rvc.errors import VoiceFileError
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.index import open_stored_index, read_index
from rvc.voicefile.voice import open_stored_voice, read_voice
from tests.rvc.indexes import make_index
from tests.rvc.voices import FULL_SIZE, make_voice

DIED = ("too_complex", "Reading this file took too much.")


def ingest(function: str, **arguments: Any) -> Any:
    return sandbox.run(f"rvc.voicefile.ingest:{function}", arguments, died=DIED)


@pytest.mark.parametrize("options", [{}, FULL_SIZE])
def test_a_voice_is_stored(tmp_path, options):
    source, target = make_voice(tmp_path / "a.pth", **options), tmp_path / "a.safetensors"
    header = ingest("convert_voice", source=str(source), target=str(target))
    stored, read = open_stored_voice(target), read_voice(source)
    assert VoiceHeader.from_json(json.loads(json.dumps(header))) == stored.header == read.header
    for name, array in read.tensors.items():
        assert stored.tensors[name].tobytes() == array.tobytes()


def test_an_index_is_stored(tmp_path):
    source, target = make_index(tmp_path / "a.index"), tmp_path / "a.safetensors"
    facts = ingest("convert_index", source=str(source), target=str(target), width=768)
    assert facts == {"vectors": 500, "width": 768, "lists": 4, "nprobe": 1}
    assert open_stored_index(target).vectors.tobytes() == read_index(source).vectors.tobytes()


def test_a_refused_file_leaves_nothing_behind(tmp_path):
    source, target = make_index(tmp_path / "a.index"), tmp_path / "a.safetensors"
    with pytest.raises(VoiceFileError) as caught:
        ingest("convert_index", source=str(source), target=str(target), width=256)
    assert caught.value.code == "wrong_dimension"
    assert list(tmp_path.iterdir()) == [source]
