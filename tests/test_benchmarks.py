"""The scores that the benchmarks report, and that every benchmark's command can be started."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sled_infer.evaluation import WordErrors, compare

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.name for path in BENCHMARKS.glob("[!_]*.py"))


@pytest.fixture(scope="module")
def digits():
    """The module that reads digits; the benchmarks are scripts, not a package."""
    spec = importlib.util.spec_from_file_location("benchmark_digits", BENCHMARKS / "_digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "text", ["3, 1, 4", "314", "3-1-4.", "Three one four", "three won for", "Three-1, fore!"]
)
def test_digits_are_read_however_they_are_written(digits, text):
    assert digits.spoken_digits(text) == ["3", "1", "4"]


@pytest.mark.parametrize("text", ["oh to ate", "O too eight", "zero two 8"])
def test_words_that_sound_like_a_digit_count_as_it(digits, text):
    assert digits.spoken_digits(text) == ["0", "2", "8"]


@pytest.mark.parametrize("text", ["fourteen", "bye", "tree", "fife", "nice"])
def test_words_that_only_resemble_a_digit_do_not(digits, text):
    assert digits.spoken_digits(text) == ["x"]


def test_a_wrong_word_is_one_error_like_a_wrong_digit(digits):
    assert compare(list("952"), digits.spoken_digits("nine, bye, two")).total == 1


def test_the_error_rate_weighs_utterances_by_their_length(digits):
    scores = [WordErrors(1, 0, 0, 2), WordErrors(0, 0, 0, 6)]
    assert digits.error_rate(scores).value == pytest.approx(1 / 8)


def test_nothing_to_be_said_has_no_error_rate(digits):
    with pytest.raises(ValueError, match="nothing was to be said"):
        digits.error_rate([WordErrors(0, 0, 1, 0)])


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_benchmark_starts_and_explains_itself(script, run_script, capsys):
    with pytest.raises(SystemExit) as ended:
        run_script(BENCHMARKS / script, "--help")
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_decoding_on_a_gpu_that_is_not_there_is_refused_in_one_line():
    command = [sys.executable, str(BENCHMARKS / "decode.py"), "--device", "cuda"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("this machine has no GPU that torch can use")


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_readme_gives_the_command_of_each_benchmark(script):
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert f"uv run python benchmarks/{script}" in readme
