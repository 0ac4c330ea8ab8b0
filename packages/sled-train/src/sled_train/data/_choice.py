"""Which cuts of a corpus are kept: limits on each, and nested subsets of all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Filters:
    """What a clip must fit into to be kept; None does not limit."""

    min_seconds: float | None = None
    max_seconds: float | None = None
    min_chars: int | None = None
    max_chars: int | None = None

    def misfit(self, seconds: float, chars: int) -> str | None:
        """Name the limit that a clip does not keep; None if it fits."""
        bounds = (
            ("shorter than --min-seconds", self.min_seconds, seconds, 1),
            ("longer than --max-seconds", self.max_seconds, seconds, -1),
            ("text shorter than --min-chars", self.min_chars, chars, 1),
            ("text longer than --max-chars", self.max_chars, chars, -1),
        )
        for words, bound, value, sign in bounds:
            if bound is not None and sign * value < sign * bound:
                return words
        return None


def subset(
    names: NDArray[np.uint64], seconds: NDArray[np.float64], limit_hours: float | None
) -> NDArray[np.bool_]:
    """Choose at most `limit_hours` of cuts, in the order of their hashed names.

    What is chosen is a beginning of that order, so that a smaller subset lies within a larger.
    """
    if limit_hours is None:
        return np.ones(len(names), dtype=bool)
    order = np.argsort(names, kind="stable")
    kept = np.zeros(len(names), dtype=bool)
    kept[order[np.cumsum(seconds[order]) <= limit_hours * 3600]] = True
    return kept
