"""Bootstrap intervals over utterances (percentile method): Efron, "Bootstrap Methods" (1979)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

DRAWS = 2000
LEVEL = 0.95
_MOST_AT_ONCE = 1 << 20  # drawn utterances held in memory


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Give the three numbers by name."""
        return asdict(self)

    def in_percent(self) -> str:
        """Write a share and its interval as `6.2 % [3.3, 10.4]`."""
        value, low, high = (f"{100 * each:.1f}" for each in (self.value, self.low, self.high))
        return f"{value} % [{low}, {high}]"


def ratio(parts: Sequence[float], wholes: Sequence[float], *, seed: int = 0) -> Estimate | None:
    """Estimate sum(parts) / sum(wholes), such as errors over words; None where nothing is whole.

    Each utterance is one pair of the two; a long one weighs more, as in a word error rate.
    """
    over, under = (torch.tensor(list(each), dtype=torch.float64) for each in (parts, wholes))
    if not bool(under.sum() > 0):
        return None
    generator = torch.Generator().manual_seed(seed)
    at_once = max(1, _MOST_AT_ONCE // len(over))
    blocks = [min(at_once, DRAWS - first) for first in range(0, DRAWS, at_once)]
    drawn = torch.cat([_draw(over, under, count, generator) for count in blocks])
    drawn = drawn[drawn.isfinite()]
    tail = (1 - LEVEL) / 2
    low, high = torch.quantile(drawn, torch.tensor([tail, 1 - tail], dtype=torch.float64))
    return Estimate(float(over.sum() / under.sum()), float(low), float(high))


def mean(values: Sequence[float], *, seed: int = 0) -> Estimate | None:
    """Estimate the mean of a figure that each utterance has; None if there is none."""
    return ratio(values, [1.0] * len(values), seed=seed)


def _draw(over: Tensor, under: Tensor, count: int, generator: torch.Generator) -> Tensor:
    chosen = torch.randint(len(over), (count, len(over)), generator=generator)
    return over[chosen].sum(-1) / under[chosen].sum(-1)
