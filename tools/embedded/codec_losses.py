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


class Compressed(nn.Module):
    """A complex spectrogram whose magnitudes are their own square roots.

    Of speech as quiet as it mostly is, a judge of plain spectrograms learns next to nothing: after
    500 steps its gradient was the same for every wave. So it tells real from made after 100.
    """

    def __init__(self, transform: nn.Module) -> None:
        super().__init__()
        self.transform = transform

    def forward(self, wave: Tensor) -> Tensor:
        """Give complex `[B, 1, bins, frames]` for `[B, 1, samples]`."""
        spectrum: Tensor = self.transform(wave)
        power = spectrum.real.square() + spectrum.imag.square()
        return spectrum / (power + _FLOOR**2).pow(0.25)


class Judge(nn.Module):
    """EnCodec's discriminators of complex spectrograms, with few filters, some at a time."""

    def __init__(self) -> None:
        super().__init__()
        windows = [256, 512, 1024, 2048]
        self.networks = MultiScaleSTFTDiscriminator(
            filters=16, n_ffts=windows, win_lengths=windows, hop_lengths=[w // 4 for w in windows]
        ).discriminators
        for network in self.networks:
            network.spec_transform = Compressed(network.get_submodule("spec_transform"))
        # oneDNN's bf16 convolutions want the channels last
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch leaves it so

    def forward(self, wave: Tensor, scales: list[int]) -> Features:
        """Give the logits and the features of waves `[B, 1, samples]` on some scales."""
        with torch.autocast("cpu", torch.bfloat16):
            seen = [self.networks[scale](wave) for scale in scales]
        return [x.float() for x, _ in seen], [[x.float() for x in layers] for _, layers in seen]

    def draw(self, count: int = 2) -> list[int]:
        """Choose scales at random."""
        return torch.randperm(len(self.networks))[:count].tolist()


def discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Hinge loss that pushes real logits above 1 and fake logits below -1."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([(1 - r).relu().mean() + (1 + f).relu().mean() for r, f in pairs]).mean()


def generator_loss(real: list[list[Tensor]], fake: Features) -> tuple[Tensor, Tensor]:
    """Return the adversarial loss, and the feature-matching loss relative to `real` features."""
    adversarial = torch.stack([(1 - logit).relu().mean() for logit in fake[0]]).mean()
    matching = [
        functional.l1_loss(f, r) / r.abs().mean()
        for reals, fakes in zip(real, fake[1], strict=True)
        for r, f in zip(reals, fakes, strict=True)
    ]
    return adversarial, torch.stack(matching).mean()


def balance(main: Tensor, other: Tensor, share: float, output: Tensor) -> Tensor:
    """Return the gradient of `main` by `output`, and that of `other` at `share` times its length.

    As in EnCodec (section 3.4), but over the present batch alone.
    """
    (leading,), (added,) = (torch.autograd.grad(loss, output) for loss in (main, other))
    sum_of_both: Tensor = leading + share * leading.norm() / (added.norm() + 1e-12) * added
    return sum_of_both
