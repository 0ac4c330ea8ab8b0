"""The prepared speech as the decoder learns from it: audio, codes and pitch, frame by frame.

Each source is one long recording (see `prepare_audio.py`), which the codec's encoder reads in
minutes; a crop may begin at any frame of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from corpus import SAMPLE_RATE
from crops import PITCH_STEP
from pitched import pitched_codes
from spectral_latents import HOP
from torch import Tensor

if TYPE_CHECKING:
    from pathlib import Path

    from sled_codec import Codec

_PIECE = 60 * SAMPLE_RATE // HOP * HOP


class Crop(NamedTuple):
    """Codes `[B, frames, 8]`, wave `[B, frames · 320]`, pitch `[B, frames · 2]` in Hz."""

    codes: Tensor
    wave: Tensor
    pitch: Tensor


class Spoken:
    """One source, memory-mapped; its codes are made once and kept in `codes`.

    Those of the teacher have the measured pitch, as what the voice learns from has; those of
    recordings the pitch that the encoder hears, as what passes through the codec alone has.
    """

    def __init__(self, audio: Path, codes: Path, name: str, codec: Codec) -> None:
        self.audio: np.ndarray = np.load(audio / f"{name}.npy", mmap_mode="r")
        self.pitch: np.ndarray = np.load(audio / f"{name}-pitch.npy", mmap_mode="r")
        kept = codes / f"{name}.npy"
        if not kept.exists():
            codes.mkdir(parents=True, exist_ok=True)
            part = kept.with_name(f"{name}.part.npy")
            pitch = self.pitch if name.startswith("teacher") else None
            np.save(part, _encode(self.audio, pitch, codec))
            part.replace(kept)
        self.codes: np.ndarray = np.load(kept)

    def crop(self, frames: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Draw a place at random."""
        first = int(rng.integers(len(self.codes) - frames))
        wave = self.audio[first * HOP : (first + frames) * HOP].astype(np.float32) / 32768
        pitch = np.array(self.pitch[2 * first : 2 * (first + frames)])
        return self.codes[first : first + frames].astype(np.int64), wave, pitch


def _encode(audio: np.ndarray, pitch: np.ndarray | None, codec: Codec) -> np.ndarray:
    pieces = []
    for first in range(0, len(audio), _PIECE):
        wave = torch.from_numpy(audio[first : first + _PIECE].astype(np.float32) / 32768)
        if pitch is None:
            codes = codec.encode(wave, SAMPLE_RATE)
        else:
            step = first // PITCH_STEP
            measured = torch.from_numpy(np.array(pitch[step : step + _PIECE // PITCH_STEP]))
            codes = pitched_codes(codec, wave, measured)
        pieces.append(codes.numpy().astype(np.int16))
    whole: np.ndarray = np.concatenate(pieces)[: len(audio) // HOP]
    return whole


class SpokenCrops:
    """Draws batches from sources of fixed shares; its whole state is one NumPy generator."""

    def __init__(self, sources: dict[str, Spoken], shares: dict[str, float], seed: int) -> None:
        self.sources, self.shares = sources, shares
        self.rng = np.random.default_rng(seed)

    def batch(self, size: int, frames: int) -> Crop:
        """Draw `size` crops."""
        names = self.rng.choice(list(self.shares), size=size, p=list(self.shares.values()))
        drawn = [self.sources[str(name)].crop(frames, self.rng) for name in names]
        codes, wave, pitch = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        return Crop(codes, wave, pitch)
