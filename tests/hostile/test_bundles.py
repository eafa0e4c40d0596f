"""H55 for zips of recordings: what every hostile one is answered with, and that nothing else is written."""

import random

import pytest

from rvc.errors import VoiceFileError
from rvc.voicefile import bundle
from tests import base
from tests.hostile.make_archives import MAKERS, zipped

LONGEST, MOST = 64 << 20, 100
FOUND_WHEN_UNPACKED = {"says less than it holds", "says more than it holds", "wrong checksum"}
"""Their table of contents is fine: the other files of such a zip are taken."""
FINE = {"65 files"}


@pytest.fixture(scope="module")
def good():
    return base.tone(0.5)


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - FINE))
def test_it_is_refused(tmp_path, good, name):
    source, target = tmp_path / "a.zip", tmp_path / "out"
    source.write_bytes(MAKERS[name](good))
    function = bundle.look
    arguments = {"source": str(source), "longest": LONGEST, "most": MOST}
    if name in FOUND_WHEN_UNPACKED:
        [(number, _, _)] = bundle.look(**arguments)
        function = bundle.take
        arguments |= {"target": str(target), "number": number}
    with pytest.raises(VoiceFileError) as caught:
        function(**arguments)
    assert caught.value.code == "bad_container"
    assert "voice" not in caught.value.message.replace("voice.pth", "")
    assert caught.value.message.isprintable()
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "out"}


def refusal(tmp_path, *entries, longest=LONGEST, most=MOST):
    source = tmp_path / "a.zip"
    source.write_bytes(zipped(*entries))
    with pytest.raises(VoiceFileError) as caught:
        bundle.look(str(source), longest, most)
    return caught.value.code


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_each_limit_has_its_code(tmp_path, good):
    assert refusal(tmp_path, ("a.wav", good), ("a.wav", good)) == "duplicate_entry"
    assert refusal(tmp_path, ("a.wav", good), ("b.wav", good), ("c.wav", good), most=2) == "too_many_files"
    assert refusal(tmp_path, *((f"{n}/", b"") for n in range(20)), ("a.wav", good), most=5) == "bad_container"
    assert refusal(tmp_path, ("a.wav", random.Random(1).randbytes(1 << 20)), longest=1 << 19) == "too_large"
    assert refusal(tmp_path) == "no_recordings"
    assert refusal(tmp_path, ("a/", b""), ("__MACOSX/a/._b.wav", b"x"), (".DS_Store", b"x")) == "no_recordings"


def test_it_lists_what_a_person_put_there(tmp_path, good):
    source, target = tmp_path / "a.zip", tmp_path / "out"
    leftovers = [("__MACOSX/._a.wav", b"x"), ("a/.DS_Store", b"x"), ("a/Thumbs.db", b"x")]
    source.write_bytes(zipped(("a/", b""), ("a/ä.wav", good), *leftovers, ("b.txt", b"hello")))
    assert bundle.look(str(source), LONGEST, MOST) == [(1, "a/ä.wav", len(good)), (5, "b.txt", 5)]
    bundle.take(str(source), str(target), 1, LONGEST, MOST)
    assert target.read_bytes() == good


def test_names_of_macos_are_read_as_they_were_meant(tmp_path, good):
    source = tmp_path / "a.zip"
    data = zipped(("aeae.wav", good))
    source.write_bytes(data.replace(b"aeae", "ää".encode()))  # UTF-8, and no flag that says so
    assert bundle.look(str(source), LONGEST, MOST)[0][1] == "ää.wav"
