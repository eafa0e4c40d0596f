"""Log-mel spectra as the pitch networks were trained on them: 1024-point frames every 10 ms at 16 kHz, 128 bands."""

from typing import Any

import numpy as np
import torch

from rvc import SAMPLE_RATE
from rvc.pitch.track import HOP, FloatArray

FRAME = 1024  # samples under the window
BANDS = 128
FLOOR = 1e-5  # smallest band magnitude before the logarithm


class LogMel:
    """Wave -> log of band magnitudes, natural logarithm."""

    def __init__(self, basis: FloatArray, *, padding: int, bias: float, device: torch.device) -> None:
        """`padding`: samples reflected at both ends. `bias` is added to the squared magnitude of every bin."""
        self.basis = torch.from_numpy(basis.astype(np.float32)).to(device)
        self.window = torch.hann_window(FRAME, device=device)
        self.padding = padding
        self.bias = bias

    def __call__(self, wave: FloatArray) -> torch.Tensor:
        """(N,) in ±1, N > 0 -> (128, frames), frames = (N + 2·padding - 1024) // 160 + 1."""
        padded = np.pad(np.asarray(wave, np.float32), self.padding, mode="reflect")
        samples = torch.from_numpy(padded).to(self.basis.device)
        bins = torch.stft(samples, FRAME, HOP, window=self.window, center=False, return_complex=True)  # (513, frames)
        magnitude = torch.sqrt(bins.real.square() + bins.imag.square() + self.bias)
        return torch.log(torch.clamp(self.basis @ magnitude, min=FLOOR))


def mel_basis(low: float, high: float, *, htk: bool) -> FloatArray:
    """Triangular bands of equal area (Slaney's normalisation) between two frequencies; (128, 513) float64.

    htk: bands spaced on the HTK mel scale, else on Slaney's, which is linear below 1 kHz.
    """
    to_mel, to_hertz = (_htk_mel, _htk_hertz) if htk else (_slaney_mel, _slaney_hertz)
    edges = to_hertz(np.linspace(to_mel(low), to_mel(high), BANDS + 2))
    bins = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    widths = np.diff(edges)
    rising = (bins - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins) / widths[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    basis: FloatArray = np.maximum(0, np.minimum(rising, falling)) * area[:, None]
    return basis


def _htk_mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _htk_hertz(mel: Any) -> Any:
    return 700 * (10 ** (mel / 2595) - 1)


STEP = 200 / 3  # Hz per mel below 1 kHz
LOG_STEP = np.log(6.4) / 27  # natural logarithm of the frequency ratio per mel above


def _slaney_mel(hertz: float) -> float:
    return float(hertz / STEP if hertz < 1000 else 15 + np.log(hertz / 1000) / LOG_STEP)


def _slaney_hertz(mel: Any) -> Any:
    return np.where(mel < 15, mel * STEP, 1000 * np.exp((mel - 15) * LOG_STEP))
