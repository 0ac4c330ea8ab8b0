"""How far the decoder's sound is from the recording: their spectra, on several scales."""

from __future__ import annotations

import torch
from corpus import SAMPLE_RATE
from torch import Tensor, nn

_WINDOWS = (128, 256, 512, 1024, 2048)
_FLOOR = 1e-3


class SpectralLoss(nn.Module):
    """L1 distance of log magnitudes, and the relative error of the magnitudes, on several scales.

    The log has a soft floor: a hard one gives silent output no gradient. A frequency counts by how
    finely the ear divides it (the slope of the mel scale), else half of all would lie above 6 kHz.
    """

    def __init__(self) -> None:
        super().__init__()
        for window in _WINDOWS:
            self.register_buffer(f"window{window}", torch.hann_window(window))
            slope = 1 / (700 + torch.linspace(0, SAMPLE_RATE / 2, window // 2 + 1))
            self.register_buffer(f"slope{window}", (slope / slope.mean())[:, None])

    def forward(self, output: Tensor, target: Tensor, scales: int = len(_WINDOWS)) -> Tensor:
        """Compare waves `[B, samples]` on some scales, drawn at random; return a scalar."""
        total = output.new_zeros(())
        for scale in torch.randperm(len(_WINDOWS))[:scales]:
            window = _WINDOWS[scale]
            made, wanted = (self._magnitudes(wave, window) for wave in (output, target))
            apart = ((made + _FLOOR).log() - (wanted + _FLOOR).log()).abs()
            total = total + (self.get_buffer(f"slope{window}") * apart).mean()
            error = (made - wanted).square().sum() / wanted.square().sum()
            total = total + 0.5 * (error + 1e-12).sqrt()
        return total / scales

    def _magnitudes(self, wave: Tensor, window: int) -> Tensor:
        shape = self.get_buffer(f"window{window}")
        spectrum = torch.stft(wave, window, window // 4, window=shape, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        magnitudes: Tensor = (power + 1e-10).sqrt() * (4 / window**0.5)
        return magnitudes
