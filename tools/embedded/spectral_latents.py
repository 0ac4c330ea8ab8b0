"""What the encoder of the embedded codec is taught: latents that are a spectrum and a pitch.

Trained through the decoder alone, a small encoder on few machines uses a handful of its 128
directions, and everything after it is muffled. So its latents are given a meaning: frame t is
the log-mel spectrum of what ends with frame t (one long window, two short ones), turned onto
its 126 principal axes and scaled towards equal variance, so that the residual quantizer and
the energy distance spend their precision on all of it. A mel spectrum tells the pitch to
little better than a semitone, far too roughly for a voice; so the last two numbers of a latent
are the pitch itself, in quarter tones from 160 Hz, and how much of the frame has voice.
"""

from __future__ import annotations

import torch
import torchaudio
from codec_net import DIMENSION
from corpus import SAMPLE_RATE
from torch import Tensor, nn
from torch.nn import functional

HOP = 320
_WINDOWS = ((1024, 80, 0), (256, 24, 0), (256, 24, 160))  # samples, mel bands, samples before end
_FLOOR = 2e-3
_WHITENING = 0.2  # variance v becomes v ** (1 - 2 · 0.2)
SPECTRAL = DIMENSION - 2  # how many of a latent's numbers are the spectrum
_MIDDLE, _QUARTER_TONES = 160.0, 24  # Hz; to the octave
_VOICED = 4.0


class SpectralLatents(nn.Module):
    """Log-mel features of every frame, and the affine map that makes latents of them."""

    mean: Tensor
    turn: Tensor

    def __init__(self) -> None:
        super().__init__()
        for number, (window, bands, _) in enumerate(_WINDOWS):
            self.register_buffer(f"window{number}", torch.hann_window(window))
            bank = torchaudio.functional.melscale_fbanks(
                window // 2 + 1, 0.0, SAMPLE_RATE / 2, bands, SAMPLE_RATE
            )
            self.register_buffer(f"bank{number}", bank)
        self.register_buffer("mean", torch.zeros(DIMENSION))
        self.register_buffer("turn", torch.eye(DIMENSION)[:, :SPECTRAL])

    def features(self, wave: Tensor) -> Tensor:
        """Measure waves `[B, 1, frames · 320]`; return `[B, frames, 128]`."""
        parts = []
        for number, (window, _, before) in enumerate(_WINDOWS):
            padded = functional.pad(wave[:, 0], (window - HOP + before, 0))
            padded = padded[:, : padded.shape[1] - before]
            shape = self.get_buffer(f"window{number}")
            spectrum = torch.stft(
                padded, window, HOP, window=shape, center=False, return_complex=True
            )
            mel = spectrum.abs().transpose(1, 2) @ self.get_buffer(f"bank{number}")
            parts.append((mel * (64 / window) + _FLOOR).log())
        return torch.cat(parts, dim=-1)

    def fit(self, waves: Tensor) -> None:
        """Find the principal axes of the features of `[B, 1, frames · 320]`."""
        points = self.features(waves).flatten(0, 1).double()
        self.mean.copy_(points.mean(0))
        variance, axes = torch.linalg.eigh(torch.cov(points.T))
        variance, axes = variance.flip(0).clamp(min=1e-6), axes.flip(1)
        scale = variance.pow(-_WHITENING)
        scale = scale / (variance * scale.square()).mean().sqrt()
        self.turn.copy_((axes * scale)[:, :SPECTRAL])

    def forward(self, wave: Tensor, pitch: Tensor) -> Tensor:
        """Return the latents `[B, 128, frames]` to be learnt of waves and their Hz `[B, steps]`.

        The spectrum's part has a mean square of 1.
        """
        spectrum = (self.features(wave) - self.mean) @ self.turn
        return torch.cat([spectrum, tone(pitch, spectrum.shape[1])], dim=-1).transpose(1, 2)


def tone(pitch: Tensor, frames: int) -> Tensor:
    """Return pitch and voicing `[B, frames, 2]` of Hz `[B, steps]`; without voice both are 0."""
    steps = pitch.view(len(pitch), frames, -1)
    voiced = (steps > 0).float()
    tones = _QUARTER_TONES * (steps.clamp(min=1) / _MIDDLE).log2()
    pitches = (voiced * tones).sum(-1) / voiced.sum(-1).clamp(min=1)
    return torch.stack([pitches, _VOICED * voiced.mean(-1)], dim=-1)
