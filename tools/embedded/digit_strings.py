"""Digit strings: the fixed test strings, and random strings that contain none of them.

`python tools/embedded/digit_strings.py` writes `test_strings.txt`: 50 strings of 3 to 6
digits, one a line in words. No training sequence contains one of them, not even inside a
longer string.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_FILE = Path(__file__).parent / "test_strings.txt"

_TEST_SEED, _TEST_COUNT = 20_240_314, 50


def draw_test_strings() -> list[str]:
    """Return the test strings as digits, such as `314`; all differ."""
    rng = np.random.default_rng(_TEST_SEED)
    found: dict[str, None] = {}
    while len(found) < _TEST_COUNT:
        found["".join(map(str, rng.integers(10, size=rng.integers(3, 7))))] = None
    return list(found)


def read_test_strings() -> list[str]:
    """Return the committed test strings as digits."""
    lines = TEST_FILE.read_text(encoding="utf-8").splitlines()
    return ["".join(str(WORDS.index(word)) for word in line.split()) for line in lines]


def in_words(digits: str) -> str:
    """Return `three one four` for `314`."""
    return " ".join(WORDS[int(digit)] for digit in digits)


def draw_string(rng: np.random.Generator, longest: int, forbidden: list[str]) -> str:
    """Return 1 to `longest` random digits that contain no forbidden string."""
    while True:
        length = rng.integers(1, longest + 1)
        digits = "".join(map(str, rng.integers(10, size=length)))
        if not any(test in digits for test in forbidden):
            return digits


if __name__ == "__main__":
    text = "\n".join(map(in_words, draw_test_strings()))
    TEST_FILE.write_text(text + "\n", encoding="utf-8")
