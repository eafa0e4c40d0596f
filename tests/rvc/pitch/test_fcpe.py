"""FCPE: the published weights against the reference; windows, sizes and damaged files with a small random network."""

import numpy as np
import pytest
import torch

from rvc.errors import AssetError
from rvc.pitch.fcpe import NAMES, FcpeEstimator, Network, decode, load_network
from rvc.pitch.track import Windowing
from tests.rvc.golden import Arrays
from tests.rvc.pitch.conftest import trapped

CPU = torch.device("cpu")
WIDTH, INNER = 16, 32


def published_style(path, depth=2):
    """A small random network in a file with the published names; returns what it holds."""
    torch.manual_seed(2)
    state = {
        "cent_table": torch.linspace(2051.15, 9151.53, 360),
        "gaussian_blurred_cent_mask": torch.tensor(9151.53),
        "norm.weight": torch.ones(WIDTH),
        "norm.bias": torch.zeros(WIDTH),
        "input_stack.0.weight": torch.randn(WIDTH, 128, 3) * 0.1,
        "input_stack.0.bias": torch.randn(WIDTH),
        "input_stack.1.weight": 1 + 0.1 * torch.randn(WIDTH),
        "input_stack.1.bias": torch.randn(WIDTH),
        "input_stack.3.weight": torch.randn(WIDTH, WIDTH, 3),
        "input_stack.3.bias": torch.randn(WIDTH),
        "output_proj.bias": torch.zeros(360),
        "output_proj.parametrizations.weight.original0": torch.rand(360, 1) * 3,
        "output_proj.parametrizations.weight.original1": torch.randn(360, WIDTH),
    }
    for layer in range(depth):
        net = f"net.encoder_layers.{layer}.conformer.net"
        state |= {
            f"net.encoder_layers.{layer}.norm.weight": torch.ones(WIDTH),
            f"net.encoder_layers.{layer}.norm.bias": torch.zeros(WIDTH),
            f"{net}.0.weight": torch.ones(WIDTH),
            f"{net}.0.bias": torch.zeros(WIDTH),
            f"{net}.2.weight": torch.randn(2 * INNER, WIDTH, 1) * 0.3,
            f"{net}.2.bias": torch.randn(2 * INNER),
            f"{net}.4.conv.weight": torch.randn(INNER, 1, 31) * 0.3,
            f"{net}.4.conv.bias": torch.randn(INNER),
            f"{net}.6.weight": torch.randn(WIDTH, INNER, 1) * 0.3,
            f"{net}.6.bias": torch.randn(WIDTH),
        }
    torch.save({"global_step": 1, "model": state, "config_dict": {"model": {"conv_only": True}}}, path)
    return state


@pytest.fixture
def small(tmp_path):
    published_style(tmp_path / "fcpe.pt")
    return tmp_path / "fcpe.pt"


@pytest.mark.full_size
def test_it_equals_the_reference(assets):
    if not assets.installed("fcpe"):
        pytest.skip(f"fcpe is not installed in {assets.folder} (set ASSETS_DIR)")
    estimator = FcpeEstimator(assets.path("fcpe"), CPU)
    padded = np.pad(Arrays("audio_front.npz")["highpassed"], 16000, mode="reflect")
    f0, reference = estimator(padded), Arrays("f0.npz")["fcpe_f0"]
    assert f0.shape == reference.shape
    assert np.abs(f0 - reference).max() < 1e-2


@pytest.mark.full_size
def test_the_published_network_leaves_no_seam(assets, speech):
    if not assets.installed("fcpe"):
        pytest.skip(f"fcpe is not installed in {assets.folder} (set ASSETS_DIR)")
    whole = FcpeEstimator(assets.path("fcpe"), CPU)(speech)
    joined = FcpeEstimator(assets.path("fcpe"), CPU, Windowing(length=280, context=128))(speech)
    assert 80 < np.median(whole[whole > 0]) < 110
    assert np.abs(joined - whole).max() < 1e-2


