"""Every network on a device that this machine lacks and that has no double precision, as MPS.

Computed as shapes only: whatever mixes devices or makes a double there fails as on the real one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from rvc.bench import BASE_HEADS, HUBERT_SHAPES
from rvc.content.hubert import Hubert
from rvc.content.whisper import AudioEncoder
from rvc.network.noise import DecoderNoise, TimedNoise
from rvc.network.synthesizer import Segment, Synthesizer
from rvc.pitch.rmvpe import Geometry as RmvpeGeometry
from rvc.pitch.rmvpe import Network as Rmvpe
from rvc.voicefile.voice import read_voice
from tests.rvc.voicefile.test_vocoders import TWO_STAGES
from tests.rvc.voices import make_voice

DEVICE = "pretended"
FRAMES = 120
VOICES: dict[str, dict[str, Any]] = {
    "HiFi-GAN": {},
    "MRF HiFi-GAN": {"vocoder": "MRF HiFi-GAN"},
    "RefineGAN": {"vocoder": "RefineGAN", **TWO_STAGES},
}


class NoDoubles(TorchDispatchMode):
    """Refuse a tensor in double precision on the device."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor) and leaf.device.type == DEVICE and leaf.dtype == torch.float64:
                raise TypeError(f"{function} makes a double there")
        return result


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    _setup_privateuseone_for_python_backend(DEVICE)
    torch.get_device_module(DEVICE).get_amp_supported_dtype = lambda: [torch.bfloat16]


@contextmanager
def shapes_only() -> Iterator[None]:
    with FakeTensorMode(allow_non_fake_inputs=True), NoDoubles(), torch.inference_mode():
        yield


def sent(*shape: int) -> torch.Tensor:
    return torch.empty(shape, device=DEVICE)


def test_doubles_and_mixtures_are_seen() -> None:
    with shapes_only():
        with pytest.raises(TypeError, match="a double there"):
            sent(3).double()
        with pytest.raises(RuntimeError, match="same device"):
            sent(3) + torch.empty(3)


@pytest.mark.parametrize("vocoder", VOICES)
def test_voices(vocoder: str, tmp_path: Path) -> None:
    voice = read_voice(make_voice(tmp_path / "voice.pth", **VOICES[vocoder]))
    hop = voice.header.hop
    with shapes_only():
        with torch.device(DEVICE):
            network = Synthesizer(voice.header, voice.wavenet_layers).eval()
        segment = Segment(
            phone=sent(FRAMES, voice.header.feature_width),
            coarse=sent(FRAMES).long(),
            f0=sent(FRAMES),
            speaker=0,
            keep=(10, FRAMES - 10),
        )
        tones = getattr(network.dec, "tones", 1)
        noise = DecoderNoise(torch.empty(FRAMES * hop, tones), torch.empty(tones), TimedNoise(1))
        made = list(network(segment, torch.empty(1, network.inter_channels, FRAMES), noise))
        assert sum(map(len, made)) == (FRAMES - 20) * hop
        assert {part.device.type for part in made} == {DEVICE}


def test_hubert() -> None:
    with shapes_only():
        with torch.device(DEVICE):
            hubert = Hubert({name: torch.empty(shape) for name, shape in HUBERT_SHAPES.items()}, BASE_HEADS).eval()
        features = hubert(sent(32000), 12)
        assert (tuple(features.shape), features.device.type) == ((99, 768), DEVICE)


def test_whisper() -> None:
    with shapes_only():
        with torch.device(DEVICE):
            encoder = AudioEncoder(512, 8, 6, 80, 1500).eval()
        assert encoder(sent(32000)).device.type == DEVICE


def test_rmvpe() -> None:
    with shapes_only():
        network = Rmvpe(RmvpeGeometry(channels=16, stages=5, blocks=4, middle=4, hidden=256)).eval()
        network.fold_norms()
        for module in network.modules():
            for name, value in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
                moved = torch.empty(value.shape, dtype=value.dtype, device=DEVICE)
                setattr(
                    module, name, nn.Parameter(moved, requires_grad=False) if isinstance(value, nn.Parameter) else moved
                )
        salience = network(sent(128, FRAMES))
        assert (tuple(salience.shape), salience.device.type) == ((FRAMES, 360), DEVICE)
