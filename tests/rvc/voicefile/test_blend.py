"""Every weight of a blend lies between those of its two voices; what cannot be blended says why."""

from functools import partial

import numpy as np
import pytest

from rvc.errors import VoiceFileError
from rvc.voicefile.blend import blend
from rvc.voicefile.ingest import convert_voice
from rvc.voicefile.voice import VoiceFile, open_stored_voice, write_voice
from tests.base import GOLDEN
from tests.rvc.voices import make_voice

MADE = {"mrf": partial(make_voice, vocoder="MRF HiFi-GAN")}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Tiny voices as they are kept, by their name."""
    folder = tmp_path_factory.mktemp("voices")

    def keep(name):
        path = folder / f"{name}.safetensors"
        if not path.exists():
            sent = MADE[name](folder / f"{name}.pth") if name in MADE else GOLDEN / f"{name}.pth"
            convert_voice(str(sent), str(path))
        return path

    return keep


def other_of(path, target, change):
    """The same voice with other weights."""
    voice = open_stored_voice(path)
    write_voice(VoiceFile(voice.header, {name: change(array) for name, array in voice.tensors.items()}), target)
    return target


@pytest.mark.parametrize("name", ["tiny_v2_40k_f0", "tiny_v1_40k_f0"])
def test_it_works(stored, tmp_path, name):
    one = stored(name)
    two = other_of(one, tmp_path / "two", lambda array: (array.astype("f4") * -0.5 + 0.25).astype(array.dtype))
    header = blend(one, two, tmp_path / "made", 0.3)
    mine, theirs, made = (open_stored_voice(path) for path in (one, two, tmp_path / "made"))
    assert made.header == header
    assert (header.config, header.speakers, header.metadata) == (mine.header.config, mine.header.speakers, {})
    assert set(made.tensors) == set(mine.tensors)
    for key, array in made.tensors.items():
        assert array.dtype == mine.tensors[key].dtype
        wanted = 0.3 * mine.tensors[key].astype("f8") + 0.7 * theirs.tensors[key].astype("f8")
        close = 2e-3 if array.dtype == np.float16 else 1e-6
        np.testing.assert_allclose(array.astype("f8"), wanted, rtol=close, atol=close / 10)


def test_a_voice_with_itself_is_itself(stored, tmp_path):
    one = stored("tiny_v2_40k_f0")
    blend(one, one, tmp_path / "made", 0.5)
    before, after = open_stored_voice(one).tensors, open_stored_voice(tmp_path / "made").tensors
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_wider_type_is_kept(stored, tmp_path):
    one = stored("tiny_v2_40k_f0")
    half, full = (other_of(one, tmp_path / kind, lambda array, k=kind: array.astype(k)) for kind in ("<f2", "<f4"))
    blend(half, full, tmp_path / "made", 0.5)
    assert {array.dtype for array in open_stored_voice(tmp_path / "made").tensors.values()} == {np.dtype("<f4")}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("tiny_v1_40k_f0", "the version differs (v2 and v1)"),
        ("mrf", "the vocoder differs (HiFi-GAN and MRF HiFi-GAN)"),
        ("tiny_applio_refinegan_32k", "the sampling rate differs"),
    ],
)
def test_it_says_in_what_they_differ(stored, tmp_path, other, words):
    with pytest.raises(VoiceFileError) as refusal:
        blend(stored("tiny_v2_40k_f0"), stored(other), tmp_path / "made", 0.5)
    assert refusal.value.code == "cannot_blend"
    assert words in refusal.value.message
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0, float("nan")])
def test_a_share_that_is_none_is_refused(stored, tmp_path, share):
    with pytest.raises(VoiceFileError, match="between 0 and 1"):
        blend(stored("tiny_v2_40k_f0"), stored("tiny_v2_40k_f0"), tmp_path / "made", share)