def test_the_depth_and_widths_are_the_weights(small):
    network = load_network(small)
    assert len(network.blocks) == 2
    assert network.blocks[0].mix.weight.shape == (INNER, 1, 31)


def test_the_output_weight_is_its_length_times_its_direction_in_either_spelling(tmp_path):
    state = published_style(tmp_path / "fcpe.pt")
    older = {name.replace("parametrizations.weight.original0", "weight_g"): value for name, value in state.items()}
    older = {name.replace("parametrizations.weight.original1", "weight_v"): value for name, value in older.items()}
    torch.save({"model": older}, tmp_path / "older.pt")
    assert torch.equal(
        load_network(tmp_path / "older.pt").leave.weight, load_network(tmp_path / "fcpe.pt").leave.weight
    )
    weight = load_network(tmp_path / "fcpe.pt").leave.weight
    assert torch.allclose(weight.norm(dim=1), state["output_proj.parametrizations.weight.original0"][:, 0], atol=1e-5)
    direction = state["output_proj.parametrizations.weight.original1"]
    assert torch.allclose(torch.cosine_similarity(weight, direction), torch.ones(360), atol=1e-5)


def test_windows_leave_no_seam_although_a_norm_spans_the_recording(small, speech):
    speech = speech * np.linspace(0.1, 1, len(speech), dtype=np.float32)  # so that parts differ from the whole
    whole = FcpeEstimator(small, CPU)(speech)
    joined = FcpeEstimator(small, CPU, Windowing(length=280, context=64))(speech)
    assert whole.std() > 1
    assert (np.abs(joined - whole) < 1e-2).mean() > 0.995  # random salience has near ties between bins


def test_a_loud_neighbour_changes_the_norm(small, speech):
    """Otherwise the test above would prove nothing."""
    estimator = FcpeEstimator(small, CPU)
    alone = estimator(speech[: 160 * 280])[:180]
    assert np.abs(alone - estimator(np.concatenate([speech[: 160 * 280], speech * 0.01]))[:180]).max() > 1


def test_decoding_averages_nine_bins_and_holds_the_ends():
    cents = torch.linspace(0, 3590, 360)
    salience = torch.zeros(4, 360)
    salience[0, [100, 102]] = 0.5
    salience[1, 0] = 0.9
    salience[2, 359] = 0.9
    salience[3, 7] = 0.006
    expected = 10 * 2 ** (np.array([1010, 0, 3590]) / 1200)
    assert np.allclose(decode(salience, cents)[:3], expected, rtol=1e-4)
    assert decode(salience, cents)[3] == 0


def test_any_length_is_measured(small):
    estimator = FcpeEstimator(small, CPU)
    for samples in (0, 1, 159, 160, 161, 3000):
        assert len(estimator(np.zeros(samples))) == samples // 160 + 1


def test_progress_may_stop_either_pass(small, speech):
    estimator = FcpeEstimator(small, CPU, Windowing(length=280, context=64))
    for after, heard in ((0.01, 1), (0.3, 4)):
        progress = trapped(after)
        with pytest.raises(InterruptedError):
            estimator(speech, progress)
        assert len(progress.heard) == heard
        assert progress.heard == sorted(progress.heard)


def test_every_published_name_has_one_of_ours():
    assert len({ours for _, ours in NAMES}) == len(NAMES)
    with torch.device("meta"):
        ours = {name.split(".")[0] for name in Network(8, 8, 1).state_dict()}
    assert {name.split(".")[0] for _, name in NAMES} | {"cent_table"} == ours


def test_a_file_with_attention_or_without_a_network_is_refused(small):
    holds = torch.load(small, weights_only=True)
    holds["model"]["net.encoder_layers.0.attn.to_q.weight"] = torch.zeros(2, 2)
    torch.save(holds, small)
    with pytest.raises(AssetError, match="to_q") as caught:
        FcpeEstimator(small, CPU)
    assert caught.value.code == "asset_damaged"
    torch.save({"weights": {}}, small)
    with pytest.raises(AssetError, match="does not hold the network"):
        FcpeEstimator(small, CPU)
