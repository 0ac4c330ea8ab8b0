"""The last stage of a source-filter decoder: from what it says of each step to the wave.

A small network that must draw every period of a voice itself, knowing no phase, learns to draw
hardly any harmonic above the first few. So it only says how high the voice is and how bright
each band, and an oscillator and two filters do the rest, as in DDSP (arXiv 2001.04643).
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from sled_codec._config import CodecConfig, SourceFilter
from sled_codec._filter import (
    band_map,
    blur_map,
    contrast,
    minimum_phase,
    most_taps,
    overlap,
    shape,
    tail_length,
)
from sled_codec._memory import Memory
from sled_codec._source import noise, pulses

LOWEST_PITCH = 55.0  # Hz
_PITCHES_PER_OCTAVE = 30
_AROUND = 3  # pitches beside the likeliest that are averaged with it
_LEVEL = -4.0  # log amplitude of a silent network
_LOUDEST = 4.0


class Controls(NamedTuple):
    """What the network says of each step, at its end.

    ``pitch``: Hz ``[steps, B]``, 0 where voiceless; ``voice`` and ``breath``: natural logarithms
    of the amplitude of the harmonics and of the noise ``[steps, B, bands]``.
    """

    pitch: Tensor
    voice: Tensor
    breath: Tensor


@dataclass
class Past:
    """What the steps so far leave to the next: all tensors ``[B, ..]``."""

    controls: Tensor
    phase: Tensor
    count: Tensor
    tail: Tensor


class Synthesis(nn.Module):
    """Oscillator and filters; it holds no weights. A `Stage` of the decoder."""

    def __init__(self, sizes: SourceFilter, *, samples: int, sample_rate: int) -> None:
        super().__init__()
        self.sizes, self.samples, self.sample_rate = sizes, samples, sample_rate
        names = {"voice_map": sizes.voice_bands, "breath_map": sizes.breath_bands}
        for name, bands in names.items():
            self.register_buffer(name, band_map(bands, sample_rate), persistent=False)
        self.register_buffer("blur", blur_map(sizes.voice_bands), persistent=False)

    @classmethod
    def of(cls, config: CodecConfig) -> Self | None:
        """Return the last stage of such a codec's decoder, None for one that draws the wave."""
        sizes = config.source_filter
        if sizes is None:
            return None
        samples = config.hop_length // sizes.steps
        return cls(sizes, samples=samples, sample_rate=config.sample_rate)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Split ``[steps, B, channels]``: voicing logit, pitch logits, log amplitudes."""
        sizes = self.sizes
        channels = [1, sizes.pitches, sizes.voice_bands, sizes.breath_bands]
        parts = torch.split(x, channels, dim=-1)
        voice, breath = ((part + _LEVEL).clamp(max=_LOUDEST) for part in parts[2:])
        return parts[0][..., 0], parts[1], voice, breath

    def read(self, x: Tensor) -> Controls:
        """Decide on pitch and voicing, and deepen the voice's valleys."""
        voiced, pitches, voice, breath = self.split(x)
        if self.sizes.contrast:
            voice = contrast(voice, self.get_buffer("blur"), self.sizes.contrast)
        return Controls(torch.where(voiced > 0, pitch_of(pitches), 0.0), voice, breath)

    def begin(self, rows: int, like: Tensor) -> Past:
        """Return the past of streams that have just begun."""
        bands = self.sizes.voice_bands + self.sizes.breath_bands
        return Past(
            like.new_zeros(rows, 1 + bands),
            like.new_zeros(rows, 1, dtype=torch.int64),
            like.new_zeros(rows, 1, dtype=torch.int64),
            like.new_zeros(rows, tail_length(self.samples)),
        )

    def speak(self, controls: Controls, past: Past) -> tuple[Tensor, Past]:
        """Return the wave ``[steps, B, samples]`` of these steps, and what they leave."""
        now = torch.cat((controls.pitch[..., None], controls.voice, controls.breath), dim=-1)
        silent = now[0].index_fill(-1, now.new_zeros(1, dtype=torch.int64), 0)
        first = torch.where(past.count == 0, silent, past.controls)
        filters = self._filters(torch.cat((first[None], now)))
        source, phase = pulses(
            controls.pitch, first[:, 0], past.phase[:, 0], self.samples, self.sample_rate
        )
        steps = len(now)
        hiss = noise(past.count[:, 0], steps, self.samples)
        spectra = shape(source, filters[0][1:], filters[0][:-1])
        spectra = spectra + shape(hiss, filters[1][1:], filters[1][:-1])
        wave, tail = overlap(spectra, past.tail, self.samples)
        return wave, Past(now[-1], phase[:, None], past.count + steps, tail)

    def _filters(self, controls: Tensor) -> tuple[Tensor, Tensor]:
        sizes, taps = self.sizes, most_taps(self.samples)
        bands = [1, sizes.voice_bands, sizes.breath_bands]
        pitch, voice, breath = torch.split(controls, bands, dim=-1)
        maps = self.get_buffer("voice_map"), self.get_buffer("breath_map")
        voice, breath = (
            minimum_phase(bands @ to_bins, taps)
            for bands, to_bins in zip((voice, breath), maps, strict=True)
        )
        return voice * (pitch > 0), breath

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        """Run as a stage: channels ``[steps, B, C]`` in, ``[steps · samples, B, 1]`` out."""
        past = self.begin(x.shape[1], x)
        past = Past(*(memory.take(x.shape[1], part) for part in vars(past).values()))
        wave, past = self.speak(self.read(x), past)
        memory.after += vars(past).values()
        return wave.transpose(1, 2).flatten(0, 1)[..., None]


def pitch_of(logits: Tensor) -> Tensor:
    """Return Hz ``[..]`` of logits ``[.., pitches]``: the likeliest, refined by its neighbours."""
    places = torch.arange(logits.shape[-1], device=logits.device)
    near = (places - logits.argmax(dim=-1, keepdim=True)).abs() <= _AROUND
    share = logits.masked_fill(~near, float("-inf")).softmax(dim=-1)
    return LOWEST_PITCH * 2 ** ((share * places).sum(dim=-1) / _PITCHES_PER_OCTAVE)


def place_of(pitch: Tensor) -> Tensor:
    """Return where on the scale of `pitch_of` so many Hz lie."""
    return (pitch / LOWEST_PITCH).log2() * _PITCHES_PER_OCTAVE
