"""The filters of a source-filter decoder: minimum-phase, and blended from step to step."""

import math

import torch
from torch import Tensor

BINS = 513
_WINDOW = 2 * (BINS - 1)
_FADE = 96  # taps
_NEIGHBOURS = 4  # bands on each side


def band_map(bands: int, sample_rate: int) -> Tensor:
    """Return ``[bands, 513]``, which draws a line through bands that are equally far in mel."""
    top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    hertz = torch.linspace(0, sample_rate / 2, BINS, dtype=torch.float32)
    place = 2595 * (1 + hertz / 700).log10() * (bands - 1) / top
    away = (place - torch.arange(bands)[:, None]).abs()
    return (1 - away).clamp(min=0)


def blur_map(bands: int) -> Tensor:
    """Return ``[bands, bands]``, which averages nine bands around each, the ends held."""
    weights = torch.hann_window(2 * _NEIGHBOURS + 3, dtype=torch.float32)[1:-1]
    places = torch.arange(bands)
    blur = torch.zeros(bands, bands, dtype=torch.float32)
    for away, weight in zip(range(-_NEIGHBOURS, _NEIGHBOURS + 1), weights, strict=True):
        blur[(places + away).clamp(0, bands - 1), places] += weight / weights.sum()
    return blur


def contrast(log_amplitude: Tensor, blur: Tensor, strength: float) -> Tensor:
    """Move bands ``[..., bands]`` away from their local mean, at the same mean power.

    ``log_amplitude``: natural logarithms; ``blur``: see `blur_map`; ``strength``: 0 changes
    nothing. As the postfilters of speech codecs and of statistical synthesis do.
    """
    deeper = log_amplitude + strength * (log_amplitude - log_amplitude @ blur)
    before, after = (bands.mul(2).logsumexp(-1, keepdim=True) for bands in (log_amplitude, deeper))
    return deeper - (after - before) / 2


def minimum_phase(log_amplitude: Tensor, taps: int) -> Tensor:
    """Return the complex response ``[..., 513]`` of a causal filter of so many taps.

    ``log_amplitude``: natural logarithms ``[..., 513]``. Of all filters that have them, the one
    that rings the least: its cepstrum is causal (Oppenheim and Schafer, "Discrete-Time Signal
    Processing", 13.5).
    """
    cepstrum = torch.fft.irfft(log_amplitude, _WINDOW)
    fold = cepstrum.new_zeros(_WINDOW)
    fold[0] = fold[_WINDOW // 2] = 1
    fold[1 : _WINDOW // 2] = 2
    response = torch.fft.irfft(torch.fft.rfft(cepstrum * fold).exp(), _WINDOW)[..., :taps]
    fade = response.new_ones(taps)
    fade[-_FADE:] = torch.linspace(1, 0, _FADE, dtype=torch.float32).to(fade)
    spectrum: Tensor = torch.fft.rfft(response * fade, _WINDOW)
    return spectrum


def shape(source: Tensor, now: Tensor, before: Tensor) -> Tensor:
    """Filter steps ``[steps, B, samples]``, from the filter before each step to its own.

    The filters are responses ``[steps, B, 513]``. Returns spectra ``[steps, B, 513]`` of what
    each step brings, its ringing included.
    """
    samples = source.shape[-1]
    rise = torch.arange(1, samples + 1).to(source) / samples
    coming = torch.fft.rfft(source * rise, _WINDOW)
    shaped: Tensor = coming * now + (torch.fft.rfft(source, _WINDOW) - coming) * before
    return shaped


def most_taps(samples: int) -> int:
    """Return how many taps a filter may have whose ringing after a step is held whole."""
    return _WINDOW - samples + 1


def overlap(spectra: Tensor, tail: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Add up what each step brings to itself and to the steps after it.

    ``spectra``: ``[steps, B, 513]``; ``tail``: what earlier steps left ``[B, tail]``. Returns
    ``[steps, B, samples]``, and the tail that is left now.
    """
    parts = torch.fft.irfft(spectra, _WINDOW)
    blocks = -(-_WINDOW // samples)
    parts = torch.nn.functional.pad(parts, (0, blocks * samples - _WINDOW))
    steps, rows = parts.shape[:2]
    parts = parts.view(steps, rows, blocks, samples)
    left = tail.view(rows, blocks - 1, samples).transpose(0, 1)
    whole = torch.nn.functional.pad(left, (0, 0, 0, 0, 0, steps))
    for block in range(blocks):
        padding = (0, 0, 0, 0, block, blocks - 1 - block)
        whole = whole + torch.nn.functional.pad(parts[:, :, block], padding)
    return whole[:steps], whole[steps:].transpose(0, 1).flatten(1)


def tail_length(samples: int) -> int:
    """Return how many samples ring on after a step, in whole steps."""
    return (-(-_WINDOW // samples) - 1) * samples
