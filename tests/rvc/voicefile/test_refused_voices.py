"""Voice files that are refused: the code, and a message that names what is wrong."""

from pathlib import Path
from typing import Any

import pytest
import torch

from rvc.errors import VoiceFileError
from rvc.voicefile.voice import read_voice
from tests.rvc.voices import make_checkpoint, make_config, save


def refused(content: dict[str, Any], path: Path) -> VoiceFileError:
    with pytest.raises(VoiceFileError) as caught:
        read_voice(save(content, path / "refused.pth"))
    return caught.value


def test_an_encoder_of_another_width_is_refused(tmp_path):
    error = refused(make_checkpoint(metadata={"embedder_model": "whisper-base"}), tmp_path)
    assert error.code == "bad_config"
    assert "768" in error.message


def test_a_version_that_the_weights_contradict_is_refused(tmp_path):
    error = refused(make_checkpoint(version="v2", feature_width=256), tmp_path)
    assert error.code == "bad_config"
    assert "256" in error.message


def test_missing_surplus_and_misshapen_tensors_are_named(tmp_path):
    content = make_checkpoint()
    weights = content["weight"]
    for name in [name for name in weights if name.startswith("flow.flows.2.")]:
        del weights[name]
    weights["dec.resblocks.99.convs1.0.bias"] = torch.ones(3)
    weights["dec.conv_pre.weight"] = torch.ones(5, 16, 7)
    error = refused(content, tmp_path)
    assert error.code == "not_a_voice"
    for words in (
        "missing (flow.flows.2.pre.weight",
        "1 unexpected ('dec.resblocks.99.convs1.0.bias')",
        "dec.conv_pre.weight [5, 16, 7] instead of [32, 16, 7]",
    ):
        assert words in error.message


def test_a_voice_with_f0_that_has_no_f0_weights_is_refused(tmp_path):
    content = {**make_checkpoint(f0=False), "f0": 1}
    assert "enc_p.emb_pitch.weight" in refused(content, tmp_path).message
    content = {**make_checkpoint(f0=True), "f0": 0}
    assert "unexpected" in refused(content, tmp_path).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"model": {"a": torch.ones(1)}, "iteration": 5, "optimizer": {}}, "checkpoint of training"),
        ({"unet.encoder.bn.weight": torch.ones(1)}, "RMVPE"),
        ({"model": {"feature_extractor.a": torch.ones(1)}, "cfg": {}}, "HuBERT"),
        ({"enc_p.a": torch.ones(1)}, "without their config"),
        ({"weight": {}}, "something else"),
        ({"weight": [], "config": []}, "something else"),
        ({}, "something else"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, words):
    error = refused(content, tmp_path)
    assert error.code == "not_a_voice"
    assert words in error.message


def test_values_that_are_not_tensors_are_refused(tmp_path):
    for value in (5, "text", [1.0], torch.ones(1, dtype=torch.int64)):
        content = make_checkpoint()
        content["weight"]["emb_g.weight"] = value
        assert refused(content, tmp_path).code == "not_a_voice"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_values_that_are_not_finite_are_refused(tmp_path, value, kind):
    content = make_checkpoint()
    content["weight"]["dec.conv_post.weight"] = content["weight"]["dec.conv_post.weight"].to(kind)
    content["weight"]["dec.conv_post.weight"][0, 0, 3] = value
    error = refused(content, tmp_path)
    assert error.code == "non_finite"
    assert "dec.conv_post.weight" in error.message


def test_one_tensor_under_many_names_is_refused(tmp_path):
    one = torch.ones(50_000)
    content = {**make_checkpoint(), "weight": dict.fromkeys((f"a{number}" for number in range(100)), one)}
    assert refused(content, tmp_path).code == "aliased_storage"


@pytest.mark.parametrize(
    "items",
    [
        {"inter_channels": 2**31 - 1},
        {"inter_channels": 15},
        {"hidden_channels": True},
        {"hidden_channels": 17},
        {"hidden_channels": 16.0},
        {"filter_channels": 0},
        {"n_layers": 1000},
        {"kernel_size": 4},
        {"p_dropout": "0"},
        {"resblock": "3"},
        {"resblock_kernel_sizes": [3, 7, 11, 13]},
        {"resblock_kernel_sizes": []},
        {"resblock_dilation_sizes": 5},
        {"resblock_dilation_sizes": [[1, 3, 10_000]] * 3},
        {"upsample_rates": [10, 10, 2]},
        {"upsample_rates": [10, 10, 2, 3]},
        {"upsample_rates": [400] + [1] * 20},
        {"upsample_kernel_sizes": [8, 16, 4, 4]},
        {"upsample_initial_channel": 24},
        {"sampling_rate": 44100},
        {"sampling_rate": "40k"},
        {"gin_channels": -1},
    ],
)
def test_a_config_that_cannot_be_built_is_refused(tmp_path, items):
    content = {**make_checkpoint(), "config": make_config(**items)}
    assert refused(content, tmp_path).code == "bad_config"


@pytest.mark.parametrize("config", [{"a": 1}, None, [], list(range(17)), "config"])
def test_a_config_of_another_kind_is_refused(tmp_path, config):
    assert refused({**make_checkpoint(), "config": config}, tmp_path).code == "bad_config"


@pytest.mark.parametrize("name", ["version", "f0", "vocoder", "embedder_model", "sr", "config", "weight"])
def test_tensors_in_odd_places_are_survived(tmp_path, name):
    path = save({**make_checkpoint(), name: torch.ones(2)}, tmp_path / "a.pth")
    if name in ("embedder_model", "sr"):
        assert read_voice(path).header.embedder is None
    else:
        with pytest.raises(VoiceFileError):
            read_voice(path)


@pytest.mark.parametrize("facts", [{"version": "v3"}, {"version": 2}, {"f0": 2}, {"f0": "yes"}, {"version": ["v2"]}])
def test_odd_facts_are_refused(tmp_path, facts):
    assert refused(make_checkpoint(metadata=facts), tmp_path).code == "bad_config"
