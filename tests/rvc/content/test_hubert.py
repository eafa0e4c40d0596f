"""HuBERT against the reference's numbers, from both published file layouts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from rvc.content import load_encoder
from rvc.content.hubert import FAIRSEQ_NAMES, HUB_NAMES, HubertEncoder, read_hubert
from rvc.errors import AssetError
from rvc.voicefile import safetensors
from tests.rvc.golden import Arrays, golden

CPU = torch.device("cpu")
PARTS = {
    "mask_emb": "masked_spec_embed",
    ".self_attn_layer_norm.": ".layer_norm.",
    ".self_attn.": ".attention.",
    ".fc1.": ".feed_forward.intermediate_dense.",
    ".fc2.": ".feed_forward.output_dense.",
}


@pytest.fixture
def fairseq(tmp_path: Path) -> Path:
    shutil.copy(golden("tiny_hubert.pt"), tmp_path / "hubert_base.pt")
    return tmp_path


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """The same network in the hub's folder layout: transformers' names, config.json, final_proj included."""
    weights = torch.load(golden("tiny_hubert.pt"), weights_only=True)["model"]
    names = {
        "feature_extractor.conv_layers.0.2.": "feature_extractor.conv_layers.0.layer_norm.",
        "layer_norm.": "feature_projection.layer_norm.",
        "post_extract_proj.": "feature_projection.projection.",
        "encoder.pos_conv.0.weight_g": "encoder.pos_conv_embed.conv.parametrizations.weight.original0",
        "encoder.pos_conv.0.weight_v": "encoder.pos_conv_embed.conv.parametrizations.weight.original1",
        "encoder.pos_conv.0.": "encoder.pos_conv_embed.conv.",
    }
    renamed = {}
    for name, value in weights.items():
        old = next((old for old in names if name.startswith(old)), "")
        key = names.get(old, "") + name.removeprefix(old)
        for fairseq_part, hub_part in PARTS.items():
            key = key.replace(fairseq_part, hub_part)
        if name.startswith("feature_extractor") and ".0.2." not in name:
            key = key.replace(".0.weight", ".conv.weight")
        if name != "label_embs_concat":
            renamed[key] = value
    torch.save(renamed, tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text(json.dumps({"num_attention_heads": 4}))
    return tmp_path


@pytest.mark.parametrize("tag", ["odd", "even"])
def test_it_matches_the_reference(fairseq: Path, tag: str) -> None:
    arrays, encoder = Arrays("hubert.npz"), HubertEncoder.load("contentvec", fairseq, CPU)
    wave = torch.from_numpy(arrays[f"audio_{tag}"])
    np.testing.assert_allclose(encoder.network.convolve(wave), arrays[f"conv_{tag}"], atol=1e-4)
    np.testing.assert_allclose(encoder.network(wave, 9), arrays[f"layer9_{tag}"][0], atol=1e-4)
    np.testing.assert_allclose(encoder.encode(wave, "v2"), arrays[f"layer12_{tag}"][0], atol=1e-4)
    np.testing.assert_allclose(encoder.encode(wave, "v1"), arrays[f"v1_{tag}"][0], atol=1e-4)


def test_the_hub_folder_gives_the_same(hub: Path) -> None:
    arrays, encoder = Arrays("hubert.npz"), load_encoder("contentvec", hub, CPU)
    wave = torch.from_numpy(arrays["audio_odd"])
    np.testing.assert_allclose(encoder.encode(wave, "v2"), arrays["layer12_odd"][0], atol=1e-4)
    np.testing.assert_allclose(encoder.encode(wave, "v1"), arrays["v1_odd"][0], atol=1e-4)


def test_it_reads_safetensors(hub: Path, tmp_path: Path) -> None:
    weights = torch.load(hub / "pytorch_model.bin", weights_only=True)
    (hub / "pytorch_model.bin").unlink()
    safetensors.write(hub / "model.safetensors", {name: value.numpy() for name, value in weights.items()}, {})
    arrays = Arrays("hubert.npz")
    features = load_encoder("contentvec", hub, CPU).encode(torch.from_numpy(arrays["audio_odd"]), "v2")
    np.testing.assert_allclose(features, arrays["layer12_odd"][0], atol=1e-4)


def test_long_segments_are_convolved_in_tiles(fairseq: Path) -> None:
    """Tiles equal one convolution over everything."""
    network = HubertEncoder.load("contentvec", fairseq, CPU).network
    wave = torch.randn(16000 * 9 + 77, generator=torch.Generator().manual_seed(1))
    x = wave[None, None]
    with torch.inference_mode():
        for index, conv in enumerate(network.convs):
            x = conv(x)
            x = torch.nn.functional.gelu(network.group_norm(x) if index == 0 else x)
    np.testing.assert_allclose(network.convolve(wave), x, atol=1e-5)


def test_damaged_weights_are_refused(fairseq: Path) -> None:
    content = torch.load(fairseq / "hubert_base.pt", weights_only=True)
    del content["model"]["encoder.layers.3.fc1.weight"]
    torch.save(content, fairseq / "hubert_base.pt")
    with pytest.raises(AssetError) as caught:
        load_encoder("contentvec", fairseq, CPU)
    assert caught.value.code == "asset_damaged"
    assert "layers.3.fc1.weight" in caught.value.message


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssetError):
        read_hubert("contentvec", tmp_path)


def test_the_tables_name_the_same_parts() -> None:
    assert {ours for _, ours in FAIRSEQ_NAMES} <= {ours for _, ours in HUB_NAMES}
