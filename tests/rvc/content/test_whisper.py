"""The starter's encoder: geometry, level, and the front end against a plain version."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from rvc.content import load_encoder
from rvc.content.whisper import AudioEncoder, WhisperEncoder
from rvc.errors import AssetError
from rvc.voicefile import safetensors

CPU = torch.device("cpu")
FACTS = {"d_model": 16, "heads": 2, "layers": 2, "n_mels": 8, "max_frames": 200}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    network = AudioEncoder(16, 2, 2, 8, 200)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    weights["mel_filters"] = np.abs(weights["mel_filters"])
    matrix = weights["blocks.0.mlp.0.weight"]
    scale = (np.abs(matrix).max(1) / 127).astype(np.float16)
    weights["blocks.0.mlp.0.weight"] = np.rint(matrix / scale[:, None].astype(np.float32)).astype(np.int8)
    weights["blocks.0.mlp.0.weight_scale"] = scale
    safetensors.write(tmp_path / "whisper-base-encoder.safetensors", weights, {})
    (tmp_path / "whisper-base-encoder.json").write_text(json.dumps(FACTS))
    return tmp_path


@pytest.fixture
def encoder(folder: Path) -> WhisperEncoder:
    return load_encoder("whisper-base", folder, CPU)  # type: ignore[return-value]


def noise(samples: int) -> torch.Tensor:
    return torch.randn(samples, generator=torch.Generator().manual_seed(0)) * 0.1


@pytest.mark.parametrize(("samples", "vectors"), [(16000, 50), (16159, 50), (16160, 51), (400, 1)])
def test_it_gives_fifty_vectors_a_second(encoder: WhisperEncoder, samples: int, vectors: int) -> None:
    assert encoder.encode(noise(samples), "v2").shape == (vectors, 16)


def test_it_states_its_longest_segment(encoder: WhisperEncoder) -> None:
    assert encoder.max_seconds == 4.0


def test_level_does_not_matter(encoder: WhisperEncoder) -> None:
    np.testing.assert_allclose(encoder.encode(noise(8000), "v2"), encoder.encode(noise(8000) * 0.3, "v2"), atol=1e-4)


def test_silence_stays_finite(encoder: WhisperEncoder) -> None:
    assert torch.isfinite(encoder.encode(torch.zeros(8000), "v2")).all()


def test_the_spectrogram_is_whispers(encoder: WhisperEncoder) -> None:
    """Against the formulas written out frame by frame."""
    wave = noise(3200).numpy()
    padded, window = np.pad(wave, 200, mode="reflect"), 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = [np.abs(np.fft.rfft(padded[i * 160 : i * 160 + 400] * window)) ** 2 for i in range(20)]
    logs = np.log10(np.maximum(encoder.network.mel_filters.numpy() @ np.array(frames).T, 1e-10))
    expected = (np.maximum(logs, logs.max() - 8) + 4) / 4
    np.testing.assert_allclose(encoder.network.log_mel(torch.from_numpy(wave)), expected, atol=1e-4)


def test_damaged_weights_are_refused(folder: Path) -> None:
    (folder / "whisper-base-encoder.json").write_text("{}")
    with pytest.raises(AssetError) as caught:
        load_encoder("whisper-base", folder, CPU)
    assert caught.value.code == "asset_damaged"
