"""How far the decoder's sound is from the recording: their spectra, on several scales."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_WINDOWS = (128, 256, 512, 1024, 2048)
_FLOOR = 1e-3


class SpectralLoss(nn.Module):
    """L1 distance of log magnitudes, and the relative error of the magnitudes, on several scales.

    The log has a soft floor: a hard one gives silent output no gradient.
    """

    def __init__(self) -> None:
        super().__init__()
        for window in _WINDOWS:
            self.register_buffer(f"window{window}", torch.hann_window(window))

    def forward(self, output: Tensor, target: Tensor, scales: int = len(_WINDOWS)) -> Tensor:
        """Compare waves `[B, samples]` on some scales, drawn at random; return a scalar."""
        total = output.new_zeros(())
        for scale in torch.randperm(len(_WINDOWS))[:scales]:
            made, wanted = (self._magnitudes(wave, _WINDOWS[scale]) for wave in (output, target))
            total = total + ((made + _FLOOR).log() - (wanted + _FLOOR).log()).abs().mean()
            error = (made - wanted).square().sum() / wanted.square().sum()
            total = total + 0.5 * (error + 1e-12).sqrt()
        return total / scales

    def _magnitudes(self, wave: Tensor, window: int) -> Tensor:
        shape = self.get_buffer(f"window{window}")
        spectrum = torch.stft(wave, window, window // 4, window=shape, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        magnitudes: Tensor = (power + 1e-10).sqrt() * (4 / window**0.5)
        return magnitudes
