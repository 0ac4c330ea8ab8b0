"""Which rows of a batch read their texts together.

A pass of the model has neighbouring rows only and is as wide as the longest text among them: the
rest is padding. That costs little where texts are short, for a pass has to read all weights,
whatever else it does.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A pass over the weights costs about as much as so many elements in one.
PASS = 24


def plan_passes(
    places: Sequence[int], counts: Sequence[int], pasts: Sequence[int], positions: int
) -> list[range]:
    """Part rows that have to read into the passes that cost least in all.

    Args:
        places: where these rows are in the batch, ascending. Rows between two of a pass take part
            in it, in vain.
        counts: how many elements each of them reads.
        pasts: how many elements each row of the batch holds.
        positions: how many it can hold; no padding may lie beyond.

    Returns:
        Ranges of indices of `places`, one a pass, in order.

    """
    # Of the first rows: their cost, and where the last of their passes begins.
    best: list[tuple[float, int]] = [(0, 0)]
    for end in range(1, len(places) + 1):
        options = []
        width = longest = 0
        seen = places[end - 1] + 1
        for first in reversed(range(end)):
            width = max(width, counts[first])
            longest = max(longest, *pasts[places[first] : seen])
            seen = places[first]
            span = places[end - 1] - places[first] + 1
            fits = longest + width <= positions or first == end - 1
            options.append((best[first][0] + max(PASS, span * width) if fits else inf, first))
        best.append(min(options))
    passes = []
    end = len(places)
    while end:
        passes.append(range(best[end][1], end))
        end = best[end][1]
    return passes[::-1]
