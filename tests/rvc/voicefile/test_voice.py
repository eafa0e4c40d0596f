"""Voices: what is read from their files, what is refused, and that a stored voice is the voice."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from rvc.errors import VoiceFileError
from rvc.network.synthesizer import Synthesizer
from rvc.voicefile.decoders import MARKS
from rvc.voicefile.folding import fold_weight_norm
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.voice import VoiceFile, open_stored_voice, read_voice, write_voice
from tests.rvc.golden import golden
from tests.rvc.voices import FULL_SIZE, RATES, SHALLOW, V1_RATES, make_checkpoint, make_voice, save

STARTER = Path(__file__).parents[3] / "models_app" / "starter" / "voice.zip"


def assert_stored_alike(voice: VoiceFile, path: Path) -> None:
    write_voice(voice, path)
    stored = open_stored_voice(path)
    assert stored.header == voice.header
    assert stored.tensors.keys() == voice.tensors.keys()
    for name, array in voice.tensors.items():
        assert stored.tensors[name].dtype == array.dtype
        assert stored.tensors[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("container", ["zip", "stream"])
def test_it_works(tmp_path, container):
    voice = read_voice(make_voice(tmp_path / "a.pth", format=container, speakers=3, metadata={"epoch": 20}))
    header = voice.header
    assert (header.version, header.f0, header.sample_rate, header.hop) == ("v2", True, 40000, 400)
    assert (header.speakers, header.feature_width, header.config[15]) == (3, 768, 3)
    assert (header.vocoder, header.embedder, header.encoder) == ("HiFi-GAN", None, "contentvec")
    assert header.metadata == {"info": "tiny random", "sr": "40k", "epoch": 20}
    assert_stored_alike(voice, tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("name", "version", "f0", "width", "count"),
    [
        ("tiny_v2_40k_f0.pth", "v2", True, 768, 385),
        ("tiny_v1_40k_f0.pth", "v1", True, 256, 385),
        ("tiny_v2_40k_nof0.pth", "v2", False, 768, 374),
        ("tiny_onnx_f0.pth", "v2", True, 768, 385),
        ("tiny_onnx_nof0.pth", "v2", False, 768, 374),
    ],
)
def test_it_reads_the_golden_voices(tmp_path, name, version, f0, width, count):
    voice = read_voice(golden(name))
    assert (voice.header.version, voice.header.f0, voice.header.feature_width) == (version, f0, width)
    assert (voice.header.speakers, voice.wavenet_layers, len(voice.tensors)) == (3, 3, count)
    assert_stored_alike(voice, tmp_path / "a.safetensors")


def test_it_reads_the_starter_voice(tmp_path):
    voice = read_voice(Path(zipfile.ZipFile(STARTER).extract("starter.pth", tmp_path)))
    header = voice.header
    assert (header.sample_rate, header.hop, header.speakers, header.encoder) == (25600, 256, 1, "whisper-base")
    assert (header.feature_width, voice.wavenet_layers, header.geometry.resblock) == (512, 4, "2")
    assert len(voice.tensors) == 278
    assert_stored_alike(voice, tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("version", "f0", "rate", "count"),
    [
        *(("v2", True, rate, 457 if rate != 25600 else None) for rate in RATES),
        *(("v1", True, rate, 457 + 59 * (len(V1_RATES[rate][0]) - 4)) for rate in (32000, 40000, 48000)),
        ("v2", False, 40000, 446),
    ],
)
def test_it_reads_every_published_geometry(tmp_path, version, f0, rate, count):
    """The counts are those of published voices: 457 tensors, 446 without F0, 516 with five stages."""
    voice = read_voice(make_voice(tmp_path / "a.pth", version=version, f0=f0, rate=rate, n_layers=6))
    assert voice.header.hop * 100 == rate
    assert count is None or len(voice.tensors) == count


def test_a_full_size_voice_is_bit_identical_to_what_torch_loads(tmp_path):
    path = make_voice(tmp_path / "a.pth", **FULL_SIZE)
    voice = read_voice(path)
    assert sum(array.size for array in voice.tensors.values()) > 27_000_000
    theirs = torch.load(path, weights_only=True)["weight"]
    assert list(voice.tensors) == list(theirs)
    for name, tensor in theirs.items():
        assert voice.tensors[name].tobytes() == tensor.numpy().tobytes()


def test_a_stored_voice_is_mapped_and_readable_by_the_safetensors_package(tmp_path):
    voice = read_voice(make_voice(tmp_path / "a.pth"))
    write_voice(voice, tmp_path / "a.safetensors")
    theirs = load_file(tmp_path / "a.safetensors")
    stored = open_stored_voice(tmp_path / "a.safetensors")
    for name, array in stored.tensors.items():
        assert not array.flags.owndata
        assert array.flags.aligned
        np.testing.assert_array_equal(array, theirs[name])


def test_a_stored_voice_can_be_uploaded_again(tmp_path):
    voice = read_voice(make_voice(tmp_path / "a.pth", metadata={"author": "somebody"}))
    write_voice(voice, tmp_path / "a.safetensors")
    assert read_voice(tmp_path / "a.safetensors").header == voice.header


def test_a_safetensors_file_may_carry_rvcs_fields_as_texts(tmp_path):
    from safetensors.torch import save_file

    content = make_checkpoint()
    metadata = {"config": json.dumps(content["config"]), "f0": "1", "version": "v2", "author": "somebody"}
    save_file(dict(content["weight"]), tmp_path / "a.safetensors", metadata)
    header = read_voice(tmp_path / "a.safetensors").header
    assert (header.version, header.f0, header.metadata) == ("v2", True, {"author": "somebody"})


def test_a_header_survives_json():
    header = read_voice(golden("tiny_v1_40k_f0.pth")).header
    assert VoiceHeader.from_json(json.loads(json.dumps(header.to_json()))) == header


@pytest.mark.parametrize("values", [{}, {"metadata": None}, {"metadata": {}, "config": [1]}])
def test_a_broken_header_is_refused(values):
    with pytest.raises(VoiceFileError) as caught:
        VoiceHeader.from_json(values)
    assert caught.value.code == "bad_config"


@pytest.mark.parametrize("damage", ["missing", "cut", "nonsense"])
def test_a_damaged_stored_voice_says_so(tmp_path, damage):
    path = tmp_path / "a.safetensors"
    if damage != "missing":
        write_voice(read_voice(make_voice(tmp_path / "a.pth")), path)
        data = path.read_bytes()
        path.write_bytes(data[:-1] if damage == "cut" else b"nonsense" * 10)
    with pytest.raises(VoiceFileError) as caught:
        open_stored_voice(path)
    assert caught.value.code == "damaged"


# What files carry


def test_applios_fields_are_read(tmp_path):
    facts = {
        "sr": 48000,
        "f0": True,
        "epoch": 300,
        "step": 12000,
        "creation_date": "2025-05-01T10:00:00",
        "model_name": "somebody",
        "embedder_model": "contentvec",
        "speakers_id": 2,
        "vocoder": "HiFi-GAN",
        "overtrain_info": "x" * 100_000,
        "nested": {"left": "behind"},
    }
    header = read_voice(make_voice(tmp_path / "a.pth", rate=48000, metadata=facts)).header
    assert (header.f0, header.embedder, header.encoder) == (True, "contentvec", "contentvec")
    assert (header.metadata["epoch"], header.metadata["speakers_id"]) == (300, 2)
    assert len(str(header.metadata["overtrain_info"])) == 500
    assert "nested" not in header.metadata


@pytest.mark.parametrize(
    ("embedder", "encoder"),
    [
        ("contentvec", "contentvec"),
        ("hubert_base", "contentvec"),
        ("hubert_base.pt", "contentvec"),
        ("japanese-hubert-base", "japanese-hubert-base"),
        ("spin-v2", "spin-v2"),
    ],
)
def test_the_encoder_has_one_name(tmp_path, embedder, encoder):
    header = read_voice(make_voice(tmp_path / "a.pth", metadata={"embedder_model": embedder})).header
    assert (header.embedder, header.encoder) == (embedder, encoder)


def test_absent_fields_have_rvcs_defaults(tmp_path):
    content = make_checkpoint(version="v1")
    del content["version"], content["f0"], content["info"], content["sr"]
    header = read_voice(save(content, tmp_path / "a.pth")).header
    assert (header.version, header.f0, header.metadata) == ("v1", True, {})


def test_texts_lose_what_cannot_be_shown(tmp_path):
    facts = {"author": "a\0b\nc\u202ed", "loss": float("nan"), "step": 2**70, "x" * 100: 1}
    header = read_voice(make_voice(tmp_path / "a.pth", metadata=facts)).header
    assert header.metadata["author"] == "abcd"
    assert set(header.metadata) == {"info", "sr", "author"}


def test_the_posterior_encoder_is_left_behind(tmp_path):
    content = make_checkpoint()
    content["weight"]["enc_q.pre.weight"] = torch.ones(3, 3)
    assert "enc_q.pre.weight" not in read_voice(save(content, tmp_path / "a.pth")).tensors


def test_the_newer_spelling_of_weight_norm_is_understood(tmp_path):
    content = make_checkpoint()
    newer = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): value
        for name, value in content["weight"].items()
    }
    voice = read_voice(save({**content, "weight": newer}, tmp_path / "a.pth"))
    assert list(voice.tensors) == list(content["weight"])


@pytest.mark.parametrize("vocoder", list(MARKS))
def test_weight_norm_may_be_folded_already(tmp_path, vocoder):
    sizes = {"upsample_initial_channel": 128, **SHALLOW} if vocoder == "RefineGAN" else {"wavenet_layers": 2}
    content = make_checkpoint(vocoder=vocoder, **sizes)
    pairs = read_voice(save(content, tmp_path / "a.pth"))
    content["weight"] = {name: torch.from_numpy(array) for name, array in fold_weight_norm(pairs.tensors)}
    folded = read_voice(save(content, tmp_path / "b.pth"))
    assert folded.header == pairs.header
    assert folded.tensors.keys() == pairs.tensors.keys()
    for (name, ours), (_, theirs) in zip(
        sorted(fold_weight_norm(folded.tensors)), sorted(fold_weight_norm(pairs.tensors)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=2e-7, err_msg=name)
    assert_stored_alike(folded, tmp_path / "b.safetensors")


@pytest.mark.parametrize(("written", "f0"), [("1", True), ("0", False), (True, True), (False, False)])
def test_f0_may_be_a_text_or_a_truth(tmp_path, written, f0):
    assert read_voice(make_voice(tmp_path / "a.pth", f0=f0, metadata={"f0": written})).header.f0 is f0


def test_dilations_without_a_kernel_are_left_behind(tmp_path):
    voice = read_voice(make_voice(tmp_path / "a.pth", resblock_kernel_sizes=[3, 5]))
    assert voice.header.geometry.resblock_dilations == ((1, 3, 5), (1, 3, 5))
    Synthesizer.load(voice, torch.device("cpu"))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_other_real_types_are_read_as_float32(tmp_path, kind):
    content = make_checkpoint()
    content["weight"] = {name: value.to(kind) for name, value in content["weight"].items()}
    voice = read_voice(save(content, tmp_path / "a.pth"))
    for name, value in content["weight"].items():
        np.testing.assert_array_equal(voice.tensors[name], value.float().numpy())
    assert_stored_alike(voice, tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "items",
    [
        {"resblock": "2", "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]], "resblock_kernel_sizes": [3, 5, 7]},
        {"n_layers": 1, "n_heads": 4, "kernel_size": 5, "hidden_channels": 24, "filter_channels": 20},
        {"upsample_rates": [8, 10, 5], "upsample_kernel_sizes": [16, 20, 10]},
        {"upsample_rates": [20, 20], "upsample_kernel_sizes": [40, 40], "upsample_initial_channel": 8},
        {"gin_channels": 1, "inter_channels": 6, "spk_embed_dim": 0},
    ],
)
def test_any_geometry_is_read(tmp_path, items):
    options = {"speakers": 4, "feature_width": 1024, "wavenet_layers": 5}
    voice = read_voice(make_voice(tmp_path / "a.pth", **options, **items))
    assert (voice.header.speakers, voice.header.feature_width, voice.wavenet_layers) == (4, 1024, 5)
    assert voice.header.encoder == "unknown-1024"
