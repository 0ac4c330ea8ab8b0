"""What a source-filter decoder shapes into speech: pulses at the pitch, and noise."""

import math

import torch
from torch import Tensor

_HIGHEST = 0.475  # of the sample rate: where the harmonics of a pulse end
_NEAR_PEAK = 1e-4  # there both sines of the kernel are too small to divide
_CYCLE = 1 << 32
_WORD = _CYCLE - 1


def pulses(
    pitch: Tensor, before: Tensor, phase: Tensor, samples: int, sample_rate: int
) -> tuple[Tensor, Tensor]:
    """Return band-limited pulses of unit power ``[steps, B, samples]``, and the phase after them.

    ``pitch``: Hz at the end of each step ``[steps, B]``, 0 where voiceless; ``before``: that of
    the step before ``[B]``. Between the ends it glides. ``phase``: where the last step ended, in
    2⁻³² cycles, int64 ``[B]``: whole numbers add up alike in any order. It begins anew after each
    voiceless step, so that what the pitch is off by never adds up beyond a stretch of voice. The
    sum of cosines is the Dirichlet kernel.
    """
    start, end = _ends(pitch, torch.cat((before[None], pitch[:-1])))
    glide = torch.arange(1, samples + 1, dtype=torch.float32, device=pitch.device) / samples
    hertz = start[..., None] + (end - start)[..., None] * glide
    turns = (hertz * (_CYCLE / sample_rate)).round().long().cumsum(dim=-1)
    turns = _starts(turns[..., -1], phase, before, pitch)[..., None] + turns
    cycles = (((turns + _CYCLE // 2) & _WORD) - _CYCLE // 2).float() / _CYCLE
    count = (_HIGHEST * sample_rate / torch.maximum(start, end).clamp(min=1)).floor()[..., None]
    angle = math.pi * cycles
    below = angle.sin()
    at_peak = below.abs() < _NEAR_PEAK
    ratio = ((2 * count + 1) * angle).sin() / below.masked_fill(at_peak, 1)
    kernel = (torch.where(at_peak, 2 * count + 1, ratio) - 1) / 2
    return kernel * (2 / count).sqrt() * (start > 0)[..., None], turns[-1, :, -1] & _WORD


def _ends(pitch: Tensor, earlier: Tensor) -> tuple[Tensor, Tensor]:
    start = torch.where(earlier > 0, earlier, pitch)
    return start, torch.where(pitch > 0, pitch, start)


def _starts(advance: Tensor, phase: Tensor, before: Tensor, pitch: Tensor) -> Tensor:
    """Return the phase ``[steps, B]`` at which each step starts: 0 after a voiceless one."""
    total = advance.cumsum(dim=0) - advance
    anew = torch.cat((before[None], pitch[:-1])) <= 0
    steps = torch.arange(len(advance), device=advance.device)[:, None]
    latest = _running_maximum(torch.where(anew, steps, -1))
    origin = torch.where(latest >= 0, total.gather(0, latest.clamp(min=0)), -phase)
    return total - origin


def _running_maximum(x: Tensor) -> Tensor:
    # MPS has no cummax; these are a few numbers a frame.
    held = x.cpu() if x.device.type == "mps" else x
    return held.cummax(dim=0).values.to(x.device)


def noise(first: Tensor, steps: int, samples: int) -> Tensor:
    """Return white noise of unit power ``[steps, B, samples]`` that hangs on its place alone.

    ``first``: int64 ``[B]``, how many steps came before. A hash of the place (MurmurHash3's
    finalizer) needs no generator, so a stream cut anywhere hears the noise of the whole.
    """
    place = first[:, None] * samples + torch.arange(steps * samples, device=first.device)
    word = (place * 0x9E3779B1) & _WORD
    word = ((word ^ (word >> 16)) * 0x85EBCA6B) & _WORD
    word = ((word ^ (word >> 13)) * 0xC2B2AE35) & _WORD
    word = word ^ (word >> 16)
    uniform = (word.float() / _CYCLE - 0.5) * math.sqrt(12)
    return uniform.view(len(first), steps, samples).transpose(0, 1)
