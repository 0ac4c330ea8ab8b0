"""Losses of the codec: log-mel distance on several scales, waveform L1, adversarial terms.

The adversarial part is EnCodec's (arXiv 2210.13438, section 3.4): hinge losses and
feature matching on a multi-scale STFT discriminator.
"""

from __future__ import annotations

import torch
import torchaudio
from corpus import SAMPLE_RATE
from encodec.msstftd import MultiScaleSTFTDiscriminator
from torch import Tensor, nn
from torch.nn import functional

_SCALES = ((128, 10), (256, 20), (512, 40), (1024, 80), (2048, 120))  # window, mel bands
_FLOOR = 2e-3

Features = tuple[list[Tensor], list[list[Tensor]]]


class MelLoss(nn.Module):
    """L1 and root-mean-square distance of log-mel magnitudes, and the linear relative error.

    The log has a soft floor: a hard one gives silent output no gradient.
    """

    def __init__(self) -> None:
        super().__init__()
        for window, bands in _SCALES:
            self.register_buffer(f"window{window}", torch.hann_window(window))
            bank = torchaudio.functional.melscale_fbanks(
                window // 2 + 1, 0.0, SAMPLE_RATE / 2, bands, SAMPLE_RATE
            )
            self.register_buffer(f"bank{window}", bank)

    def forward(self, output: Tensor, target: Tensor, scales: int = len(_SCALES)) -> Tensor:
        """Compare waves `[B, 1, samples]` on some scales, drawn at random; return a scalar."""
        total = output.new_zeros(())
        for scale in torch.randperm(len(_SCALES))[:scales]:
            window = _SCALES[scale][0]
            with torch.no_grad():
                wanted = self._mel(target[:, 0], window)
            made = self._mel(output[:, 0], window)
            difference = (made + _FLOOR).log() - (wanted + _FLOOR).log()
            total = total + difference.abs().mean() + 0.5 * difference.square().mean().sqrt()
            total = total + (made - wanted).square().sum().sqrt() / wanted.square().sum().sqrt()
        return total / scales

    def _mel(self, wave: Tensor, window: int) -> Tensor:
        shape = self.get_buffer(f"window{window}")
        spectrum = torch.stft(wave, window, window // 4, window=shape, return_complex=True)
        bank = self.get_buffer(f"bank{window}")
        return spectrum.abs().transpose(1, 2) @ bank * (64 / window)


def discriminator() -> MultiScaleSTFTDiscriminator:
    """EnCodec's multi-scale STFT discriminator with few filters."""
    return MultiScaleSTFTDiscriminator(
        filters=12, n_ffts=[1024, 2048, 512], hop_lengths=[256, 512, 128],
        win_lengths=[1024, 2048, 512],
    )  # fmt: skip


def discriminator_loss(real: Features, fake: Features) -> Tensor:
    """Hinge loss that pushes real logits above 1 and fake logits below -1."""
    pairs = zip(real[0], fake[0], strict=True)
    return torch.stack([(1 - r).relu().mean() + (1 + f).relu().mean() for r, f in pairs]).mean()


def generator_loss(real: Features, fake: Features) -> tuple[Tensor, Tensor]:
    """Return the adversarial loss and the relative feature-matching loss of the codec."""
    adversarial = torch.stack([(1 - logit).relu().mean() for logit in fake[0]]).mean()
    matching = [
        functional.l1_loss(f, r.detach()) / r.detach().abs().mean()
        for reals, fakes in zip(real[1], fake[1], strict=True)
        for r, f in zip(reals, fakes, strict=True)
    ]
    return adversarial, torch.stack(matching).mean()
