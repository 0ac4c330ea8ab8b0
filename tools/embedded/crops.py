"""Random crops of the prepared speech for the codec: every source has a fixed share.

Digit clips are shorter than a crop, so several clips of one speaker are joined with random
pauses over a low noise floor, as the digit corpus of the voice joins them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import torch
from corpus import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

_PAUSE = (0.03, 0.3)  # seconds between digits
_GAIN_DB = (-12.0, 6.0)
_FLOOR_DB = (-75.0, -50.0)


class Source:
    """Clips of one prepared source, memory-mapped."""

    def __init__(self, folder: Path, name: str) -> None:
        self.audio: np.ndarray = np.load(folder / f"{name}.npy", mmap_mode="r")
        self.index = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        lengths = np.array([entry["length"] for entry in self.index], dtype=np.float64)
        self.weights = lengths / lengths.sum()
        self.by_speaker: dict[str, list[int]] = {}
        for position, entry in enumerate(self.index):
            self.by_speaker.setdefault(entry["speaker"], []).append(position)

    def clip(self, position: int) -> np.ndarray:
        """Return one clip as float32 `[samples]`."""
        entry = self.index[position]
        part = self.audio[entry["start"] : entry["start"] + entry["length"]]
        wave: np.ndarray = part.astype(np.float32) / 32768
        return wave


class Crops:
    """Draws batches of crops; its whole state is one NumPy generator."""

    def __init__(
        self, folder: Path, samples: int, seed: int, shares: dict[str, float], suffix: str = ""
    ) -> None:
        self.samples, self.shares = samples, shares
        self.sources = {name: Source(folder, name + suffix) for name in shares}
        self.rng = np.random.default_rng(seed)

    def batch(self, size: int) -> torch.Tensor:
        """Return float32 `[size, 1, samples]`."""
        names = self.rng.choice(list(self.shares), size=size, p=list(self.shares.values()))
        waves = [self._crop(self.sources[str(name)], digits=name == "digits") for name in names]
        return torch.from_numpy(np.stack(waves))[:, None]

    def _crop(self, source: Source, *, digits: bool) -> np.ndarray:
        wave = self._digits(source) if digits else self._sentence(source)
        gain = 10 ** (self.rng.uniform(*_GAIN_DB) / 20)
        peak = float(np.abs(wave).max()) + 1e-9
        return (wave * min(gain, 0.99 / peak)).astype(np.float32)

    def _sentence(self, source: Source) -> np.ndarray:
        wave = source.clip(int(self.rng.choice(len(source.index), p=source.weights)))
        start = int(self.rng.integers(max(1, len(wave) - self.samples)))
        part = wave[start : start + self.samples]
        return np.pad(part, (0, self.samples - len(part)))

    def _digits(self, source: Source) -> np.ndarray:
        speaker = str(self.rng.choice(list(source.by_speaker)))
        pieces: list[np.ndarray] = []
        while sum(map(len, pieces)) < 2 * self.samples:
            pieces.append(source.clip(int(self.rng.choice(source.by_speaker[speaker]))))
            pieces.append(np.zeros(int(self.rng.uniform(*_PAUSE) * SAMPLE_RATE), np.float32))
        wave = np.concatenate(pieces)
        start = int(self.rng.integers(len(wave) - self.samples))
        floor = 10 ** (self.rng.uniform(*_FLOOR_DB) / 20)
        noise = self.rng.standard_normal(self.samples, dtype=np.float32)
        part: np.ndarray = wave[start : start + self.samples] + floor * noise
        return part
