"""Digits as recognisers write them down, and how many are wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sled_infer.evaluation import Estimate, Judge, WordErrors, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

# The fairer test of single words without a sentence around them: the recogniser is told.
PROMPTED = Judge(
    "whisper-prompted",
    "Whisper tiny.en, told to expect digits",
    "text",
    "hear_whisper.py",
    ("--prompt", "three one four, nine zero two seven, eight five six"),
)

# Words that sound exactly like a digit: a recogniser cannot tell them apart.
_HOMOPHONES = {
    "ate": "8",
    "for": "4",
    "fore": "4",
    "nein": "9",
    "o": "0",
    "oh": "0",
    "to": "2",
    "too": "2",
    "won": "1",
}
_DIGITS = {word: str(digit) for digit, word in enumerate(DIGIT_WORDS)} | _HOMOPHONES
_OTHER_WORD = "x"


def spoken_digits(text: str) -> list[str]:
    """Read the digits in a transcript: "3,14", "three-one four" and "three won for" are 3 1 4.

    Any other word stands as one wrong symbol, so that it costs as much as a wrong digit.
    """
    tokens = re.findall(r"\d|[^\W\d_]+", text.lower())
    return [token if token.isdecimal() else _DIGITS.get(token, _OTHER_WORD) for token in tokens]


def read_digits(texts: Iterable[str]) -> dict[str, list[str]]:
    """Give the digits of each transcript."""
    return {text: spoken_digits(text) for text in texts}


def error_rate(scores: Sequence[WordErrors]) -> Estimate:
    """Return all errors over all that was to be said."""
    found = ratio([score.total for score in scores], [score.length for score in scores])
    if found is None:
        raise ValueError("error rate: nothing was to be said; give at least one utterance")
    return found
