"""The decoder of the embedded codec under training: what it says of each step, and its sound.

The network is an EnCodec decoder (`sled_codec.SourceFilter`), the sound that of the shipped codec's
own last stage, through which gradients flow. It speaks at the pitch that was measured, never at
its own: harmonics beside those of the recording would teach it to have none.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from codec_net import DIMENSION
from corpus import SAMPLE_RATE
from encodec.modules.seanet import SEANetDecoder
from sled_codec import SourceFilter
from sled_codec._synthesis import LOWEST_PITCH, Controls, Synthesis, pitch_of, place_of
from spectral_latents import HOP
from torch import Tensor, nn
from torch.nn import functional

SIZES = SourceFilter(contrast=0.5)  # which training does not see
_HIGHEST = 500.0  # Hz
_FAR = 10**6  # steps: where in the noise a crop may begin
_OFF = 0.5 / 12  # octaves


class Pitch(NamedTuple):
    """How well pitch and voicing are known: two losses, and the shares that are wrong."""

    voicing: Tensor
    pitch: Tensor
    voicing_wrong: float
    half_a_semitone_off: float


class DecoderNet(nn.Module):
    """An EnCodec decoder and the oscillator and filters that it drives."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = SEANetDecoder(
            channels=SIZES.channels,
            dimension=DIMENSION,
            n_filters=SIZES.n_filters,
            ratios=[SIZES.steps],
            causal=True,
        )
        samples = HOP // SIZES.steps
        self.synthesis = Synthesis(SIZES, samples=samples, sample_rate=SAMPLE_RATE)

    def forward(self, latents: Tensor) -> Tensor:
        """Give the channels `[steps, B, C]` of latents `[B, frames, D]`."""
        channels: Tensor = self.decoder(latents.transpose(1, 2))
        return channels.permute(2, 0, 1)

    def speak(self, channels: Tensor, pitch: Tensor) -> Tensor:
        """Return the wave `[B, samples]` at the pitch `[B, steps]`, its noise drawn at random."""
        _, _, voice, breath = self.synthesis.split(channels)
        past = self.synthesis.begin(len(pitch), voice)
        past.count = torch.randint(1, _FAR, past.count.shape)
        silent = torch.zeros(len(pitch), 1)
        past.controls = torch.cat((silent, voice[0], breath[0]), dim=-1)
        wave, _ = self.synthesis.speak(Controls(pitch.t(), voice, breath), past)
        return wave.transpose(0, 1).flatten(1)

    def hear_pitch(self, channels: Tensor, pitch: Tensor) -> Pitch:
        """Compare what it says of pitch and voicing with what was measured, `[B, steps]`.

        The cross entropy is to a bell over the neighbouring pitches, one of them wide.
        """
        voiced, logits, _, _ = self.synthesis.split(channels)
        pitch = pitch.t()
        is_voiced = (pitch > 0).float()
        places = torch.arange(logits.shape[-1])
        away = places - place_of(pitch.clamp(LOWEST_PITCH, _HIGHEST))[..., None]
        bell = (-0.5 * away.square()).softmax(dim=-1)
        missed = logits.logsumexp(dim=-1) - (bell * logits).sum(dim=-1)
        count = is_voiced.sum().clamp(min=1)
        off = (pitch_of(logits) / pitch.clamp(min=1)).log2().abs() > _OFF
        return Pitch(
            functional.binary_cross_entropy_with_logits(voiced, is_voiced),
            (missed * is_voiced).sum() / count,
            float(((voiced > 0) != (pitch > 0)).float().mean()),
            float((off * is_voiced).sum() / count),
        )
