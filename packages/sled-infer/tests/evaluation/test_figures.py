"""Word errors and intervals: small cases by hand, large ones by their laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sled_infer.evaluation import Estimate, WordErrors, compare, mean, ratio

WORDS = st.lists(st.sampled_from("abc"), max_size=8)


@pytest.mark.parametrize(
    ("said", "heard", "counts"),
    [
        ("one two three", "one two three", (0, 0, 0)),
        ("one two three", "one too three", (1, 0, 0)),
        ("one two three", "one three", (0, 1, 0)),
        ("one two three", "one two and three", (0, 0, 1)),
        ("one two three", "", (0, 3, 0)),
        ("", "one two", (0, 0, 2)),
        ("a b c d", "b c x e", (1, 1, 1)),
        ("one two", "two one", (2, 0, 0)),
    ],
)
def test_substitutions_deletions_and_insertions_are_told_apart(said, heard, counts):
    errors = compare(said.split(), heard.split())
    assert errors == WordErrors(*counts, length=len(said.split()))


@given(WORDS, WORDS)
def test_the_counts_explain_both_lengths_and_are_few(said, heard):
    errors = compare(said, heard)
    assert errors.length - errors.deletions + errors.insertions == len(heard)
    assert abs(len(said) - len(heard)) <= errors.total <= max(len(said), len(heard))
    assert (errors.total == 0) == (said == heard)


@given(WORDS, WORDS)
def test_the_other_way_round_deletions_are_insertions(said, heard):
    there, back = compare(said, heard), compare(heard, said)
    assert there.total == back.total


def test_a_ratio_weighs_utterances_by_their_length():
    assert ratio([1, 0], [2, 6]).value == pytest.approx(1 / 8)


def test_an_interval_holds_the_figure_and_narrows_with_more_utterances():
    few, many = (ratio([1, 0, 2, 0] * n, [4] * 4 * n) for n in (1, 25))
    assert few.low < many.low < many.value < many.high < few.high
    # The standard error of 100 draws of 0.25, 0, 0.5, 0 is 0.0207.
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.0207, rel=0.1)


def test_an_interval_is_a_point_where_all_utterances_are_alike():
    assert mean([0.25] * 10) == ratio([1.0] * 10, [4.0] * 10)
    assert (mean([0.25] * 10).low, mean([0.25] * 10).high) == (0.25, 0.25)


def test_a_share_is_told_in_percent_with_its_interval():
    assert Estimate(0.0617, 0.033, 0.104).in_percent() == "6.2 % [3.3, 10.4]"


def test_nothing_measured_has_no_figure():
    assert mean([]) is None
    assert ratio([1.0], [0.0]) is None


def test_utterances_without_length_do_not_spoil_the_interval():
    found = ratio([1.0, 0.0], [0.0, 1.0])
    assert 0 <= found.low <= found.value <= found.high


def test_the_same_figures_have_the_same_interval():
    values = [0.1, 0.7, 0.3, 0.9]
    assert mean(values) == mean(values)
