"""Which rows of a batch read their texts in one pass."""

from itertools import combinations, pairwise
from random import Random

import pytest
from sled_infer._passes import PASS, plan_passes

FAR = 10_000


def cost(passes, places, counts):
    return sum(
        max(PASS, (places[part[-1]] - places[part[0]] + 1) * max(counts[n] for n in part))
        for part in passes
    )


def parted(passes, count):
    """Tell whether each row is in one pass, in order."""
    return [number for part in passes for number in part] == list(range(count))


def every_way(count):
    for cuts in range(count):
        for where in combinations(range(1, count), cuts):
            ends = (0, *where, count)
            yield [range(a, b) for a, b in pairwise(ends)]


@pytest.mark.parametrize("seed", range(20))
def test_no_other_way_costs_less(seed):
    rng = Random(seed)
    places = sorted(rng.sample(range(12), 6))
    counts = [rng.randint(2, 40) for _ in places]
    passes = plan_passes(places, counts, [0] * 12, FAR)
    assert parted(passes, 6)
    least = min(cost(way, places, counts) for way in every_way(6))
    assert cost(passes, places, counts) == least


def test_short_texts_are_read_together_over_the_rows_between():
    """As in a guided batch, every other row of which has no text."""
    assert plan_passes([0, 2, 4, 6], [5] * 4, [30] * 8, FAR) == [range(4)]


def test_a_long_text_pads_no_short_ones():
    assert plan_passes([0, 1, 2], [5, 5, 300], [0] * 3, FAR) == [range(2), range(2, 3)]


@pytest.mark.parametrize("full", [0, 1, 2])
def test_no_padding_lies_beyond_the_last_position(full):
    pasts = [10, 10, 10]
    pasts[full] = 97
    passes = plan_passes([0, 2], [3, 5], pasts, 100)
    assert passes == [range(1), range(1, 2)]
    assert plan_passes([0, 2], [3, 3], pasts, 100) == [range(2)]
