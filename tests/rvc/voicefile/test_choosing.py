"""What is taken from a zip, and why; voices and indexes of real formats under any names."""

import faiss
import numpy as np
import pytest

from rvc.errors import VoiceFileError
from rvc.voicefile.choosing import epochs, natural, take, unpack
from rvc.voicefile.voice import read_voice, write_voice
from tests.hostile.make_archives import write
from tests.hostile.make_checkpoints import make as make_hostile
from tests.rvc.indexes import make_index
from tests.rvc.voices import SHALLOW, make_voice, voice_bytes

LONGEST = 64 << 20


def voice(**metadata):
    return voice_bytes(**SHALLOW, metadata=metadata)


@pytest.fixture
def index(tmp_path):
    """The bytes of an index."""
    return lambda **options: make_index(tmp_path / "made.index", **options).read_bytes()


@pytest.fixture
def look(tmp_path):
    """Zip these files and look through the zip; the report's lines by name, and the number of the index."""

    def into(*entries, index_given=False):
        source = write(tmp_path / "a.zip", *entries)
        report = unpack(str(source), str(tmp_path / "out"), LONGEST, index_given)
        return {line["name"]: line for line in report["files"]}, report["index"]

    return into


def taken(lines):
    return {line["kind"]: name for name, line in lines.items() if line["taken"]}


def test_it_works(look, index, tmp_path):
    files = (("Mary/readme.txt", b"Have fun!\n"), ("Mary/Mary.pth", voice()), ("Mary/added.index", index()))
    lines, number = look(*files)
    assert taken(lines) == {"voice": "Mary/Mary.pth", "index": "Mary/added.index"}
    assert lines["Mary/Mary.pth"]["why"] == "it is the only voice"
    assert lines["Mary/added.index"]["why"] == "it is the only index that fits"
    assert (lines["Mary/readme.txt"]["kind"], lines["Mary/readme.txt"]["why"]) == ("other", "It is a text.")
    assert (tmp_path / "out").read_bytes() == files[1][1]
    take(str(tmp_path / "a.zip"), str(tmp_path / "taken"), number, LONGEST)
    assert (tmp_path / "taken").read_bytes() == files[2][1]


def test_names_say_nothing(look, index):
    lines, _ = look(("cover.png", voice()), ("a.pth", index()), ("b.index", b"\x89PNG\r\n"), ("folder/", b""))
    assert taken(lines) == {"voice": "cover.png", "index": "a.pth"}
    assert lines["b.index"]["why"] == "It is a picture."


def test_every_voice_format_is_found(look, tmp_path):
    stream = make_voice(tmp_path / "stream.pth", format="stream", **SHALLOW)
    write_voice(read_voice(stream), tmp_path / "a.safetensors")
    for path in (stream, tmp_path / "a.safetensors"):
        lines, _ = look(("x", path.read_bytes()))
        assert taken(lines) == {"voice": "x"}


def test_the_longest_training_wins(look):
    lines, _ = look(("z.pth", voice(epoch=100)), ("a.pth", voice(info="300epoch")), ("zz.pth", voice()))
    assert taken(lines) == {"voice": "a.pth"}
    assert lines["a.pth"]["why"] == "it states 300 epochs, the most"
    assert lines["z.pth"]["why"] == "It states 100 epochs only."
    assert lines["zz.pth"]["why"] == "It states no epochs."


def test_without_epochs_the_last_name_wins(look):
    lines, _ = look(("Mary_e100_s900.pth", voice()), ("Mary_e20_s180.pth", voice()))
    assert taken(lines) == {"voice": "Mary_e100_s900.pth"}
    assert lines["Mary_e100_s900.pth"]["why"] == "its name comes last of those that are equally good"
    assert lines["Mary_e20_s180.pth"]["why"] == "Its name comes earlier."


