"""The scores that the benchmarks report, and that every benchmark's command can be started."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("[!_]*.py"))


@pytest.fixture(scope="module")
def score():
    """The scoring module; the benchmarks are scripts, not a package."""
    spec = importlib.util.spec_from_file_location("benchmark_score", BENCHMARKS / "_score.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    "text", ["3, 1, 4", "314", "3-1-4.", "Three one four", "three won for", "Three-1, fore!"]
)
def test_digits_are_read_however_they_are_written(score, text):
    assert score.spoken_digits(text) == ["3", "1", "4"]


@pytest.mark.parametrize("text", ["oh to ate", "O too eight", "zero two 8"])
def test_words_that_sound_like_a_digit_count_as_it(score, text):
    assert score.spoken_digits(text) == ["0", "2", "8"]


@pytest.mark.parametrize("text", ["fourteen", "bye", "tree", "fife", "nice"])
def test_words_that_only_resemble_a_digit_do_not(score, text):
    assert score.spoken_digits(text) == ["x"]


def test_a_wrong_word_is_one_error_like_a_wrong_digit(score):
    heard = score.spoken_digits("nine, bye, two")
    assert score.compare(list("952"), heard) == score.Heard(errors=1, length=3)


@pytest.mark.parametrize(
    ("heard", "errors"),
    [("952", 0), ("92", 1), ("9522", 1), ("912", 1), ("", 3), ("259", 2), ("119521", 3)],
)
def test_errors_are_the_fewest_edits(score, heard, errors):
    assert score.edits("952", heard) == errors


def test_case_and_punctuation_are_no_word_errors(score):
    said, heard = "there's iron mister hale they say", "There\u2019s iron, Mr. Hale -- they say!"
    assert score.words(said) == score.words(heard)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("7", "seven"),
        ("15", "fifteen"),
        ("40", "forty"),
        ("93", "ninety-three"),
        ("500", "five hundred"),
        ("206", "two hundred six"),
        ("1806", "eighteen oh six"),
        ("1775", "seventeen seventy-five"),
        ("2,300", "two thousand three hundred"),
    ],
)
def test_numerals_are_the_words_they_are_read_as(score, written, said):
    assert score.words(written) == score.words(said)


def test_the_error_rate_weighs_utterances_by_their_length(score):
    assert score.error_rate([score.Heard(1, 2), score.Heard(0, 6)]) == pytest.approx(1 / 8)


def test_no_reference_words_have_no_error_rate(score):
    with pytest.raises(ValueError, match="no reference words"):
        score.error_rate([score.Heard(1, 0)])


def test_the_interval_holds_the_rate_and_narrows_with_more_utterances(score):
    few = [score.Heard(1, 4), score.Heard(0, 4), score.Heard(2, 4), score.Heard(0, 4)]
    low, high = score.interval(few)
    narrow_low, narrow_high = score.interval(few * 25)
    assert low < narrow_low < score.error_rate(few) < narrow_high < high


def test_the_interval_is_a_point_where_all_utterances_are_alike(score):
    assert score.interval([score.Heard(1, 4)] * 10) == (0.25, 0.25)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_each_benchmark_starts_and_explains_itself(script):
    command = [sys.executable, str(BENCHMARKS / script), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--json" in shown


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_readme_gives_the_command_of_each_benchmark(script):
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert f"uv run python benchmarks/{script}" in readme
