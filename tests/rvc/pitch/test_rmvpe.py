"""RMVPE against the reference's stages, in windows, at full size, and with damaged files."""

import numpy as np
import pytest
import torch

from rvc.errors import AssetError
from rvc.pitch import rmvpe
from rvc.pitch.rmvpe import WINDOWING, Geometry, Network, RmvpeEstimator, decode
from rvc.pitch.track import Windowing
from tests.rvc.golden import Arrays, golden
from tests.rvc.pitch.conftest import trapped

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def estimator():
    return RmvpeEstimator(golden("tiny_rmvpe.pt"), CPU)


def test_the_salience_equals_the_reference(estimator):
    arrays = Arrays("rmvpe.npz")
    salience = estimator.salience(arrays["audio"])
    assert salience.shape == (251, 360)
    assert np.abs(salience[::5] - arrays.thinned("salience", 5)).max() < 1e-4


def test_decoding_equals_the_reference_at_edges_and_under_the_threshold():
    arrays = Arrays("rmvpe.npz")
    assert np.abs(decode(arrays["decode_in"]) - arrays["decode_out"]).max() < 1e-2
    assert (arrays["decode_out"] == 0).any()


def test_the_pitch_equals_the_reference(estimator):
    """Random weights leave near ties between bins: such a frame may take the other one."""
    arrays = Arrays("rmvpe.npz")
    differences = np.abs(estimator(arrays["audio"]) - arrays["f0"])
    assert (differences < 1e-2).mean() > 0.99


def test_windows_leave_no_seam(estimator, speech):
    whole = estimator.salience(speech)
    windowing = Windowing(length=192, context=320)
    joined = np.concatenate([w.kept(estimator.salience(w.read(speech))) for w in windowing.over(len(speech))])
    assert joined.shape == whole.shape == (711, 360)
    assert np.abs(joined - whole).max() < 1e-5
    windowed = RmvpeEstimator(golden("tiny_rmvpe.pt"), CPU, windowing)
    assert (np.abs(windowed(speech) - estimator(speech)) < 1e-2).mean() > 0.99


def test_the_context_of_windows_is_all_that_the_published_network_sees():
    """Not-a-number spreads to whatever depends on it, whatever the weights; a network as deep as the published one."""
    network = Network(Geometry(channels=1, stages=5, blocks=4, middle=4, hidden=4)).eval()
    mel = torch.zeros(1, 1, 3904, 128)
    mel[:, :, 1920:1984] = torch.nan
    with torch.inference_mode():
        touched = torch.nonzero(network.cnn(network.unet(mel)).isnan().any(dim=(0, 1, 3)))[:, 0]
    assert 1500 < 1920 - touched.min() <= WINDOWING.context
    assert 1500 < touched.max() - 1983 <= WINDOWING.context
    assert WINDOWING.context % network.multiple == WINDOWING.length % network.multiple == 0


def test_tiles_change_nothing(estimator, speech, monkeypatch):
    whole = estimator.salience(speech)
    for tile in (32, 100):
        monkeypatch.setattr(rmvpe, "TILE", tile)
        assert np.abs(estimator.salience(speech) - whole).max() < 1e-5


def test_it_takes_the_published_size():
    """741 tensors, 90.4 million values; built without memory."""
    with torch.device("meta"):
        network = Network(Geometry(channels=16, stages=5, blocks=4, middle=4, hidden=256))
    state = network.state_dict()
    assert len(state) == 741
    assert sum(value.numel() for name, value in state.items() if not name.endswith("tracked")) == pytest.approx(
        90.4e6, rel=2e-3
    )
    assert Geometry.of(state) == Geometry(16, 5, 4, 4, 256)


def test_folding_the_norms_changes_nothing():
    torch.manual_seed(1)
    network = Network(Geometry(channels=2, stages=2, blocks=2, middle=1, hidden=8))
    mel = torch.randn(128, 30)
    with torch.inference_mode():
        network(mel)
        network.eval()
        before = network(mel)
        network.fold_norms()
        assert (network(mel) - before).abs().max() < 1e-5
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.unet.decoder.modules())


def test_any_length_is_measured(estimator):
    for samples in (0, 1, 159, 160, 3000):
        assert len(estimator(np.zeros(samples))) == samples // 160 + 1


def test_progress_may_stop_the_work(speech):
    progress = trapped(after=0.5)
    with pytest.raises(InterruptedError):
        RmvpeEstimator(golden("tiny_rmvpe.pt"), CPU, Windowing(192, 64))(speech, progress)
    assert progress.heard == pytest.approx([192 / 711, 384 / 711])


def test_a_file_with_a_tensor_missing_or_left_over_is_refused_by_name(tmp_path):
    weights = torch.load(golden("tiny_rmvpe.pt"), weights_only=True)
    removed = weights.pop("unet.decoder.layers.2.conv1.0.weight")
    torch.save(weights, tmp_path / "rmvpe.pt")
    with pytest.raises(AssetError, match=r"decoder\.layers\.2\.conv1\.0\.weight") as caught:
        RmvpeEstimator(tmp_path / "rmvpe.pt", CPU)
    assert caught.value.code == "asset_damaged"
    torch.save(weights | {"unet.decoder.layers.2.conv1.0.weight": removed, "more": removed}, tmp_path / "rmvpe.pt")
    with pytest.raises(AssetError, match="more"):
        RmvpeEstimator(tmp_path / "rmvpe.pt", CPU)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "rmvpe.pt").write_bytes(b"<html>not found</html>")
    with pytest.raises(AssetError) as caught:
        RmvpeEstimator(tmp_path / "rmvpe.pt", CPU)
    assert caught.value.code == "asset_damaged"
    torch.save({"epoch": 3}, tmp_path / "rmvpe.pt")
    with pytest.raises(AssetError, match="expected network"):
        RmvpeEstimator(tmp_path / "rmvpe.pt", CPU)


@pytest.mark.full_size
def test_the_published_file_measures_a_voice(assets, speech):
    if not assets.installed("rmvpe"):
        pytest.skip(f"rmvpe is not installed in {assets.folder} (set ASSETS_DIR)")
    f0 = RmvpeEstimator(assets.path("rmvpe"), CPU)(speech)
    assert 80 < np.median(f0[f0 > 0]) < 110
