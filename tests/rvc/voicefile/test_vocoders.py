"""Voices with another vocoder than HiFi-GAN: how it is recognised, and which files are refused."""

from pathlib import Path
from typing import Any

import pytest
import torch

from rvc.errors import VoiceFileError
from rvc.voicefile.voice import open_stored_voice, read_voice, write_voice
from tests.rvc.golden import golden
from tests.rvc.voices import make_checkpoint, save

GOLDEN = {
    "MRF HiFi-GAN": ("tiny_applio_mrf_40k.pth", 40000, 388),
    "RefineGAN": ("tiny_applio_refinegan_32k.pth", 32000, 283),
}
TWO_STAGES = {
    "upsample_rates": [20, 20],
    "upsample_kernel_sizes": [40, 40],
    "upsample_initial_channel": 128,
}
TINY: dict[str, dict[str, Any]] = {"MRF HiFi-GAN": {}, "RefineGAN": TWO_STAGES}


def refused(content: dict[str, Any], path: Path) -> VoiceFileError:
    with pytest.raises(VoiceFileError) as caught:
        read_voice(save(content, path / "refused.pth"))
    return caught.value


@pytest.mark.parametrize("vocoder", GOLDEN)
def test_it_works(tmp_path, vocoder):
    name, rate, count = GOLDEN[vocoder]
    voice = read_voice(golden(name))
    header = voice.header
    assert (header.vocoder, header.f0, header.sample_rate, header.speakers) == (vocoder, True, rate, 3)
    assert (header.encoder, header.metadata["author"], len(voice.tensors)) == ("contentvec", "nobody", count)
    write_voice(voice, tmp_path / "a.safetensors")
    stored = open_stored_voice(tmp_path / "a.safetensors")
    assert stored.header == header
    assert stored.tensors.keys() == voice.tensors.keys()


@pytest.mark.parametrize("vocoder", TINY)
def test_a_stored_voice_can_be_uploaded_again(tmp_path, vocoder):
    voice = read_voice(save(make_checkpoint(vocoder=vocoder, **TINY[vocoder]), tmp_path / "a.pth"))
    write_voice(voice, tmp_path / "a.safetensors")
    assert read_voice(tmp_path / "a.safetensors").header == voice.header


@pytest.mark.parametrize("vocoder", TINY)
def test_a_blended_file_is_read(tmp_path, vocoder):
    """Applio's blender writes the rate as digits and leaves most facts out."""
    content = make_checkpoint(vocoder=vocoder, **TINY[vocoder])
    content.update(sr="40000", info="Model blended from a and b", f0=1)
    header = read_voice(save(content, tmp_path / "a.pth")).header
    assert (header.vocoder, header.sample_rate, header.metadata["sr"]) == (vocoder, 40000, "40000")


@pytest.mark.parametrize("vocoder", TINY)
def test_the_weights_speak_for_a_file_that_names_no_vocoder(tmp_path, vocoder):
    content = make_checkpoint(vocoder=vocoder, **TINY[vocoder])
    del content["vocoder"]
    assert read_voice(save(content, tmp_path / "a.pth")).header.vocoder == vocoder


@pytest.mark.parametrize("vocoder", TINY)
@pytest.mark.parametrize("said", ["HiFi-GAN", "MRF HiFi-GAN", "RefineGAN"])
def test_a_name_that_the_weights_contradict_is_refused(tmp_path, vocoder, said):
    if said == vocoder:
        return
    error = refused({**make_checkpoint(vocoder=vocoder, **TINY[vocoder]), "vocoder": said}, tmp_path)
    assert error.code == "unsupported_vocoder"
    assert said in error.message
    assert vocoder in error.message


def test_hifigan_weights_under_another_name_are_refused(tmp_path):
    error = refused(make_checkpoint(metadata={"vocoder": "MRF HiFi-GAN"}), tmp_path)
    assert error.code == "unsupported_vocoder"
    assert "those of HiFi-GAN" in error.message


def test_weights_of_two_vocoders_are_refused(tmp_path):
    content = make_checkpoint()
    content["weight"]["dec.mrfs.0.0.layers.0.conv1.bias"] = torch.ones(1)
    error = refused(content, tmp_path)
    assert error.code == "unsupported_vocoder"
    assert "HiFi-GAN and MRF HiFi-GAN" in error.message


@pytest.mark.parametrize("name", ["BigVGAN", "hifi-gan", "", 7, None])
def test_an_unknown_vocoder_is_refused_by_name(tmp_path, name):
    content = make_checkpoint(metadata={"vocoder": name})
    if name is None:
        assert read_voice(save(content, tmp_path / "a.pth")).header.vocoder == "HiFi-GAN"
        return
    error = refused(content, tmp_path)
    assert error.code == "unsupported_vocoder"
    assert (name if isinstance(name, str) else "unknown") in error.message


@pytest.mark.parametrize("vocoder", TINY)
def test_without_f0_it_is_refused(tmp_path, vocoder):
    error = refused({**make_checkpoint(vocoder=vocoder, **TINY[vocoder]), "f0": False}, tmp_path)
    assert error.code == "unsupported_vocoder"
    assert f"{vocoder} needs f0" in error.message


@pytest.mark.parametrize("vocoder", TINY)
def test_missing_surplus_and_misshapen_tensors_are_named(tmp_path, vocoder):
    content = make_checkpoint(vocoder=vocoder, **TINY[vocoder])
    weights = content["weight"]
    del weights["dec.cond.bias"]
    weights["dec.conv_post.weight_v"] = torch.ones(1, 5, 7)
    weights["dec.extra"] = torch.ones(1)
    error = refused(content, tmp_path)
    assert error.code == "not_a_voice"
    for words in ("1 missing (dec.cond.bias)", "1 unexpected ('dec.extra')", "dec.conv_post.weight_v [1, 5, 7]"):
        assert words in error.message


def test_mrf_blocks_are_of_the_first_kind_whatever_config_says(tmp_path):
    content = make_checkpoint(vocoder="MRF HiFi-GAN", resblock="2")
    assert "dec.mrfs.3.2.layers.2.conv2.weight_v" in read_voice(save(content, tmp_path / "a.pth")).tensors


@pytest.mark.parametrize(
    "items",
    [
        {"upsample_initial_channel": 64},
        {"upsample_initial_channel": 512},
        {"upsample_rates": [10, 10, 4], "upsample_kernel_sizes": [16, 16, 4]},
    ],
)
def test_a_refinegan_whose_stages_do_not_fit_its_width_is_refused(tmp_path, items):
    content = make_checkpoint(vocoder="RefineGAN", **{**TWO_STAGES, **items})
    error = refused(content, tmp_path)
    assert error.code == "bad_config"
    assert "RefineGAN" in error.message


def test_a_refinegan_of_the_older_layout_is_refused(tmp_path):
    content = make_checkpoint(vocoder="RefineGAN", **TWO_STAGES)
    content["weight"]["dec.pre_conv.weight_v"] = torch.ones(64, 1, 7)
    content["weight"]["dec.downsample_blocks.0.weight_v"] = torch.ones(32, 1, 40)
    error = refused(content, tmp_path)
    assert error.code == "unsupported_vocoder"
    assert "RefineGAN of an older layout" in error.message
