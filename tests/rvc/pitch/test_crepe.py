"""CREPE: published weights against the reference; frames, path and filters with a small random network."""

import numpy as np
import pytest
import torch

from rvc.errors import AssetError
from rvc.pitch.crepe import CrepeEstimator, PitchPath, batches, lower_median3, mean3
from tests.rvc.golden import Arrays
from tests.rvc.pitch.conftest import trapped

CPU = torch.device("cpu")


@pytest.fixture
def small(tmp_path):
    """A small random network with the published names."""
    torch.manual_seed(5)
    state, inputs = {}, 1
    for number, outputs in enumerate([8, 4, 4, 4, 4, 8], start=1):
        state[f"conv{number}.weight"] = torch.randn(outputs, inputs, 64 if number > 1 else 512, 1) * 0.1
        state[f"conv{number}.bias"] = torch.randn(outputs)
        state[f"conv{number}_BN.weight"] = torch.rand(outputs) + 0.5
        state[f"conv{number}_BN.bias"] = torch.randn(outputs)
        state[f"conv{number}_BN.running_mean"] = torch.randn(outputs)
        state[f"conv{number}_BN.running_var"] = torch.rand(outputs) + 0.5
        state[f"conv{number}_BN.num_batches_tracked"] = torch.tensor(0)
        inputs = outputs
    state["classifier.weight"] = torch.randn(360, 32)
    state["classifier.bias"] = torch.zeros(360)
    torch.save(state, tmp_path / "tiny.pth")
    return tmp_path / "tiny.pth"


@pytest.mark.full_size
def test_it_equals_the_reference(assets):
    """One second of it: the whole would take a quarter of a minute."""
    if not assets.installed("crepe"):
        pytest.skip(f"crepe is not installed in {assets.folder} (set ASSETS_DIR)")
    padded = np.pad(Arrays("audio_front.npz")["highpassed"], 16000, mode="reflect")
    reference = Arrays("f0.npz")["crepe_f0"]
    f0 = CrepeEstimator("crepe", assets.path("crepe"), CPU)(padded)
    assert f0.shape == reference.shape
    assert np.abs(f0 - reference).max() < 1e-2


@pytest.mark.full_size
def test_the_tiny_network_measures_a_voice_in_batches_of_any_size(assets, speech):
    if not assets.installed("crepe-tiny"):
        pytest.skip(f"crepe-tiny is not installed in {assets.folder} (set ASSETS_DIR)")
    f0 = CrepeEstimator("crepe-tiny", assets.path("crepe-tiny"), CPU)(speech)
    assert 80 < np.median(f0[f0 > 0]) < 110
    joined = CrepeEstimator("crepe-tiny", assets.path("crepe-tiny"), CPU, batch=50)(speech)
    assert np.abs(joined - f0).max() < 1e-2


def test_batches_leave_no_seam(small, speech):
    whole = CrepeEstimator("crepe-tiny", small, CPU, batch=1000)(speech)
    joined = CrepeEstimator("crepe-tiny", small, CPU, batch=37)(speech)
    assert whole.shape == (len(speech) // 160 + 1,)
    assert (np.abs(joined - whole) < 1e-2).mean() > 0.99  # random salience has near ties between paths


def test_frames_are_centred_on_their_sample_and_normalised():
    wave = np.random.default_rng(0).normal(size=5000) + 3
    frames = np.concatenate([batch for _, batch in batches(wave, 5)])
    assert frames.shape == (32, 1024)
    assert np.abs(frames.mean(axis=1)).max() < 1e-5
    piece = wave[10 * 160 - 512 : 10 * 160 + 512]
    assert np.allclose(frames[10], (piece - piece.mean()) / piece.std(ddof=1), atol=1e-5)
    padded = np.concatenate([np.zeros(512), wave[:512]])
    assert np.allclose(frames[0], (padded - padded.mean()) / padded.std(ddof=1), atol=1e-5)


def test_the_path_stays_in_50_to_1100_hz_and_moves_less_than_12_bins():
    salience = np.full((60, 360), 0.01, np.float32)
    salience[:, 5] = salience[:, 350] = 1.0  # out of range
    salience[:30, 60] = 0.9
    salience[30:, 70] = 0.9
    salience[15, 200] = 1.0  # one wild frame
    path = PitchPath()
    for start in range(0, 60, 7):
        path.add(salience[start : start + 7])
    bins, at_bins = path.finish()
    assert bins.tolist() == [60] * 30 + [70] * 30
    assert np.allclose(np.delete(at_bins, 15), 0.9)


def test_filters_shrink_at_the_ends():
    values = np.array([4.0, 1.0, 7.0, 2.0])
    assert mean3(values).tolist() == [2.5, 4.0, pytest.approx(10 / 3), 4.5]
    assert lower_median3(values).tolist() == [1.0, 4.0, 2.0, 2.0]
    for few in ([5.0], [5.0, 3.0]):
        assert mean3(np.array(few)).tolist() == [np.mean(few)] * len(few)
        assert lower_median3(np.array(few)).tolist() == [min(few)] * len(few)


def test_silence_and_very_short_waves_are_measured(small):
    estimator = CrepeEstimator("crepe", small, CPU)
    for samples in (0, 1, 159, 160, 3000):
        assert len(estimator(np.zeros(samples))) == samples // 160 + 1


def test_progress_may_stop_the_work(small, speech):
    progress = trapped(after=0.2)
    with pytest.raises(InterruptedError):
        CrepeEstimator("crepe", small, CPU, batch=100)(speech, progress)
    assert progress.heard == pytest.approx([100 / 711, 200 / 711])


def test_a_file_that_lacks_a_tensor_is_refused_by_name(small):
    state = torch.load(small, weights_only=True)
    del state["conv3_BN.running_var"]
    torch.save(state, small)
    with pytest.raises(AssetError, match=r"layers\.2\.norm\.running_var"):
        CrepeEstimator("crepe", small, CPU)
    torch.save({"conv1.weight": torch.zeros(2)}, small)
    with pytest.raises(AssetError, match="expected network"):
        CrepeEstimator("crepe", small, CPU)
