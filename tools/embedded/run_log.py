"""What every training here needs: a wall-clock schedule, a JSONL log, atomic checkpoints."""

from __future__ import annotations

import json
import math
import os
import time
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Training time that survives restarts: `done` runs from 0 to 1 over `minutes`."""

    def __init__(self, minutes: float, elapsed: float = 0.0) -> None:
        self.seconds = 60 * minutes
        self._start = time.monotonic() - elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, earlier runs included."""
        return time.monotonic() - self._start

    @property
    def done(self) -> float:
        """Fraction of the time that is over."""
        return self.elapsed / self.seconds

    def cosine(self, warmup: float = 0.01, floor: float = 0.02) -> float:
        """Learning-rate factor: linear warm-up, then a cosine down to `floor`."""
        ramp = min(1.0, 0.05 + self.done / warmup)
        return ramp * (floor + (1 - floor) * (1 + math.cos(math.pi * min(1.0, self.done))) / 2)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all parameter groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def append(path: Path, record: dict[str, Any]) -> None:
    """Append one JSON line and show it."""
    line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in record.items()})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(line, flush=True)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint beside its place and rename it into it."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
