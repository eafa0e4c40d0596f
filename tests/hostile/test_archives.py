"""H55: what every hostile zip is answered with, and that nothing is written but the one place there is."""

import random
import time

import pytest

from rvc import sandbox
from rvc.errors import VoiceFileError
from rvc.voicefile.choosing import unpack
from tests.hostile import make_archives
from tests.hostile.make_archives import MAKERS
from tests.rvc.indexes import make_index
from tests.rvc.voices import SHALLOW, voice_bytes

LONGEST = 64 << 20
MUTANTS = 300
DIED = ("died", "The child died.")


@pytest.fixture(scope="module")
def good():
    return voice_bytes(**SHALLOW)


@pytest.mark.parametrize("name", MAKERS)
def test_archives(tmp_path, good, name):
    source, target = tmp_path / "a.zip", tmp_path / "out"
    source.write_bytes(MAKERS[name](good))
    began = time.process_time()
    with pytest.raises(VoiceFileError) as caught:
        unpack(str(source), str(target), LONGEST, False)
    assert caught.value.code == "bad_container"
    assert time.process_time() - began < 2
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "out"}
    assert caught.value.message.endswith(".")
    assert caught.value.message.isprintable()


def test_two_files_of_one_name(tmp_path, good):
    with pytest.warns(UserWarning, match="Duplicate"):
        source = make_archives.write(tmp_path / "a.zip", ("a.pth", good), ("a.pth", good))
    with pytest.raises(VoiceFileError) as caught:
        unpack(str(source), str(tmp_path / "out"), LONGEST, False)
    assert caught.value.code == "duplicate_entry"


def test_the_limit_is_one_for_all_files(tmp_path, good):
    source = make_archives.write(tmp_path / "a.zip", ("a.pth", good), ("noise", random.Random(1).randbytes(1 << 20)))
    with pytest.raises(VoiceFileError) as caught:
        unpack(str(source), str(tmp_path / "out"), 1 << 20, False)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("name", ["ratio 1000", "many small bombs", "1000 overlapping"])
def test_archive_bombs_take_little_memory(tmp_path, good, name):
    source = tmp_path / "a.zip"
    source.write_bytes(MAKERS[name](good))
    arguments = {"source": str(source), "target": str(tmp_path / "out"), "longest": LONGEST, "index_given": False}
    with pytest.raises(VoiceFileError) as caught:
        sandbox.run(
            "rvc.voicefile.choosing:unpack", arguments, limits=sandbox.Limits(memory_bytes=256 << 20), died=DIED
        )
    assert caught.value.code == "bad_container"


@pytest.mark.parametrize("method", ["stored", "deflated"])
def test_mutants_end_in_a_listed_code(tmp_path, good, method):
    index = make_index(tmp_path / "a.index", width=768, vectors=20, lists=1).read_bytes()
    data = make_archives.zipped(("voice.pth", good), ("a.index", index), method={"stored": 0, "deflated": 8}[method])
    chance, answers = random.Random(method), {}
    for _ in range(MUTANTS):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            copy[-chance.randrange(1, 300) if chance.random() < 0.6 else chance.randrange(len(copy))] = (
                chance.randrange(256)
            )
        (tmp_path / "a.zip").write_bytes(copy)
        try:
            unpack(str(tmp_path / "a.zip"), str(tmp_path / "out"), LONGEST, False)
            code = "accepted"
        except VoiceFileError as error:
            code = error.code
        answers[code] = answers.get(code, 0) + 1
    assert answers["bad_container"] > MUTANTS // 10
    assert "accepted" in answers
