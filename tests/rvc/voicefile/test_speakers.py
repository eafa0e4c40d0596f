"""Names of speakers, as some training programs write them beside the weights."""

import pytest

from rvc.voicefile.speakers import LONGEST_SPEAKER_NAME, speaker_names
from rvc.voicefile.voice import open_stored_voice, read_voice, write_voice
from tests.rvc.voices import SHALLOW, make_voice

TWO = {"0": "Anna", "1": "Bert"}


@pytest.mark.parametrize(
    "facts",
    [
        {"speaker_info": {"1": "Bert", "0": "Anna"}},
        {"speaker_info": {"Anna": 0, "Bert": 1}},
        {"speaker_info": {0: "Anna", 1: "Bert"}},
        {"speaker_info": '{"0": "Anna", "1": "Bert"}'},
        {"speakers_id": ["Anna", "Bert"]},
        {"speakers_id": 2, "speaker_names": [" Anna\n", "Be\0rt".replace("\0", ""), "too many"]},
        {"speaker_info": {"0": "Anna", "1": "Bert", "2": "nobody", "-1": "x", "1e3": "x", "x": [1], "z": None}},
    ],
)
def test_they_are_found_however_they_are_written(facts):
    assert speaker_names(facts, 2) == TWO
    assert list(speaker_names(facts, 2)) == ["0", "1"]


@pytest.mark.parametrize("found", [1, None, True, "", "{", "[" * 9000, {}, [], {"a": True}, {"0": " \x1b\n"}, [1, 2]])
def test_what_are_none_are_passed_over(found):
    assert speaker_names({"speakers_id": found}, 3) == {}


def test_a_name_is_one_short_line():
    [name] = speaker_names({"speakers": ["a\u202eb\tc" * 100]}, 1).values()
    assert len(name) <= LONGEST_SPEAKER_NAME
    assert name.isprintable()


def test_they_are_kept_with_the_voice(tmp_path):
    made = make_voice(tmp_path / "a.pth", speakers=3, metadata={"speaker_info": {0: "Anna", 1: "Bert"}}, **SHALLOW)
    voice = read_voice(made)
    assert voice.header.speaker_names == TWO
    assert "speaker_info" not in voice.header.metadata
    write_voice(voice, tmp_path / "kept")
    assert open_stored_voice(tmp_path / "kept").header == voice.header
    assert type(voice.header).from_json(voice.header.to_json()) == voice.header


def test_a_voice_without_names_is_stored_as_before(tmp_path):
    assert "speaker_names" not in read_voice(make_voice(tmp_path / "a.pth", **SHALLOW)).header.to_json()
