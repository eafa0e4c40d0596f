"""Log-mel spectra against librosa and the reference."""

import numpy as np
import pytest
import torch

from rvc.pitch.mel import LogMel, mel_basis
from tests.rvc.golden import Arrays


@pytest.mark.parametrize(("low", "high", "htk"), [(30, 8000, True), (0, 8000, False)])
def test_the_bands_equal_librosas(low, high, htk):
    from librosa.filters import mel

    theirs = mel(sr=16000, n_fft=1024, n_mels=128, fmin=low, fmax=high, htk=htk)
    assert np.abs(mel_basis(low, high, htk=htk) - theirs).max() < 1e-7


def test_the_rmvpe_spectrum_equals_the_reference():
    golden = Arrays("rmvpe.npz")
    log_mel = LogMel(mel_basis(30, 8000, htk=True), padding=512, bias=0, device=torch.device("cpu"))
    ours, theirs = log_mel(golden["audio"]).numpy(), golden.thinned("mel", 5)[0]
    step = 1 if theirs.shape == ours.shape else 5  # the kept part has every fifth frame
    assert ours.shape == (128, 251)
    assert np.abs(ours[:, ::step] - theirs).max() < 1e-4


def test_a_wave_shorter_than_a_frame_has_a_spectrum():
    log_mel = LogMel(mel_basis(30, 8000, htk=True), padding=512, bias=0, device=torch.device("cpu"))
    for samples in (1, 100, 500):
        assert log_mel(np.ones(samples)).shape == (128, samples // 160 + 1)
