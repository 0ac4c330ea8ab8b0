"""Random crops of the prepared speech for the encoder: every source has a fixed share.

Digit clips are shorter than a crop, so several clips of one speaker are joined with random
pauses over a low noise floor, as the digit corpus of the voice joins them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from corpus import SAMPLE_RATE
from torch import Tensor

if TYPE_CHECKING:
    from pathlib import Path

PITCH_STEP = 160  # samples
_PAUSE = (0.03, 0.3)  # seconds between digits
_GAIN_DB = (-12.0, 6.0)
_FLOOR_DB = (-75.0, -50.0)


class Heard(NamedTuple):
    """Waves `[B, 1, samples]`, and their pitch `[B, samples / 160]` in Hz, 0 without voice."""

    wave: Tensor
    pitch: Tensor


class Source:
    """Clips of one prepared source and their pitch, memory-mapped."""

    def __init__(self, folder: Path, name: str) -> None:
        self.audio: np.ndarray = np.load(folder / f"{name}.npy", mmap_mode="r")
        self.pitch: np.ndarray = np.load(folder / f"{name}-pitch.npy", mmap_mode="r")
        self.index = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        lengths = np.array([entry["length"] for entry in self.index], dtype=np.float64)
        self.weights = lengths / lengths.sum()
        self.by_speaker: dict[str, list[int]] = {}
        for position, entry in enumerate(self.index):
            self.by_speaker.setdefault(entry["speaker"], []).append(position)

    def clip(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Return one clip as float32 `[samples]`, and its pitch: whole steps of 160 samples."""
        entry = self.index[position]
        first = -(-entry["start"] // PITCH_STEP)
        end = (entry["start"] + entry["length"]) // PITCH_STEP
        wave = self.audio[first * PITCH_STEP : end * PITCH_STEP].astype(np.float32) / 32768
        return wave, np.array(self.pitch[first:end])


class Crops:
    """Draws batches of crops; its whole state is one NumPy generator."""

    def __init__(
        self, folder: Path, steps: int, seed: int, shares: dict[str, float], suffix: str = ""
    ) -> None:
        self.steps, self.shares = steps, shares
        self.sources = {name: Source(folder, name + suffix) for name in shares}
        self.rng = np.random.default_rng(seed)

    def batch(self, size: int) -> Heard:
        """Draw `size` crops of `steps · 160` samples."""
        names = self.rng.choice(list(self.shares), size=size, p=list(self.shares.values()))
        drawn = [self._crop(self.sources[str(name)], digits=name == "digits") for name in names]
        waves, pitches = (np.stack(part) for part in zip(*drawn, strict=True))
        return Heard(torch.from_numpy(waves)[:, None], torch.from_numpy(pitches))

    def _crop(self, source: Source, *, digits: bool) -> tuple[np.ndarray, np.ndarray]:
        wave, pitch = self._digits(source) if digits else self._sentence(source)
        gain = 10 ** (self.rng.uniform(*_GAIN_DB) / 20)
        peak = float(np.abs(wave).max()) + 1e-9
        return (wave * min(gain, 0.99 / peak)).astype(np.float32), pitch

    def _sentence(self, source: Source) -> tuple[np.ndarray, np.ndarray]:
        wave, pitch = source.clip(int(self.rng.choice(len(source.index), p=source.weights)))
        missing = max(0, self.steps - len(pitch))
        wave, pitch = np.pad(wave, (0, missing * PITCH_STEP)), np.pad(pitch, (0, missing))
        return self._part(wave, pitch)

    def _part(self, wave: np.ndarray, pitch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start = int(self.rng.integers(len(pitch) - self.steps + 1))
        end = start + self.steps
        return wave[start * PITCH_STEP : end * PITCH_STEP], pitch[start:end]

    def _digits(self, source: Source) -> tuple[np.ndarray, np.ndarray]:
        speaker = str(self.rng.choice(list(source.by_speaker)))
        waves: list[np.ndarray] = []
        pitches: list[np.ndarray] = []
        while sum(map(len, pitches)) < 2 * self.steps:
            pause = int(self.rng.uniform(*_PAUSE) * SAMPLE_RATE / PITCH_STEP)
            wave, pitch = source.clip(int(self.rng.choice(source.by_speaker[speaker])))
            waves.append(np.pad(wave, (0, pause * PITCH_STEP)))
            pitches.append(np.pad(pitch, (0, pause)))
        wave, pitch = self._part(np.concatenate(waves), np.concatenate(pitches))
        floor = 10 ** (self.rng.uniform(*_FLOOR_DB) / 20)
        noise = self.rng.standard_normal(len(wave), dtype=np.float32)
        return wave + floor * noise, pitch
