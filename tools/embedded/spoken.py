"""The prepared speech as the decoder learns from it: audio, latents and pitch, frame by frame.

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

VOICE = "voice"  # the source that `voice_latents.py` makes
_PIECE = 60 * SAMPLE_RATE // HOP * HOP


class Crop(NamedTuple):
    """Latents `[B, frames, D]`, wave `[B, frames · 320]`, pitch `[B, frames · 2]` in Hz."""

    latents: Tensor
    wave: Tensor
    pitch: Tensor


class Spoken:
    """One source, memory-mapped; its codes are made once and kept in `kept`.

    Those of the teacher have the measured pitch, as what the voice learns from has; those of
    recordings the pitch that the encoder hears, as what passes through the codec alone has.
    Where latents lie beside the audio (`voice_latents.py`), it has these instead.
    """

    def __init__(self, audio: Path, kept: Path, name: str, codec: Codec) -> None:
        self.audio: np.ndarray = np.load(audio / f"{name}.npy", mmap_mode="r")
        self.pitch: np.ndarray = np.load(audio / f"{name}-pitch.npy", mmap_mode="r")
        made = audio / f"{name}-latents.npy"
        self.latents: np.ndarray | None = np.load(made, mmap_mode="r") if made.exists() else None
        self.codec = codec
        if self.latents is None:
            self.codes = self._codes(kept / f"{name}.npy", measured=name.startswith("teacher"))

    def _codes(self, kept: Path, *, measured: bool) -> np.ndarray:
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part.npy")
            np.save(part, _encode(self.audio, self.pitch if measured else None, self.codec))
            part.replace(kept)
        codes: np.ndarray = np.load(kept)
        return codes

    def crop(self, frames: int, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Draw a place at random."""
        whole = self.codes if self.latents is None else self.latents
        first = int(rng.integers(len(whole) - frames))
        part = torch.from_numpy(np.array(whole[first : first + frames]))
        latents = self.codec.latents(part) if self.latents is None else part.float()
        wave = self.audio[first * HOP : (first + frames) * HOP].astype(np.float32) / 32768
        pitch = np.array(self.pitch[2 * first : 2 * (first + frames)])
        return latents, torch.from_numpy(wave), torch.from_numpy(pitch)


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
        return Crop(*(torch.stack(part) for part in zip(*drawn, strict=True)))
