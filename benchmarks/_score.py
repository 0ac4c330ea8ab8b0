"""Scores of what a recogniser heard: words and digits, edit distance, bootstrap intervals."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

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
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ABBREVIATIONS = {"dr": "doctor", "mr": "mister", "mrs": "missus", "st": "saint"}


@dataclass(frozen=True)
class Heard:
    """One utterance's score: `errors` is S + D + I against `length` reference words."""

    errors: int
    length: int


def spoken_digits(text: str) -> list[str]:
    """Read the digits in a transcript: "3,14", "three-one four" and "three won for" are 3 1 4.

    Any other word stands as one wrong symbol, so that it costs as much as a wrong digit.
    """
    tokens = re.findall(r"\d|[^\W\d_]+", text.lower())
    return [token if token.isdecimal() else _DIGITS.get(token, _OTHER_WORD) for token in tokens]


def words(text: str) -> list[str]:
    """Split a text into lower-case words without punctuation, titles and numbers spelled out."""
    together = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("\u2019", "'"))
    found = (word.strip("'_") for word in re.sub(r"[^\w\s']", " ", together).split())
    return [part for word in found if word for part in _written_out(word)]


def spell(number: int) -> list[str]:
    """Spell a number below 10 000 in words; 1100 to 1999 as years are read."""
    if number < 10:
        return [DIGIT_WORDS[number]]
    if number < 20:
        return [_TEENS[number - 10]]
    if number < 100:
        return [_TENS[number // 10 - 2], *(spell(number % 10) if number % 10 else [])]
    if 1100 <= number < 2000 and number % 100:
        rest = number % 100
        return [*spell(number // 100), *(["oh"] if rest < 10 else []), *spell(rest)]
    unit, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    return [*spell(number // unit), name, *(spell(number % unit) if number % unit else [])]


def _written_out(word: str) -> list[str]:
    if word.isdecimal() and len(word) <= 4:
        return spell(int(word))
    return [_ABBREVIATIONS.get(word, word)]


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Count the fewest substitutions, deletions and insertions between two sequences."""
    row = list(range(len(heard) + 1))
    for done, expected in enumerate(reference, 1):
        above, row = row, [done]
        for column, actual in enumerate(heard, 1):
            swap = above[column - 1] + (expected != actual)
            row.append(min(above[column] + 1, row[-1] + 1, swap))
    return row[-1]


def compare(reference: Sequence[str], heard: Sequence[str]) -> Heard:
    """Score one utterance."""
    return Heard(edits(reference, heard), len(reference))


def error_rate(scores: Sequence[Heard]) -> float:
    """Return all errors over all reference words; ValueError if there are none."""
    length = sum(score.length for score in scores)
    if length == 0:
        raise ValueError("error rate: no reference words; give at least one utterance")
    return sum(score.errors for score in scores) / length


def interval(
    scores: Sequence[Heard], *, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Bootstrap an interval of the error rate over utterances (percentile method)."""
    rng = random.Random(seed)
    rates = sorted(error_rate(rng.choices(scores, k=len(scores))) for _ in range(draws))
    tail = int(draws * (1 - level) / 2)
    return rates[tail], rates[draws - 1 - tail]