def test_a_voice_that_fails_is_passed_over(look, tmp_path):
    bomb = make_hostile("exec_os_system.pth", tmp_path).read_bytes()
    training = make_hostile("wrong_shape.pth", tmp_path).read_bytes()
    lines, _ = look(("z.pth", bomb), ("G_2333.pth", training), ("a.pth", voice()))
    assert taken(lines) == {"voice": "a.pth"}
    assert lines["a.pth"]["why"] == "it is the only voice that can be used"
    assert "more than data" in lines["z.pth"]["why"]
    assert "a checkpoint of training" in lines["G_2333.pth"]["why"]


def test_the_index_fits_and_holds_the_most_vectors(look, index):
    files = [("few", index(vectors=50)), ("most", index(vectors=500)), ("wrong", index(width=256, vectors=900))]
    lines, _ = look(("a.pth", voice()), *files)
    assert taken(lines)["index"] == "most"
    assert lines["most"]["why"] == "it holds 500 vectors, the most"
    assert lines["few"]["why"] == "It holds 50 vectors only."
    assert "256" in lines["wrong"]["why"]


def test_a_trained_index_loses(look, index, tmp_path):
    trained = faiss.index_factory(768, "IVF1,Flat")
    trained.train(np.zeros((40, 768), np.float32))
    faiss.write_index(trained, str(tmp_path / "t"))
    empty = ("trained_IVF1_Flat.index", (tmp_path / "t").read_bytes())
    lines, number = look(("a.pth", voice()), empty, ("added_IVF1_Flat.index", index()))
    assert taken(lines)["index"] == "added_IVF1_Flat.index"
    assert "no vectors" in lines["trained_IVF1_Flat.index"]["why"]
    lines, number = look(("a.pth", voice()), empty)
    assert (taken(lines), number) == ({"voice": "a.pth"}, None)


def test_a_given_index_stands_above_those_of_the_zip(look, index):
    lines, number = look(("a.pth", voice()), ("a.index", index()), index_given=True)
    assert (taken(lines), number) == ({"voice": "a.pth"}, None)
    assert lines["a.index"]["why"] == "Another index was given beside the zip."


def test_a_zip_without_a_voice_says_what_it_holds(look, index):
    with pytest.raises(VoiceFileError, match=r"found cover\.png \(a picture\), a\.index \(an index\)\.") as caught:
        look(("cover.png", b"\x89PNG"), ("a.index", index()))
    assert caught.value.code == "not_a_voice"
    many = [(f"{number}.txt", b"words") for number in range(8)]
    with pytest.raises(VoiceFileError, match="and 3 more"):
        look(*many)


def test_the_only_voice_tells_its_own_fault(look, tmp_path):
    for name, code in (("values_nan.pth", "non_finite"), ("config_huge.pth", "bad_config")):
        with pytest.raises(VoiceFileError, match=r"In the zip, 'a\.pth': ") as caught:
            look(("a.pth", make_hostile(name, tmp_path).read_bytes()), ("readme", b"words"))
        assert caught.value.code == code


def test_hostility_is_told_before_damage(look, tmp_path):
    bomb = make_hostile("exec_eval.pth", tmp_path).read_bytes()
    with pytest.raises(VoiceFileError) as caught:
        look(("a.pth", bomb), ("b.pth", make_hostile("values_nan.pth", tmp_path).read_bytes()))
    assert caught.value.code == "forbidden_content"


def test_a_checkpoint_of_torch_is_no_archive(tmp_path):
    for path in (make_voice(tmp_path / "a.pth", **SHALLOW), make_hostile("torchscript.pth", tmp_path)):
        assert unpack(str(path), str(tmp_path / "out"), LONGEST, False) is None


@pytest.mark.parametrize(("words", "number"), [("300epoch", 300), (20, 20), (" 5 epochs", 5), ("?", -1), (None, -1)])
def test_epochs(tmp_path, words, number):
    metadata = {} if words is None else {"epoch": words}
    assert epochs(read_voice(make_voice(tmp_path / "a.pth", **SHALLOW, metadata=metadata)).header) == number


def test_names_are_sorted_as_people_do():
    names = ["a10b", "A9", "b1", "a10a", "1"]
    assert sorted(names, key=natural) == ["1", "A9", "a10a", "a10b", "b1"]
